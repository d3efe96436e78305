//! One simulated processor: IRQL, pending interrupts and DPCs, ready threads, and the loop of the
//! operating-system thread that plays it.

use super::callbacks::CallbackCounts;
use super::dpc::DpcEntry;
use super::interrupt::Interrupt;
use super::system::System;
use super::thread::{Suspension, Thread};
use crate::trap::ProcessorBlock;
use crossbeam_utils::CachePadded;
use netadapter_abi::nt::{DISPATCH_LEVEL, KIRQL, PASSIVE_LEVEL, PROCESSOR_NUMBER};
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What a processor has done so far.
#[derive(Default)]
pub struct ProcessorCounters {
    /// DPC routines run.
    pub dpcs: AtomicU64,
    /// Interrupt service routines run.
    pub interrupts: AtomicU64,
    /// Threads switched to.
    pub switches: AtomicU64,
    pub(super) callbacks: CallbackCounts,
}

/// One processor of the machine.
///
/// # Invariants
/// `current` and `irql` are written only by the processor's own operating-system thread.
pub struct Processor {
    index: u32,
    number: PROCESSOR_NUMBER,
    node: u16,
    irql: AtomicU8,
    /// Whether maskable interrupts come through: what `cli` and `sti` change.
    interrupts_enabled: AtomicBool,
    /// What `gs:` leads to.
    block: ProcessorBlock,
    active: AtomicBool,
    interrupts: Mutex<VecDeque<Arc<Interrupt>>>,
    dpcs: Mutex<VecDeque<DpcEntry>>,
    ready: Mutex<VecDeque<Arc<Thread>>>,
    host_thread: OnceLock<std::thread::Thread>,
    cpu_clock: OnceLock<libc::clockid_t>,
    counters: CachePadded<ProcessorCounters>,
}

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
    current_thread().object()
}

impl Processor {
    pub(super) fn new(index: u32, number: PROCESSOR_NUMBER, node: u16) -> Self {
        Self {
            index,
            number,
            node,
            irql: AtomicU8::new(PASSIVE_LEVEL),
            interrupts_enabled: AtomicBool::new(true),
            block: ProcessorBlock::new(index, number.Number)
                .expect("address space for a processor block"),
            active: AtomicBool::new(false),
            interrupts: Mutex::default(),
            dpcs: Mutex::default(),
            ready: Mutex::default(),
            host_thread: OnceLock::new(),
            cpu_clock: OnceLock::new(),
            counters: CachePadded::default(),
        }
    }

    /// The system-wide index.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Group and number within the group.
    pub fn number(&self) -> PROCESSOR_NUMBER {
        self.number
    }

    /// The NUMA node.
    pub fn node(&self) -> u16 {
        self.node
    }

