//! Deferred procedure calls: the driver's `KDPC`s and the host's own.

use super::event::{Event, EventKind};
use super::playing::processor;
use super::system::System;
use super::trace::traced;
use netadapter_abi::nt::{HighImportance, KDPC, PKDEFERRED_ROUTINE, PVOID};
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// `KDPC.Number` holds 0 for "where it is queued", else this bias plus the processor index.
const TARGET_BIAS: u16 = 2048;

/// A DPC of the host itself.
pub struct HostDpc {
    queued: AtomicBool,
    /// Index of the target processor plus one; 0: where it is queued.
    target: AtomicU32,
    routine: Box<dyn Fn() + Send + Sync>,
}

impl HostDpc {
    /// Makes a DPC that runs where it is queued.
    pub fn new(routine: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            queued: AtomicBool::new(false),
            target: AtomicU32::new(0),
            routine: Box::new(routine),
        })
    }

    /// Sets the processor on which later queueings run.
    pub fn set_target(&self, index: Option<u32>) {
        self.target
            .store(index.map_or(0, |index| index + 1), Ordering::Release);
    }

    /// Queues the DPC; whether it was not queued already.
    ///
    /// From any thread if a target is set, else on a processor.
    pub fn queue(self: &Arc<Self>, system: &System) -> bool {
        if self.queued.swap(true, Ordering::AcqRel) {
            return false;
        }
        let target = match self.target.load(Ordering::Acquire) {
            0 => processor(),
            biased => system
                .topology()
                .processor(biased - 1)
                .expect("DPCs target processors that exist"),
        };
        target.post_dpc(DpcEntry::Host(self.clone()), false);
        true
    }
}

/// A queued DPC.
pub(super) enum DpcEntry {
    Host(Arc<HostDpc>),
    /// A `KDPC` of the driver, by address; it stays valid until it has run or was removed
    /// (*KeInsertQueueDpc function*).
    Kernel(usize),
}

impl DpcEntry {
    pub(super) fn kernel_address(&self) -> Option<usize> {
        match self {
            Self::Host(_) => None,
            Self::Kernel(address) => Some(*address),
        }
    }

    /// Runs the routine.
    ///
    /// IRQL: DISPATCH_LEVEL.
    pub(super) fn run(self) {
        match self {
            Self::Host(dpc) => {
                dpc.queued.store(false, Ordering::Release);
                (dpc.routine)();
            }
            Self::Kernel(address) => KernelDpc(address as *mut KDPC).run(),
        }
    }
}

/// A `KDPC` of the driver.
///
/// `DpcData` is not null while it is queued: the host keeps the processor's index plus one there.
/// The control bytes and the target are read and written one by one, as the kernel's own functions
/// do, because the driver may look at the structure at any time.
#[derive(Clone, Copy)]
pub struct KernelDpc(*mut KDPC);

impl KernelDpc {
    /// # Safety
    /// `dpc` points to memory of a `KDPC` that stays valid until it is not queued any more and
    /// nobody uses the result (*KeInitializeDpc function*: nonpaged memory, owned by the caller).
    pub unsafe fn new(dpc: *mut KDPC) -> Self {
        Self(dpc)
    }

    fn field<T>(self, offset: usize) -> *mut T {
        self.0.cast::<u8>().wrapping_add(offset).cast()
    }

    fn mark(&self) -> &AtomicPtr<core::ffi::c_void> {
        let field = self.field(offset_of!(KDPC, DpcData));
        // SAFETY: an aligned pointer field of a valid KDPC; all accesses to it are atomic.
        unsafe { AtomicPtr::from_ptr(field) }
    }

