//! One simulated processor: IRQL, pending interrupts and DPCs, ready threads.

use super::callbacks::CallbackCounts;
use super::conductor::{Conductor, Part};
use super::dpc::DpcEntry;
use super::interrupt::Interrupt;
use super::playing::{on_processor, processor, set_current_thread};
use super::system::System;
use super::thread::{Suspension, Thread};
use super::trace::TraceEvent;
use crate::trap::ProcessorBlock;
use crossbeam_utils::CachePadded;
use netadapter_abi::nt::{DISPATCH_LEVEL, KIRQL, PASSIVE_LEVEL, PROCESSOR_NUMBER};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// When the processor looks at its DPC queue if nobody asked it to.
const NEVER: u64 = u64::MAX;

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
/// `irql` is written only by the operating-system thread that plays the processor.
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
    /// With the time from which each can be taken; 0 on a free-running machine.
    interrupts: Mutex<VecDeque<(u64, Arc<Interrupt>)>>,
    dpcs: Mutex<VecDeque<DpcEntry>>,
    /// When the processor notices its DPC queue; used on a conducted machine only.
    dpcs_due_ns: AtomicU64,
    ready: Mutex<VecDeque<Arc<Thread>>>,
    pub(super) host_thread: OnceLock<std::thread::Thread>,
    pub(super) cpu_clock: OnceLock<libc::clockid_t>,
    counters: CachePadded<ProcessorCounters>,
    /// Who decides when the processor runs, on a conducted machine, and its part there.
    conductor: Option<&'static Conductor>,
    pub(super) part: Part,
}

impl Processor {
    pub(super) fn new(
        index: u32,
        number: PROCESSOR_NUMBER,
        node: u16,
        conductor: Option<&'static Conductor>,
    ) -> Self {
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
            dpcs_due_ns: AtomicU64::new(NEVER),
            ready: Mutex::default(),
            host_thread: OnceLock::new(),
            cpu_clock: OnceLock::new(),
            counters: CachePadded::default(),
            conductor,
            part: Part::default(),
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
        let due_ns = self.conductor.map_or(0, Conductor::interrupt_due_ns);
        self.interrupts.lock().push_back((due_ns, interrupt));
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
        if let Some(conductor) = self.conductor {
            // Another processor is told by an interrupt, which takes time.
            let is_own = on_processor() && std::ptr::eq(processor(), self);
            let due_ns = if is_own { 0 } else { conductor.dpc_due_ns() };
            self.dpcs_due_ns.fetch_min(due_ns, Ordering::Relaxed);
        }
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

    pub(super) fn take_ready(&self) -> Option<Arc<Thread>> {
        self.ready.lock().pop_front()
    }

    pub(super) fn ready_threads(&self) -> usize {
        self.ready.lock().len()
    }

    /// Runs pending interrupts and, below DISPATCH_LEVEL, pending DPCs on the caller's stack.
    ///
    /// The caller is on this processor.
    pub fn serve(&self) {
        loop {
            let now_ns = self.conductor.map_or(0, Conductor::point);
            if !self.are_interrupts_enabled() || !self.serve_one(now_ns) {
                return;
            }
        }
    }

    /// As [`Processor::serve`], on a conducted machine, without letting others run before.
    pub(super) fn serve_due(&self) {
        while self.are_interrupts_enabled()
            && self.serve_one(self.conductor.map_or(0, Conductor::now_ns))
        {}
    }

    /// Runs one pending interrupt or DPC that has arrived; whether there was one.
    #[inline]
    fn serve_one(&self, now_ns: u64) -> bool {
        let irql = self.irql();
        if let Some(interrupt) = self.take_interrupt(irql, now_ns) {
            self.counters.interrupts.fetch_add(1, Ordering::Relaxed);
            self.record(TraceEvent::Interrupt);
            interrupt.service(self);
            return true;
        }
        if irql >= DISPATCH_LEVEL {
            return false;
        }
        let Some(dpc) = self.take_dpc(now_ns) else {
            return false;
        };
        self.irql.store(DISPATCH_LEVEL, Ordering::Relaxed);
        self.counters.dpcs.fetch_add(1, Ordering::Relaxed);
        self.record(TraceEvent::Dpc);
        dpc.run();
        self.irql.store(irql, Ordering::Relaxed);
        true
    }

    /// On a conducted machine others may run here, and what they caused interrupts the caller.
    ///
    /// The caller is on this processor and holds no lock of the host.
    #[inline]
    pub fn preemption_point(&self) {
        if self.conductor.is_some() {
            self.serve();
        }
    }

    /// Who decides when this processor runs, on a conducted machine.
    pub(super) fn conductor(&self) -> Option<&'static Conductor> {
        self.conductor
    }