    /// Whether the scheduler uses the processor.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(super) fn set_active(&self) {
        self.active.store(true, Ordering::Release);
    }

    /// The current IRQL.
    pub fn irql(&self) -> KIRQL {
        self.irql.load(Ordering::Relaxed)
    }

    /// Counters of this processor.
    pub fn counters(&self) -> &ProcessorCounters {
        &self.counters
    }

    /// Processor time that the playing thread has used, in nanoseconds.
    pub fn busy_ns(&self) -> u64 {
        let Some(&clock) = self.cpu_clock.get() else {
            return 0;
        };
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` is valid for the write; a clock of an ended thread only fails the call.
        unsafe { libc::clock_gettime(clock, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    /// Raises the IRQL and returns the old one.
    ///
    /// IRQL: at most `new`. The caller is on this processor.
    pub fn raise_irql(&self, new: KIRQL) -> KIRQL {
        let old = self.irql.swap(new, Ordering::Relaxed);
        debug_assert!(old <= new, "IRQL raised from {old} to {new}");
        old
    }

    /// Lowers the IRQL, then serves what had to wait for it.
    ///
    /// IRQL: at least `new`. The caller is on this processor.
    pub fn lower_irql(&self, new: KIRQL) {
        self.irql.store(new, Ordering::Relaxed);
        if new <= DISPATCH_LEVEL {
            self.serve();
        }
    }

    /// Lowers the IRQL without serving what waits: the caller does that itself.
    pub(super) fn restore_irql(&self, old: KIRQL) {
        self.irql.store(old, Ordering::Relaxed);
    }

    /// Whether maskable interrupts come through.
    pub(crate) fn are_interrupts_enabled(&self) -> bool {
        self.interrupts_enabled.load(Ordering::Relaxed)
    }

    /// Lets maskable interrupts come through, or not; what had to wait for it is served.
    ///
    /// The caller is on this processor.
    pub(crate) fn enable_interrupts(&self, enabled: bool) {
        self.interrupts_enabled.store(enabled, Ordering::Relaxed);
        if enabled {
            self.serve();
        }
    }

    /// Makes the processor look at its queues.
    pub(super) fn wake(&self) {
        if let Some(thread) = self.host_thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn post_interrupt(&self, interrupt: Arc<Interrupt>) {
        self.interrupts.lock().push_back(interrupt);
        self.wake();
    }

    pub(super) fn post_dpc(&self, dpc: DpcEntry, at_head: bool) {
        let mut dpcs = self.dpcs.lock();
        if at_head {
            dpcs.push_front(dpc);
        } else {
            dpcs.push_back(dpc);
        }
        drop(dpcs);
        self.wake();
    }

    /// Takes a queued kernel DPC out of the queue; whether it was there.
    pub(super) fn withdraw_dpc(&self, wanted: usize) -> bool {
        let mut dpcs = self.dpcs.lock();
        let before = dpcs.len();
        dpcs.retain(|dpc| dpc.kernel_address() != Some(wanted));
        dpcs.len() != before
    }

    pub(super) fn post_thread(&self, thread: Arc<Thread>) {
        self.ready.lock().push_back(thread);
        self.wake();
    }

    /// Runs pending interrupts and, below DISPATCH_LEVEL, pending DPCs on the caller's stack.
    ///
    /// The caller is on this processor.
    pub fn serve(&self) {
        while self.are_interrupts_enabled() {
            let irql = self.irql();
            if let Some(interrupt) = self.take_interrupt(irql) {
                self.counters.interrupts.fetch_add(1, Ordering::Relaxed);
                interrupt.service(self);
                continue;
            }
            if irql >= DISPATCH_LEVEL {
                return;
            }
            let Some(dpc) = self.dpcs.lock().pop_front() else {
                return;
            };
            self.irql.store(DISPATCH_LEVEL, Ordering::Relaxed);
            self.counters.dpcs.fetch_add(1, Ordering::Relaxed);
            dpc.run();
            self.irql.store(irql, Ordering::Relaxed);
        }
    }

    fn take_interrupt(&self, irql: KIRQL) -> Option<Arc<Interrupt>> {
        let mut interrupts = self.interrupts.lock();
        let position = interrupts
            .iter()
            .position(|interrupt| interrupt.irql() > irql)?;
        interrupts.remove(position)
    }

    fn has_pending(&self) -> bool {
        !self.interrupts.lock().is_empty() || !self.dpcs.lock().is_empty()
    }

    /// Starts the operating-system thread that plays this processor.
    pub(super) fn power_on(
        &'static self,
        system: &'static System,
    ) -> std::io::Result<std::thread::JoinHandle<()>> {
        let (ready, started) = std::sync::mpsc::channel();
        let handle = std::thread::Builder::new()
            .name(format!("processor {}", self.index))
            .spawn(move || {
                self.host_thread
                    .set(std::thread::current())
                    .expect("a processor starts once");
                self.cpu_clock
                    .set(thread_cpu_clock())
                    .expect("a processor starts once");
                pin_to_core(self.index);
                let _fault_stack = crate::trap::prepare_thread().expect("memory for a fault stack");
                PLAYED.set(Some((self, system)));
                ready.send(()).expect("the starter waits");
                self.run(system);
            })?;
        started
            .recv()
            .expect("the processor thread reports once it runs");
        Ok(handle)
    }

    fn run(&self, system: &System) {
        let idle = Thread::new("idle", self.index, idle_loop);
        while !system.is_stopped() {
            if self.has_pending() {
                self.switch_to(&idle);
                continue;
            }
            let next = self.ready.lock().pop_front();
            match next {
                Some(thread) => self.dispatch(system, thread),
                None => std::thread::park(),
            }
        }
    }

    fn dispatch(&self, system: &System, thread: Arc<Thread>) {
        match self.switch_to(&thread) {
            Suspension::Yielded => self.post_thread(thread),
            Suspension::Moved(index) => match system.topology().processor(index) {
                Some(target) => target.post_thread(thread),
                None => self.post_thread(thread),
            },
            Suspension::Waiting | Suspension::Ended | Suspension::Halted => {}
        }
    }

    fn switch_to(&self, thread: &Arc<Thread>) -> Suspension {
        self.counters.switches.fetch_add(1, Ordering::Relaxed);
        CURRENT.set(Some(thread.clone()));
        self.block.select(thread.object());
        self.irql.store(thread.saved_irql(), Ordering::Relaxed);
        let suspension = thread.resume();
        thread.save_irql(self.irql());
        self.irql.store(PASSIVE_LEVEL, Ordering::Relaxed);
        CURRENT.set(None);
        suspension
    }
}

fn idle_loop() {
    loop {
        processor().serve();
        super::thread::suspend(Suspension::Waiting);
    }
}

fn thread_cpu_clock() -> libc::clockid_t {
    let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
    // SAFETY: the handle is that of the running thread.
    let this = unsafe { libc::pthread_self() };
    // SAFETY: `clock` is valid for the write and `this` is a live thread.
    unsafe { libc::pthread_getcpuclockid(this, &mut clock) };
    clock
}

/// Pins the calling thread to one of the cores it may use, by processor index.
fn pin_to_core(index: u32) {
    // SAFETY: an all-zero CPU set is a valid, empty one.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: `allowed` is valid for a write of `size` bytes.
    if unsafe { libc::sched_getaffinity(0, size, &mut allowed) } != 0 {
        return;
    }
    let cores: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        // SAFETY: every index is below CPU_SETSIZE.
        .filter(|&core| unsafe { libc::CPU_ISSET(core, &allowed) })
        .collect();
    let Some(&core) = cores.get(index as usize % cores.len().max(1)) else {
        return;
    };
    // SAFETY: an all-zero CPU set is a valid, empty one.
    let mut wanted: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `core` is below CPU_SETSIZE.
    unsafe { libc::CPU_SET(core, &mut wanted) };
    // SAFETY: `wanted` is valid for a read of `size` bytes. Failure leaves the thread unpinned.
    unsafe { libc::sched_setaffinity(0, size, &wanted) };
}
