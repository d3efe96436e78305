//! Interrupts: a service routine that runs on a processor above DISPATCH_LEVEL.

use super::playing::processor;
use super::processor::Processor;
use super::spin::SpinLock;
use super::system::{System, system};
use netadapter_abi::nt::KIRQL;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A connected interrupt message.
///
/// While it is disconnected, messages are dropped, as the interrupt controller does with a masked
/// entry that nobody unmasks.
pub struct Interrupt {
    irql: KIRQL,
    target: AtomicU32,
    lock: SpinLock,
    connected: AtomicBool,
    pending: AtomicBool,
    routine: Box<dyn Fn() + Send + Sync>,
}

impl Interrupt {
    /// Makes a disconnected interrupt whose service routine is `routine`.
    pub fn new(irql: KIRQL, target: u32, routine: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            irql,
            target: AtomicU32::new(target),
            lock: SpinLock::default(),
            connected: AtomicBool::new(false),
            pending: AtomicBool::new(false),
            routine: Box::new(routine),
        })
    }

    /// The device IRQL.
    pub fn irql(&self) -> KIRQL {
        self.irql
    }

    /// The index of the processor that takes it.
    pub fn target(&self) -> u32 {
        self.target.load(Ordering::Relaxed)
    }

    /// Lets messages through.
    pub fn connect(&self) {
        self.connected.store(true, Ordering::SeqCst);
    }

    /// Lets no more messages through and waits until a running service routine has returned.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn disconnect(&self) {
        self.connected.store(false, Ordering::SeqCst);
        self.synchronize(|| {});
    }

    /// A message of the device arrived. From any thread.
    pub fn raise(self: &Arc<Self>, system: &System) {
        if self.connected.load(Ordering::SeqCst) && !self.pending.swap(true, Ordering::SeqCst) {
            let target = system.topology().processor(self.target());
            target
                .expect("interrupts target processors that exist")
                .post_interrupt(self.clone());
        }
    }

    /// Runs `work` at the device IRQL with the interrupt lock held.
    ///
    /// IRQL: at most the device IRQL, on a processor.
    pub fn synchronize<T>(&self, work: impl FnOnce() -> T) -> T {
        let old = self.acquire_lock();
        let result = work();
        self.release_lock(old);
        result
    }

    /// Takes the interrupt lock; the result goes to [`Interrupt::release_lock`].
    ///
    /// IRQL: at most the device IRQL, on a processor.
    pub fn acquire_lock(&self) -> KIRQL {
        let processor = processor();
        let old = processor.raise_irql(self.irql);
        self.lock.acquire(system(), processor.index());
        old
    }

    /// Gives the interrupt lock back; whether this processor held it.
    pub fn release_lock(&self, old: KIRQL) -> bool {
        let processor = processor();
        let held = self.lock.release(processor.index());
        processor.lower_irql(old);
        held
    }

    /// The processor that holds the interrupt lock.
    pub fn lock_holder(&self) -> Option<u32> {
        self.lock.holder()
    }

    pub(super) fn service(&self, processor: &Processor) {
        self.pending.store(false, Ordering::SeqCst);
        let old = processor.raise_irql(self.irql);
        self.lock.acquire(system(), processor.index());
        if self.connected.load(Ordering::SeqCst) {
            (self.routine)();
        }
        self.lock.release(processor.index());
        processor.restore_irql(old);
    }
}
