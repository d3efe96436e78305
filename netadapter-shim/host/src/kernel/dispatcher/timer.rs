//! Timers.

use super::functions::{TIMER, write_header};
use super::{Kind, dispatcher, interval_ns};
use crate::executive::{HostDpc, KernelDpc, System, processor, require_irql, system};
use crate::kernel::time::system_time_ns;
use netadapter_abi::nt::{BOOLEAN, DISPATCH_LEVEL, KDPC, KTIMER, PVOID};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const NS_PER_MS: u64 = 1_000_000;

/// A timer that is set.
struct Armed {
    /// Tells this setting from all others.
    number: u64,
    period_ms: u32,
    /// The driver's DPC; 0: none.
    dpc: usize,
    /// Runs on the processor that set the timer, when it is due.
    expiry: Arc<HostDpc>,
}

/// Timers that are set, by address.
#[derive(Default)]
pub(in crate::kernel) struct Timers {
    armed: Mutex<HashMap<usize, Armed>>,
    settings: AtomicU64,
}

impl Timers {
    /// The number of timers that are set.
    pub(in crate::kernel) fn armed(&self) -> usize {
        self.armed.lock().len()
    }

    /// A timer that is set and lies in `range`.
    pub(in crate::kernel) fn armed_in(&self, range: &Range<usize>) -> Option<usize> {
        let armed = self.armed.lock();
        armed.keys().copied().find(|timer| range.contains(timer))
    }

    /// Takes a timer out of those that are set; whether it was.
    fn disarm(&self, timer: usize) -> bool {
        self.armed.lock().remove(&timer).is_some()
    }

    fn arm(&'static self, timer: usize, due_ns: u64, period_ms: u32, dpc: usize) -> bool {
        let number = self.settings.fetch_add(1, Ordering::Relaxed);
        let expiry = HostDpc::new(move || self.expired(timer, number));
        expiry.set_target(Some(processor().index()));
        let armed = Armed {
            number,
            period_ms,
            dpc,
            expiry,
        };
        let was_armed = self.armed.lock().insert(timer, armed).is_some();
        self.wait_until_due(system(), timer, number, due_ns);
        was_armed
    }

    fn wait_until_due(
        &'static self,
        system: &'static System,
        timer: usize,
        number: u64,
        due_ns: u64,
    ) {
        system.clock().after(due_ns, move || {
            let expiry = {
                let armed = self.armed.lock();
                let armed = armed.get(&timer).filter(|armed| armed.number == number);
                armed.map(|armed| armed.expiry.clone())
            };
            if let Some(expiry) = expiry {
                expiry.queue(system);
            }
        });
    }

    /// A setting is due, on its processor at DISPATCH_LEVEL.
    fn expired(&'static self, timer: usize, number: u64) {
        let mut armed = self.armed.lock();
        let Some(setting) = armed.get(&timer).filter(|setting| setting.number == number) else {
            return;
        };
        let (period_ms, dpc) = (setting.period_ms, setting.dpc);
        if period_ms == 0 {
            armed.remove(&timer);
        }
        drop(armed);
        if period_ms != 0 {
            let period_ns = u64::from(period_ms) * NS_PER_MS;
            self.wait_until_due(system(), timer, number, period_ns);
        }
        dispatcher().set(timer, true);
        if dpc != 0 {
            let time = system_time_ns() / 100;
            let [low, high] = [time & u64::from(u32::MAX), time >> 32];
            // SAFETY: the DPC of a timer that is set stays valid (*KeSetTimer function*).
            let dpc = unsafe { KernelDpc::new(dpc as *mut KDPC) };
            dpc.queue(system(), low as PVOID, high as PVOID);
        }
    }
}

fn timers() -> &'static Timers {
    system().subsystem()
}

fn set(function: &str, timer: *mut KTIMER, due: i64, period_ms: u32, dpc: *mut KDPC) -> BOOLEAN {
    require_irql(function, DISPATCH_LEVEL);
    let timer = timer as usize;
    // The timer is not signalled from now until it is due, whatever it was.
    dispatcher().set(timer, false);
    BOOLEAN::from(timers().arm(timer, interval_ns(due), period_ms, dpc as usize))
}

nt_export! {
    pub(super) unsafe fn KeInitializeTimer(timer: *mut KTIMER) {
        // SAFETY: the caller's promise is the same.
        unsafe { KeInitializeTimerEx(timer, 0) };
    }

    pub(super) unsafe fn KeInitializeTimerEx(timer: *mut KTIMER, kind: i32) {
        let object_type = TIMER + kind as u8;
        // SAFETY: the caller gives memory of a timer.
        unsafe { write_header(timer.cast(), object_type, size_of::<KTIMER>(), 0) };
        let kind = if kind == 0 { Kind::Notification } else { Kind::Synchronization };
        timers().disarm(timer as usize);
        dispatcher().insert(timer as usize, kind, 0);
    }

    pub(super) unsafe fn KeSetTimer(timer: *mut KTIMER, due: i64, dpc: *mut KDPC) -> BOOLEAN {
        set("KeSetTimer", timer, due, 0, dpc)
    }

    pub(super) unsafe fn KeSetTimerEx(
        timer: *mut KTIMER,
        due: i64,
        period_ms: i32,
        dpc: *mut KDPC
    ) -> BOOLEAN {
        set("KeSetTimerEx", timer, due, period_ms as u32, dpc)
    }

    /// The delay that the caller tolerates is not used: a timer is due when it says.
    pub(super) unsafe fn KeSetCoalescableTimer(
        timer: *mut KTIMER,
        due: i64,
        period_ms: u32,
        _tolerable_delay_ms: u32,
        dpc: *mut KDPC
    ) -> BOOLEAN {
        set("KeSetCoalescableTimer", timer, due, period_ms, dpc)
    }

    pub(super) unsafe fn KeCancelTimer(timer: *mut KTIMER) -> BOOLEAN {
        require_irql("KeCancelTimer", DISPATCH_LEVEL);
        // Of a timer that was never initialised this is a finding.
        dispatcher().state(timer as usize);
        BOOLEAN::from(timers().disarm(timer as usize))
    }

    pub(super) unsafe fn KeReadStateTimer(timer: *mut KTIMER) -> BOOLEAN {
        require_irql("KeReadStateTimer", DISPATCH_LEVEL);
        BOOLEAN::from(dispatcher().state(timer as usize) > 0)
    }
}

crate::kernel::exports! {
    KeInitializeTimer, KeInitializeTimerEx, KeSetTimer, KeSetTimerEx, KeSetCoalescableTimer,
    KeCancelTimer, KeReadStateTimer,
}
