//! Frames that the stack keeps for a while: their buffers come back later, in any order, and all
//! of them before the queue is cancelled.

use super::buffers::Buffer;
use crate::executive::{Event, EventKind};
use crate::netcx::rules;
use crate::netcx::verifier::Broken;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A frame that the stack has.
pub(super) struct Kept {
    buffers: Vec<Buffer>,
    /// Where its parts lie, and how long they are.
    parts: Vec<(usize, usize)>,
    /// Its bytes when it was received.
    bytes: Vec<u8>,
}

impl Kept {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self {
            buffers: Vec::new(),
            parts: Vec::new(),
            bytes: bytes.to_vec(),
        }
    }

    /// Adds the next part and its buffer.
    pub(super) fn push(&mut self, part: &[u8], buffer: Buffer) {
        self.parts.push((part.as_ptr() as usize, part.len()));
        self.buffers.push(buffer);
    }

    pub(super) fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The frame is as it was received.
    ///
    /// # Errors
    /// The rule that driver or device broke.
    pub(super) fn check(&self) -> Result<(), Broken> {
        let mut bytes = self.bytes.as_slice();
        for &(address, length) in &self.parts {
            // SAFETY: the buffers of a kept frame stay where they are until they are given back.
            let part = unsafe { std::slice::from_raw_parts(address as *const u8, length) };
            let (expected, rest) = bytes.split_at(length);
            if part != expected {
                return Err(Broken {
                    rule: &rules::RECEIVE_BUFFER_WRITTEN_WHILE_KEPT,
                    detail: format!(
                        "a received frame of {} bytes changed while the stack had it",
                        self.bytes.len()
                    ),
                });
            }
            bytes = rest;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Frames {
    /// The stack has them.
    kept: Vec<Kept>,
    /// The stack is done with them; the queue has not taken them back.
    returned: Vec<Kept>,
}

/// The frames of one queue that the stack keeps.
pub(in crate::netcx) struct KeptFrames {
    frames: Mutex<Frames>,
    /// Whether `returned` may hold something.
    any_returned: AtomicBool,
    all_back: Event,
}

impl Default for KeptFrames {
    fn default() -> Self {
        Self {
            frames: Mutex::default(),
            any_returned: AtomicBool::new(false),
            all_back: Event::new(EventKind::Notification, true),
        }
    }
}

impl KeptFrames {
    /// The stack keeps a frame. If it has too many then, it returns the one at `choice`, counted
    /// around.
    pub(super) fn keep(&self, frame: Kept, at_most: u32, choice: u32) {
        let mut frames = self.frames.lock();
        frames.kept.push(frame);
        self.all_back.clear();
        if frames.kept.len() > at_most as usize {
            let position = choice as usize % frames.kept.len();
            let frame = frames.kept.swap_remove(position);
            frames.returned.push(frame);
            self.any_returned.store(true, Ordering::Release);
        }
    }

    /// The stack returns everything; whether there was anything.
    pub(in crate::netcx) fn return_all(&self) -> bool {
        let mut frames = self.frames.lock();
        let frames = &mut *frames;
        frames.returned.append(&mut frames.kept);
        let any = !frames.returned.is_empty();
        self.any_returned.store(any, Ordering::Release);
        any
    }

    /// What was returned since the last call.
    pub(super) fn take_returned(&self) -> Vec<Kept> {
        if !self.any_returned.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut self.frames.lock().returned)
    }

    /// The queue has taken back what was returned.
    pub(super) fn note_taken(&self) {
        let frames = self.frames.lock();
        if frames.kept.is_empty() && frames.returned.is_empty() {
            self.all_back.set();
        }
    }

    /// Waits until every frame is back.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(in crate::netcx) fn wait(&self) {
        self.all_back.wait();
    }
}
