//! Which processor and which thread the caller runs on.

use super::processor::Processor;
use super::system::System;
use super::thread::Thread;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

thread_local! {
    /// The processor that this operating-system thread plays, and the machine it belongs to.
    static PLAYED: Cell<Option<(&'static Processor, &'static System)>> = const { Cell::new(None) };
    static CURRENT: RefCell<Option<Arc<Thread>>> = const { RefCell::new(None) };
}

/// The processor that the caller runs on.
///
/// The reference must not be kept over a wait: the thread may continue elsewhere.
///
/// # Panics
/// If the calling operating-system thread plays no processor.
#[inline(never)]
pub fn processor() -> &'static Processor {
    PLAYED
        .get()
        .expect("only code on a simulated processor asks for its processor")
        .0
}

/// Whether the caller runs on a simulated processor.
pub fn on_processor() -> bool {
    PLAYED.get().is_some()
}

/// From now on the calling operating-system thread plays `played`, or no processor.
pub(super) fn play_as(played: Option<(&'static Processor, &'static System)>) {
    PLAYED.set(played);
}

/// From now on `thread` runs on the played processor, or none.
pub(super) fn set_current_thread(thread: Option<Arc<Thread>>) {
    CURRENT.set(thread);
}

#[inline(never)]
pub(super) fn played_system() -> &'static System {
    PLAYED
        .get()
        .expect("only code on a simulated processor asks for its machine")
        .1
}

#[inline(never)]
pub(super) fn current_thread() -> Arc<Thread> {
    CURRENT
        .with_borrow(|thread| thread.clone())
        .expect("driver code runs on a thread")
}

/// Looks at the current thread without keeping it.
#[inline(never)]
pub(super) fn with_current_thread<T>(look: impl FnOnce(&Thread) -> T) -> T {
    CURRENT.with_borrow(|thread| look(thread.as_ref().expect("driver code runs on a thread")))
}

/// What tells the current thread from all others that live now.
///
/// # Panics
/// If the calling operating-system thread plays no processor.
pub fn current_thread_id() -> usize {
    Arc::as_ptr(&current_thread()) as usize
}

/// The address that stands for the current thread's object.
///
/// # Panics
/// If the calling operating-system thread plays no processor.
pub fn current_thread_object() -> usize {
    with_current_thread(Thread::object)
}
