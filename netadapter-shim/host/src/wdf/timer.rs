//! Timers.

use super::callback::guarded;
use super::entry::{enter, enter_any, has_size, required, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use crate::executive::{HostDpc, System, flush_dpcs, processor, require_irql, spawn, system};
use netadapter_abi::nt::{
    BOOLEAN, DISPATCH_LEVEL, LONGLONG, NTSTATUS, PASSIVE_LEVEL, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDF_TIMER_CONFIG, WDFOBJECT, WDFTIMER,
    WdfExecutionLevelPassive,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

const NS_PER_MS: u64 = 1_000_000;

/// Nanoseconds in the unit of Windows' time intervals.
const INTERVAL_UNIT_NS: u64 = 100;

/// Set in [`TimerObject::armed`] while the timer is in the queue of timers.
const ARMED: u64 = 1;

/// A timer.
struct TimerObject {
    config: WDF_TIMER_CONFIG,
    passive: bool,
    /// A number that changes with every start and stop, with [`ARMED`] in the lowest bit.
    armed: AtomicU64,
    dpc: OnceLock<Arc<HostDpc>>,
}

fn timer_object(handle: WDFTIMER) -> &'static TimerObject {
    object::payload(handle.cast(), ObjectKind::Timer)
}

impl TimerObject {
    /// Changes the number; the new one, and whether the timer was armed before.
    fn renew(&self, armed: bool) -> (u64, bool) {
        let next = |value: u64| (value | ARMED) + 1 + u64::from(armed);
        let before = self
            .armed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |value| {
                Some(next(value))
            })
            .unwrap_or_else(|value| value);
        (next(before), before & ARMED != 0)
    }

    fn start(&'static self, due_ns: u64) -> bool {
        let (number, was_armed) = self.renew(true);
        if let Some(dpc) = self.dpc.get() {
            dpc.set_target(Some(processor().index()));
        }
        self.wait_until_due(system(), number, due_ns);
        was_armed
    }

    fn wait_until_due(&'static self, system: &'static System, number: u64, due_ns: u64) {
        system.clock().after(due_ns, move || {
            let periodic = self.config.Period != 0;
            let after = if periodic { number } else { number & !ARMED };
            let expired =
                self.armed
                    .compare_exchange(number, after, Ordering::AcqRel, Ordering::Relaxed);
            if expired.is_err() {
                return;
            }
            if let Some(dpc) = self.dpc.get() {
                dpc.queue(system);
            }
            if periodic {
                let period_ns = u64::from(self.config.Period) * NS_PER_MS;
                self.wait_until_due(system, number, period_ns);
            }
        });
    }

    /// Calls the driver, in the DPC or, for a passive timer, on a system thread.
    fn expired(&'static self, handle: usize) {
        let Some(routine) = self.config.EvtTimerFunc else {
            return;
        };
        let call = move || {
            guarded("EvtTimerFunc", || {
                // SAFETY: the driver registered this callback; a stopped timer's last run is
                // waited for before the object goes.
                unsafe { routine(handle as WDFTIMER) }
            });
        };
        if self.passive {
            object::reference(handle as WDFOBJECT);
            spawn(system(), "timer", processor().index(), move || {
                call();
                object::dereference(handle as WDFOBJECT);
            });
        } else {
            call();
        }
    }
}

fn create(
    config: &WDF_TIMER_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFTIMER, NTSTATUS> {
    if !has_size::<WDF_TIMER_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    if config.EvtTimerFunc.is_none() {
        return Err(STATUS_INVALID_PARAMETER);
    }
    // SAFETY: null or the driver's attributes.
    let level = unsafe { attributes.as_ref() }.map(|attributes| attributes.ExecutionLevel);
    let timer = TimerObject {
        config: *config,
        passive: level == Some(WdfExecutionLevelPassive),
        armed: AtomicU64::new(0),
        dpc: OnceLock::new(),
    };
    let handle = object::create_object(ObjectKind::Timer, None, attributes, Box::new(timer))?;
    object::set_hooks(
        handle,
        Hooks {
            dispose: Some(dispose),
            destroy: None,
        },
    );
    let object = timer_object(handle.cast());
    let address = handle as usize;
    let dpc = HostDpc::new(move || object.expired(address));
    object
        .dpc
        .set(dpc)
        .unwrap_or_else(|_| unreachable!("a new timer has no DPC"));
    Ok(handle.cast())
}

/// Before a timer goes, it is stopped, and a run in a DPC ends.
fn dispose(handle: WDFOBJECT) {
    timer_object(handle.cast()).renew(false);
    flush_dpcs(system());
}

nt_export! {
    pub(super) unsafe fn wdf_timer_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        config: *mut WDF_TIMER_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFTIMER,
    ) -> NTSTATUS {
        const NAME: &str = "WdfTimerCreate";
        enter(globals, NAME);
        // SAFETY: *WdfTimerCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Config") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Timer") };
        match create(config, attributes) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    /// Absolute times lie in a calendar that the machine does not have, so they are due now.
    pub(super) unsafe fn wdf_timer_start(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFTIMER,
        due: LONGLONG,
    ) -> BOOLEAN {
        enter(globals, "WdfTimerStart");
        let due_ns = due.min(0).unsigned_abs().saturating_mul(INTERVAL_UNIT_NS);
        timer_object(handle).start(due_ns).into()
    }

    pub(super) unsafe fn wdf_timer_stop(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFTIMER,
        wait: BOOLEAN,
    ) -> BOOLEAN {
        const NAME: &str = "WdfTimerStop";
        enter_any(globals, NAME);
        require_irql(NAME, if wait != 0 { PASSIVE_LEVEL } else { DISPATCH_LEVEL });
        let (_, was_armed) = timer_object(handle).renew(false);
        if wait != 0 {
            flush_dpcs(system());
        }
        was_armed.into()
    }

    pub(super) unsafe fn wdf_timer_get_parent_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFTIMER,
    ) -> WDFOBJECT {
        enter(globals, "WdfTimerGetParentObject");
        timer_object(handle);
        object::parent(handle.cast()).unwrap_or(std::ptr::null_mut())
    }
}