    /// The object type, by which an initialised DPC is known.
    pub fn kind(self) -> u8 {
        let field: *mut u8 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Type));
        // SAFETY: a field of a valid KDPC.
        unsafe { field.read_volatile() }
    }

    /// Sets the importance.
    pub fn set_importance(self, importance: u8) {
        let field: *mut u8 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Importance));
        // SAFETY: a field of a valid KDPC.
        unsafe { field.write_volatile(importance) };
    }

    fn importance(self) -> u8 {
        let field: *mut u8 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Importance));
        // SAFETY: a field of a valid KDPC.
        unsafe { field.read_volatile() }
    }

    /// Sets the processor on which the DPC runs.
    pub fn set_target(self, index: u32) {
        let field: *mut u16 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Number));
        // SAFETY: a field of a valid KDPC.
        unsafe { field.write_volatile(TARGET_BIAS + index as u16) };
    }

    fn target(self) -> Option<u32> {
        let field: *mut u16 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Number));
        // SAFETY: a field of a valid KDPC.
        let number = unsafe { field.read_volatile() };
        number.checked_sub(TARGET_BIAS).map(u32::from)
    }

    /// Makes the structure a DPC that runs where it is queued.
    pub fn initialize(self, kind: u8, routine: PKDEFERRED_ROUTINE, context: PVOID) {
        let value = KDPC {
            DeferredRoutine: routine,
            DeferredContext: context,
            ..KDPC::zeroed()
        };
        // SAFETY: memory of a KDPC.
        unsafe { self.0.write(value) };
        let field: *mut u8 = self.field(offset_of!(KDPC, Anonymous.Anonymous.Type));
        // SAFETY: a field of a valid KDPC.
        unsafe { field.write(kind) };
    }

    /// Whether it is queued.
    pub fn is_queued(self) -> bool {
        !self.mark().load(Ordering::Acquire).is_null()
    }

    /// Queues it as `KeInsertQueueDpc` does; whether it was not queued already.
    ///
    /// On a processor.
    pub fn queue(self, system: &System, first: PVOID, second: PVOID) -> bool {
        let target = self
            .target()
            .and_then(|index| system.topology().processor(index));
        let target = target.unwrap_or_else(processor);
        let mark = (target.index() as usize + 1) as *mut core::ffi::c_void;
        let free = std::ptr::null_mut();
        if self
            .mark()
            .compare_exchange(free, mark, Ordering::AcqRel, Ordering::Relaxed)
            .is_err()
        {
            return false;
        }
        let arguments = [
            (offset_of!(KDPC, SystemArgument1), first),
            (offset_of!(KDPC, SystemArgument2), second),
        ];
        for (offset, argument) in arguments {
            let field: *mut PVOID = self.field(offset);
            // SAFETY: a field of a valid KDPC; the mark makes this the only writer.
            unsafe { field.write(argument) };
        }
        let at_head = i32::from(self.importance()) == HighImportance;
        target.post_dpc(DpcEntry::Kernel(self.0 as usize), at_head);
        true
    }

    /// Takes it out of its queue; whether it was queued.
    pub fn remove(self, system: &System) -> bool {
        let mark = self.mark().load(Ordering::Acquire) as usize;
        let Some(index) = mark.checked_sub(1) else {
            return false;
        };
        let target = system.topology().processor(index as u32);
        let withdrawn = target.is_some_and(|target| target.withdraw_dpc(self.0 as usize));
        if withdrawn {
            self.mark().store(std::ptr::null_mut(), Ordering::Release);
        }
        withdrawn
    }

    fn run(self) {
        // SAFETY: a queued KDPC is valid until it has run. Its own routine may queue it again or
        // free it: everything is read before.
        let copy = unsafe { self.0.read() };
        self.mark().store(std::ptr::null_mut(), Ordering::Release);
        if let Some(routine) = copy.DeferredRoutine {
            let (first, second) = (copy.SystemArgument1, copy.SystemArgument2);
            // SAFETY: KeInitializeDpc promises a routine for calls at DISPATCH_LEVEL with these
            // four arguments.
            traced("DeferredRoutine", || unsafe {
                routine(self.0, copy.DeferredContext, first, second)
            });
        }
    }
}

/// Returns when all DPCs that were queued at the time of the call have run, on all processors.
///
/// IRQL: PASSIVE_LEVEL.
pub fn flush_dpcs(system: &System) {
    let passed: Vec<Arc<Event>> = system
        .topology()
        .active()
        .map(|processor| {
            let passed = Arc::new(Event::new(EventKind::Notification, false));
            let marker = passed.clone();
            let dpc = HostDpc::new(move || {
                marker.set();
            });
            dpc.set_target(Some(processor.index()));
            dpc.queue(system);
            passed
        })
        .collect();
    for event in passed {
        event.wait();
    }
}
