//! System threads: coroutines that a processor switches between.

use super::conductor::{Awaited, Outcome};
use super::event::{Event, EventKind};
use super::finding::violation;
use super::playing::{current_thread, processor, with_current_thread};
use super::rules;
use super::system::{System, system};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use netadapter_abi::nt::{DISPATCH_LEVEL, KIRQL, PASSIVE_LEVEL};
use std::cell::{Cell, UnsafeCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Bytes of stack a thread has. Windows gives 24 KiB; the host's own frames need more.
const STACK_BYTES: usize = 512 * 1024;

/// How often a thread outside of the machine looks whether the machine has stopped.
const STOP_POLL: Duration = Duration::from_millis(5);

/// Where objects of threads seem to lie: no pointer of a process is so high.
const THREAD_OBJECTS: usize = 0xFFFF_9000_0000_0000;

/// The same for the threads that processors are idle in.
const IDLE_OBJECTS: usize = 0xFFFF_9100_0000_0000;

/// From one object to the next.
const OBJECT_BYTES: usize = 0x1000;

/// Numbers the threads of a machine.
#[derive(Default)]
struct ThreadObjects {
    last: AtomicUsize,
}

/// The address that stands for the object of a thread which is about to be made, for
/// [`spawn_as`]. No other thread of the machine has or had it.
pub(crate) fn new_thread_object(system: &System) -> usize {
    let threads = system.subsystem::<ThreadObjects>();
    THREAD_OBJECTS + OBJECT_BYTES * (1 + threads.last.fetch_add(1, Ordering::Relaxed))
}

/// Why a thread left the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspension {
    /// It waits for someone to make it ready.
    Waiting,
    /// It is still ready.
    Yielded,
    /// It is still ready, and can do nothing before others have done something.
    Fruitless,
    /// It is ready, on the processor with this index.
    Moved(u32),
    /// Its routine returned.
    Ended,
    /// The machine has stopped: it never runs again.
    Halted,
    /// The conductor lets others run; the processor stays in the middle of the thread.
    Preempted,
    /// As `Preempted`, and the thread tries the same again when it goes on.
    Spinning,
    /// As `Preempted`, until this time.
    Stalled(u64),
}

type Fiber = Coroutine<(), Suspension, ()>;

/// A system thread.
///
/// # Invariants
/// The cells are touched only by the operating-system thread that plays the processor `processor`,
/// and a thread is in at most one ready queue at a time.
pub struct Thread {
    name: &'static str,
    /// See [`Thread::object`].
    object: AtomicUsize,
    /// Critical regions that the thread is in. Only the thread itself changes it.
    critical_regions: AtomicU32,
    processor: AtomicU32,
    fiber: UnsafeCell<Option<Fiber>>,
    yielder: Cell<*const Yielder<(), Suspension>>,
    irql: Cell<KIRQL>,
    ended: Event,
    /// What keeps it from going on, for findings.
    awaited: Cell<Awaited>,
    /// Whether it is to say where in the driver it is, and what it said.
    asked_where: Cell<bool>,
    place: Cell<Vec<String>>,
}

// SAFETY: see the invariants of the type: the unsynchronised parts have one user at a time, and
// being passed on through a ready queue orders the users.
unsafe impl Send for Thread {}
// SAFETY: as above.
unsafe impl Sync for Thread {}

impl Thread {
    pub(super) fn new(
        name: &'static str,
        processor: u32,
        routine: impl FnOnce() + Send + 'static,
    ) -> Arc<Self> {
        let thread = Arc::new(Self {
            name,
            object: AtomicUsize::new(IDLE_OBJECTS + OBJECT_BYTES * processor as usize),
            critical_regions: AtomicU32::new(0),
            processor: AtomicU32::new(processor),
            fiber: UnsafeCell::new(None),
            yielder: Cell::new(std::ptr::null()),
            irql: Cell::new(PASSIVE_LEVEL),
            ended: Event::new(EventKind::Notification, false),
            awaited: Cell::new(Awaited::Nothing),
            asked_where: Cell::new(false),
            place: Cell::default(),
        });
        let stack = DefaultStack::new(STACK_BYTES).expect("address space for a thread's stack");
        let weak = Arc::downgrade(&thread);
        let fiber = Coroutine::with_stack(stack, move |yielder: &Yielder<(), Suspension>, ()| {
            if let Some(this) = weak.upgrade() {
                this.yielder.set(yielder);
            }
            routine();
            if let Some(this) = weak.upgrade() {
                this.ended.set();
            }
        });
        // SAFETY: the thread is not shared yet.
        unsafe { *thread.fiber.get() = Some(fiber) };
        thread
    }

    /// The thread's name, for findings.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The address that stands for the thread's object. Nothing lies there: touching it is caught.
    pub fn object(&self) -> usize {
        self.object.load(Ordering::Relaxed)
    }

    pub(super) fn processor_index(&self) -> u32 {
        self.processor.load(Ordering::Acquire)
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.yielder.get().is_null()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_set()
    }

    pub(super) fn await_(&self, awaited: Awaited) {
        self.awaited.set(awaited);
    }

    pub(super) fn awaited(&self) -> Awaited {
        self.awaited.get()
    }

    /// Makes the thread, when it is resumed, only look where in the driver it is.
    pub(super) fn ask_where(&self, ask: bool) {
        self.asked_where.set(ask);
    }

    /// The answer.
    pub(super) fn take_place(&self) -> Vec<String> {
        self.place.take()
    }

    /// Waits until the thread's routine has returned.
    ///
    /// IRQL: below DISPATCH_LEVEL, on a processor.
    pub fn join(&self) {
        self.ended.wait();
    }