    #[inline]
    fn record(&self, event: TraceEvent) {
        if let Some(conductor) = self.conductor {
            conductor.record(event);
        }
    }

    fn take_dpc(&self, now_ns: u64) -> Option<DpcEntry> {
        if self.conductor.is_none() {
            return self.dpcs.lock().pop_front();
        }
        if self.dpcs_due_ns.load(Ordering::Relaxed) > now_ns {
            return None;
        }
        let dpc = self.dpcs.lock().pop_front();
        if dpc.is_none() {
            self.dpcs_due_ns.store(NEVER, Ordering::Relaxed);
        }
        dpc
    }

    fn take_interrupt(&self, irql: KIRQL, now_ns: u64) -> Option<Arc<Interrupt>> {
        let mut interrupts = self.interrupts.lock();
        let position = interrupts
            .iter()
            .position(|(due_ns, interrupt)| *due_ns <= now_ns && interrupt.irql() > irql)?;
        interrupts.remove(position).map(|(_, interrupt)| interrupt)
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.interrupts.lock().is_empty() || !self.dpcs.lock().is_empty()
    }

    /// When the first pending interrupt or DPC can be taken at the present IRQL; nothing if none
    /// can.
    pub(super) fn pending_due_ns(&self) -> Option<u64> {
        if !self.are_interrupts_enabled() {
            return None;
        }
        let irql = self.irql();
        let interrupts = self.interrupts.lock();
        let takeable = interrupts
            .iter()
            .filter(|(_, interrupt)| interrupt.irql() > irql);
        let interrupt = takeable.map(|(due_ns, _)| *due_ns).min();
        let dpcs_due_ns = self.dpcs_due_ns.load(Ordering::Relaxed);
        let dpcs = (irql < DISPATCH_LEVEL && dpcs_due_ns != NEVER).then_some(dpcs_due_ns);
        interrupt.into_iter().chain(dpcs).min()
    }

    /// Whether an interrupt or a DPC can be taken now, on a conducted machine.
    pub(super) fn is_interrupted(&self) -> bool {
        let now_ns = self.conductor.map_or(0, Conductor::now_ns);
        self.pending_due_ns().is_some_and(|due_ns| due_ns <= now_ns)
    }

    /// Puts a thread on the processor.
    pub(super) fn begin(&self, thread: &Arc<Thread>) {
        self.counters.switches.fetch_add(1, Ordering::Relaxed);
        self.record(TraceEvent::Thread(thread.name()));
        self.enter(thread);
        self.irql.store(thread.saved_irql(), Ordering::Relaxed);
    }

    /// The calling operating-system thread goes on with a thread that is on the processor.
    pub(super) fn enter(&self, thread: &Arc<Thread>) {
        set_current_thread(Some(thread.clone()));
        self.block.select(thread.object());
    }

    /// Takes the thread off the processor, which it has left.
    pub(super) fn end(&self, thread: &Arc<Thread>) {
        thread.save_irql(self.irql());
        self.irql.store(PASSIVE_LEVEL, Ordering::Relaxed);
        set_current_thread(None);
    }

    /// Puts a thread that has left where it goes on, if it does.
    pub(super) fn put_away(&self, system: &System, thread: Arc<Thread>, suspension: Suspension) {
        match suspension {
            Suspension::Yielded | Suspension::Fruitless => self.post_thread(thread),
            Suspension::Moved(index) => match system.topology().processor(index) {
                Some(target) => target.post_thread(thread),
                None => self.post_thread(thread),
            },
            Suspension::Waiting | Suspension::Ended | Suspension::Halted => {}
            Suspension::Preempted | Suspension::Spinning | Suspension::Stalled(_) => {
                unreachable!("only a conducted processor is left in the middle of its work")
            }
        }
    }
}
