//! A machine that cannot go on: who waits for what, and where.

use super::super::finding::Finding;
use super::super::playing::{play_as, set_current_thread};
use super::super::rules;
use super::super::system::System;
use super::super::thread::Thread;
use super::{Awaited, Conductor};
use crate::verifier::Rule;
use std::fmt;
use std::sync::Arc;

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("runs"),
            Self::Event => f.write_str("waits for an event"),
            Self::EventOrTime => f.write_str("waits for an event or a time"),
            Self::SpinLock { holder } => {
                write!(f, "spins for a spin lock that processor {holder} holds")
            }
        }
    }
}

impl Conductor {
    /// Stops the machine, in which the thread `wanted` did not get to its end: nothing can run.
    pub(in super::super) fn stop_deadlocked(&self, system: &System, wanted: &str) {
        let detail = format!("nothing can run any more, and {wanted} has not ended");
        self.stop(system, &rules::DEADLOCK, detail, wanted);
    }

    /// As above, but some run without end.
    pub(in super::super) fn stop_livelocked(&self, system: &System, wanted: &str) {
        let detail = format!("nothing is brought forward any more, and {wanted} has not ended");
        self.stop(system, &rules::LIVELOCK, detail, wanted);
    }

    fn stop(&self, system: &System, rule: &Rule, mut detail: String, wanted: &str) {
        let threads: Vec<Arc<Thread>> = self
            .threads
            .lock()
            .iter()
            .filter_map(std::sync::Weak::upgrade)
            .filter(|thread| !thread.has_ended())
            .collect();
        let mut call_site = Vec::new();
        let mut place = (0, 0);
        for thread in threads {
            let index = thread.processor_index();
            let lines = self.explain(&thread);
            let where_ = lines
                .first()
                .map_or_else(String::new, |line| format!(" at {line}"));
            detail += &format!(
                "\n  thread \"{}\" on processor {index} {}{where_}",
                thread.name(),
                thread.awaited()
            );
            if call_site.is_empty() && (thread.name() == wanted || !lines.is_empty()) {
                place = (index, thread.saved_irql());
                call_site = lines;
            }
        }
        system.stop(Some(Finding {
            rule: rule.name,
            page: rule.page,
            detail,
            processor: place.0,
            irql: place.1,
            call_site,
        }));
    }

    /// Where in the driver a thread is that has left its processor: it looks itself, and leaves
    /// again.
    fn explain(&self, thread: &Arc<Thread>) -> Vec<String> {
        let index = thread.processor_index();
        let processors = self.processors.lock().clone();
        let home = processors
            .into_iter()
            .find(|(processor, _)| processor.index() == index);
        let Some((processor, _)) = home.filter(|_| thread.has_begun()) else {
            return Vec::new();
        };
        play_as(home);
        processor.enter(thread);
        thread.ask_where(true);
        thread.resume();
        thread.ask_where(false);
        set_current_thread(None);
        play_as(None);
        thread.take_place()
    }
}
