//! How far a long trace has been read, on standard error, if somebody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Files below this are read before anybody could look.
const SHOWN_BYTES: u64 = 32 << 20;

/// Progress over all passes.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: u64,
}

impl Progress {
    /// How many events are read between two looks.
    pub const EVENTS: u64 = 1 << 16;

    /// Progress over `passes` passes over a file of `bytes`.
    pub fn new(bytes: u64, passes: u64) -> Self {
        let is_shown = bytes >= SHOWN_BYTES && std::io::stderr().is_terminal();
        let target = if is_shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(bytes.saturating_mul(passes)), target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, done: 0 }
    }

    /// Names what is done now.
    pub fn name(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    /// How far the pass has come.
    pub fn set(&mut self, progress: etl::Progress) {
        self.bar.set_position(self.done + progress.bytes_done);
    }

    /// A pass over a file of `bytes` is complete.
    pub fn pass(&mut self, bytes: u64) {
        self.done += bytes;
        self.bar.set_position(self.done);
    }

    /// Nothing more is read.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
