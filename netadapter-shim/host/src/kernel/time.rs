//! Time and delays.

use super::dispatcher::interval_ns;
use super::exports;
use crate::executive::{Event, EventKind, require_irql, stall, system};
use netadapter_abi::nt::{APC_LEVEL, BOOLEAN, NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::nt_export;

/// Ticks of the performance counter in a second, as Windows has had them since version 1607.
pub(super) const PERFORMANCE_FREQUENCY: i64 = 10_000_000;

/// The system time at which every machine boots: 1 January 2026, in nanoseconds since 1601.
pub(super) const BOOT_TIME_NS: u64 = 13_411_526_400 * 1_000_000_000;

pub(super) fn system_time_ns() -> u64 {
    BOOT_TIME_NS + system().clock().now_ns()
}

nt_export! {
    unsafe fn KeQueryInterruptTimePrecise(counter: *mut u64) -> u64 {
        let ticks = system().clock().now_ns() / 100;
        // SAFETY: the caller gives room for the performance counter's value.
        unsafe { counter.write(ticks) };
        ticks
    }

    unsafe fn KeQuerySystemTimePrecise(time: *mut i64) {
        // SAFETY: the caller gives room for the time.
        unsafe { time.write((system_time_ns() / 100) as i64) };
    }

    unsafe fn KeQueryPerformanceCounter(frequency: *mut i64) -> i64 {
        if !frequency.is_null() {
            // SAFETY: a pointer that is given has room for the frequency.
            unsafe { frequency.write(PERFORMANCE_FREQUENCY) };
        }
        (system().clock().now_ns() / 100) as i64
    }

    unsafe fn KeStallExecutionProcessor(microseconds: u32) {
        stall(u64::from(microseconds) * 1_000);
    }

    unsafe fn KeDelayExecutionThread(
        _mode: i8,
        _alertable: BOOLEAN,
        interval: *const i64
    ) -> NTSTATUS {
        require_irql("KeDelayExecutionThread", APC_LEVEL);
        // SAFETY: the caller gives an interval.
        let delay_ns = interval_ns(unsafe { interval.read() }).max(1);
        Event::new(EventKind::Notification, false).wait_for(Some(delay_ns));
        STATUS_SUCCESS
    }
}

exports! {
    KeQueryInterruptTimePrecise, KeQuerySystemTimePrecise, KeQueryPerformanceCounter,
    KeStallExecutionProcessor, KeDelayExecutionThread,
}