    pub(super) fn make_ready(self: Arc<Self>, system: &System) {
        let index = self.processor.load(Ordering::Acquire);
        let processor = system.topology().processor(index);
        processor
            .expect("threads live on processors that exist")
            .post_thread(self);
    }

    pub(super) fn saved_irql(&self) -> KIRQL {
        self.irql.get()
    }

    pub(super) fn save_irql(&self, irql: KIRQL) {
        self.irql.set(irql);
    }

    pub(super) fn resume(&self) -> Suspension {
        // SAFETY: by the type's invariants no one else touches the fiber now.
        let fiber = unsafe { &mut *self.fiber.get() };
        match fiber
            .as_mut()
            .expect("an ended thread is never ready")
            .resume(())
        {
            CoroutineResult::Yield(suspension) => suspension,
            CoroutineResult::Return(()) => {
                *fiber = None;
                Suspension::Ended
            }
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(mut fiber) = self.fiber.get_mut().take() {
            // SAFETY: the frames of a thread that never ran to its end are abandoned on purpose:
            // driver frames cannot be unwound, and the machine that they belong to has stopped.
            unsafe { fiber.force_reset() };
        }
    }
}

/// Leaves the processor; returns when the thread runs again.
pub(super) fn suspend(suspension: Suspension) {
    let thread = Arc::as_ptr(&current_thread());
    // SAFETY: whoever plays the processor keeps the running thread, and nobody drops one that has
    // left in the middle.
    let thread = unsafe { &*thread };
    // SAFETY: a running thread's yielder lives on the stack of its own fiber.
    let yielder = unsafe { &*thread.yielder.get() };
    yielder.suspend(suspension);
    while thread.asked_where.get() {
        thread.place.set(system().driver_call_site());
        yielder.suspend(suspension);
    }
}

/// Leaves the processor for good: the machine has stopped.
pub(super) fn halt() -> ! {
    loop {
        suspend(Suspension::Halted);
    }
}

/// Ends the current thread, whose routine does not return.
///
/// IRQL: PASSIVE_LEVEL.
pub(crate) fn exit_thread() -> ! {
    current_thread().ended.set();
    loop {
        suspend(Suspension::Ended);
    }
}

/// Gives way to other ready threads of this processor.
///
/// IRQL: below DISPATCH_LEVEL.
pub fn yield_now() {
    processor().serve();
    suspend(Suspension::Yielded);
}

/// As [`yield_now`], for a thread that has found nothing to do and will look again.
///
/// IRQL: below DISPATCH_LEVEL.
pub fn yield_to_others() {
    processor().serve();
    suspend(Suspension::Fruitless);
}

/// Moves the current thread to another processor.
///
/// IRQL: below DISPATCH_LEVEL.
pub(crate) fn migrate(index: u32) {
    if processor().index() != index {
        current_thread().processor.store(index, Ordering::Release);
        suspend(Suspension::Moved(index));
    }
}

/// The critical regions that the current thread is in.
///
/// # Panics
/// If the calling operating-system thread plays no processor.
pub(crate) fn apcs_disabled() -> u32 {
    with_current_thread(|thread| thread.critical_regions.load(Ordering::Relaxed))
}

/// The current thread enters a critical region: normal kernel APCs wait.
pub(crate) fn disable_apcs() {
    with_current_thread(|thread| thread.critical_regions.fetch_add(1, Ordering::Relaxed));
}

/// The current thread leaves a critical region; whether it was in one.
pub(crate) fn enable_apcs() -> bool {
    with_current_thread(|thread| {
        let before = thread.critical_regions.load(Ordering::Relaxed);
        let after = before.saturating_sub(1);
        thread.critical_regions.store(after, Ordering::Relaxed);
        before > 0
    })
}

pub(super) fn require_waitable() {
    let irql = processor().irql();
    if irql >= DISPATCH_LEVEL {
        violation(
            &rules::WAIT_AT_DISPATCH,
            format!("a thread waits at IRQL {irql}"),
        );
    }
}

/// Starts a system thread on the processor with index `processor`.
pub fn spawn(
    system: &System,
    name: &'static str,
    processor: u32,
    routine: impl FnOnce() + Send + 'static,
) -> Arc<Thread> {
    spawn_as(system, new_thread_object(system), name, processor, routine)
}

/// As [`spawn`], for a thread whose object is known already.
pub(crate) fn spawn_as(
    system: &System,
    object: usize,
    name: &'static str,
    processor: u32,
    routine: impl FnOnce() + Send + 'static,
) -> Arc<Thread> {
    let thread = Thread::new(name, processor, routine);
    thread.object.store(object, Ordering::Relaxed);
    if let Some(conductor) = system.conductor() {
        conductor.add_thread(&thread);
    }
    thread.clone().make_ready(system);
    thread
}

/// Runs `work` on a system thread at PASSIVE_LEVEL of processor 0 and returns its result, or
/// nothing if the machine stopped before.
pub fn run_passive<T: Send + 'static>(
    system: &System,
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = std::sync::mpsc::channel();
    spawn(system, name, 0, move || {
        // The receiver is gone only when the machine has stopped.
        let _ = sender.send(work());
    });
    if let Some(conductor) = system.conductor() {
        return match conductor.conduct(system, || receiver.try_recv().ok()) {
            Outcome::Done(result) => Some(result),
            Outcome::Stopped => receiver.try_recv().ok(),
            Outcome::Standstill => {
                conductor.stop_deadlocked(system, name);
                None
            }
            Outcome::Livelock => {
                conductor.stop_livelocked(system, name);
                None
            }
        };
    }
    loop {
        match receiver.recv_timeout(STOP_POLL) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Timeout) if !system.is_stopped() => {}
            Err(_) => return receiver.try_recv().ok(),
        }
    }
}
