//! A processor's part in a conducted machine: where it was left.

use super::super::player::idle_loop;
use super::super::playing::set_current_thread;
use super::super::processor::Processor;
use super::super::system::System;
use super::super::thread::{Suspension, Thread};
use crate::trap::{PreparedThread, prepare_thread};
use netadapter_abi::nt::DISPATCH_LEVEL;
use parking_lot::Mutex;
use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

/// When a processor can go on.
pub(super) enum Readiness {
    /// At once.
    Now,
    /// At once, but it only looks whether others have done something.
    Idle,
    /// From this time on.
    At(u64),
    /// When something comes for it.
    Never,
}

/// Where a processor was left.
#[derive(Default)]
enum Position {
    /// No thread is on it.
    #[default]
    Vacant,
    /// So many times in a row a thread gave way that has nothing to do.
    Yielding(usize),
    /// In the middle of a thread.
    Within(Arc<Thread>),
    /// In the middle of a thread that tries the same again and again.
    Spinning(Arc<Thread>),
    /// In the middle of a thread that does nothing until this time.
    Stalled(Arc<Thread>, u64),
}

/// The part of one processor.
#[derive(Default)]
pub(in super::super) struct Part {
    position: Mutex<Position>,
    idle: OnceLock<Arc<Thread>>,
}

thread_local! {
    static FAULT_STACK: OnceCell<PreparedThread> = const { OnceCell::new() };
}

/// Gives the calling operating-system thread what one needs that runs driver code.
pub(super) fn prepare_host_thread() {
    FAULT_STACK.with(|stack| {
        stack.get_or_init(|| prepare_thread().expect("memory for a fault stack"));
    });
}

impl Part {
    /// When the processor can go on, and when its first interrupt or DPC can be taken.
    pub(super) fn readiness(&self, processor: &Processor, now_ns: u64) -> (Readiness, Option<u64>) {
        let pending_ns = processor.pending_due_ns();
        let is_interrupted = pending_ns.is_some_and(|due_ns| due_ns <= now_ns);
        let readiness = match &*self.position.lock() {
            Position::Within(_) => Readiness::Now,
            Position::Spinning(_) => Readiness::Idle,
            _ if is_interrupted => Readiness::Now,
            Position::Stalled(_, until_ns) => Readiness::At(*until_ns),
            Position::Vacant => match processor.ready_threads() {
                0 => pending_ns.map_or(Readiness::Never, Readiness::At),
                _ => Readiness::Now,
            },
            Position::Yielding(times) if *times < processor.ready_threads() => Readiness::Now,
            Position::Yielding(_) => Readiness::Idle,
        };
        (readiness, pending_ns)
    }

    /// Goes on until the next point at which the processor is left; whether that brought anything
    /// forward. A thread below DISPATCH_LEVEL gives way to another ready one if it is preempted.
    ///
    /// The caller plays the processor.
    pub(super) fn turn(&self, processor: &Processor, system: &System, preempts: bool) -> bool {
        let before = std::mem::take(&mut *self.position.lock());
        let yields = match &before {
            Position::Yielding(times) => *times,
            _ => 0,
        };
        let Some(thread) = self.take_thread(processor, before, preempts) else {
            return false;
        };
        let suspension = thread.resume();
        let position = match suspension {
            Suspension::Preempted => Position::Within(thread),
            Suspension::Spinning => Position::Spinning(thread),
            Suspension::Stalled(until_ns) => Position::Stalled(thread, until_ns),
            _ => {
                processor.end(&thread);
                processor.put_away(system, thread, suspension);
                match suspension {
                    Suspension::Fruitless => Position::Yielding(yields + 1),
                    _ => Position::Vacant,
                }
            }
        };
        set_current_thread(None);
        *self.position.lock() = position;
        !matches!(suspension, Suspension::Fruitless | Suspension::Spinning)
    }

    /// The thread that runs next, put on the processor.
    fn take_thread(
        &self,
        processor: &Processor,
        before: Position,
        preempts: bool,
    ) -> Option<Arc<Thread>> {
        match before {
            Position::Within(thread) if preempts && self.gives_way(processor, &thread) => {
                processor.end(&thread);
                processor.post_thread(thread);
            }
            Position::Within(thread)
            | Position::Spinning(thread)
            | Position::Stalled(thread, _) => {
                processor.enter(&thread);
                return Some(thread);
            }
            Position::Vacant | Position::Yielding(_) => {}
        }
        let thread = if processor.is_interrupted() {
            self.idle(processor)
        } else {
            processor.take_ready()?
        };
        processor.begin(&thread);
        Some(thread)
    }

    fn gives_way(&self, processor: &Processor, thread: &Arc<Thread>) -> bool {
        let is_idle = self
            .idle
            .get()
            .is_some_and(|idle| Arc::ptr_eq(idle, thread));
        !is_idle && processor.irql() < DISPATCH_LEVEL && processor.ready_threads() > 0
    }

    fn idle(&self, processor: &Processor) -> Arc<Thread> {
        let make = || Thread::new("idle", processor.index(), idle_loop);
        self.idle.get_or_init(make).clone()
    }
}
