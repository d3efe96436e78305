//! Functions called where, when or with what they must not be.

use super::Hands;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use netadapter_abi::net::{
    MediaConnectStateConnected, MediaDuplexStateFull, NET_ADAPTER_LINK_LAYER_CAPABILITIES,
    NET_ADAPTER_LINK_STATE,
};
use netadapter_abi::nt::{
    self, DISPATCH_LEVEL, KIRQL, NTSTATUS, PASSIVE_LEVEL, STATUS_UNSUCCESSFUL,
};
use netadapter_abi::wdf::WDF_DRIVER_GLOBALS;
use netadapter_abi::{net_call, nt_fn, stub, wdf_call};

/// The level at which `work` is done: DISPATCH_LEVEL if that is wrong.
fn at_dispatch_if(wrong: bool, work: impl FnOnce()) {
    let level: KIRQL = if wrong { DISPATCH_LEVEL } else { PASSIVE_LEVEL };
    // SAFETY: raising from PASSIVE_LEVEL is allowed, and it is lowered below.
    let old = unsafe { nt::KfRaiseIrql(level) };
    work();
    // SAFETY: back to where it was.
    unsafe { nt::KeLowerIrql(old) };
}

pub fn call_passive_function_at_dispatch(hands: Hands, wrong: bool) {
    at_dispatch_if(wrong, || {
        let mut configuration = null_mut();
        // SAFETY: arguments are right; the IRQL may not be, which the host is to notice.
        let status = unsafe {
            net_call!(
                NetDeviceOpenConfiguration,
                hands.device,
                null_mut(),
                &mut configuration
            )
        };
        if nt::nt_success(status) {
            // SAFETY: the configuration is open, and closed once.
            unsafe { net_call!(NetConfigurationClose, configuration) };
        }
    });
}

pub fn wait_at_dispatch(_: Hands, wrong: bool) {
    at_dispatch_if(wrong, || {
        let mut interval: i64 = -10_000;
        // SAFETY: the interval is valid; the IRQL may not be right.
        unsafe { nt::KeDelayExecutionThread(0, 0, &mut interval) };
    });
}

pub fn use_null_handle(hands: Hands, wrong: bool) {
    let device = if wrong { null_mut() } else { hands.device };
    for allowed in [0, 1] {
        // SAFETY: a null handle is what the host is to notice.
        unsafe { wdf_call!(WdfDeviceSetStaticStopRemove, device, allowed) };
    }
}

pub fn call_what_no_host_has(_: Hands, wrong: bool) {
    const USB_TARGET_DEVICE_CREATE: usize = 322;
    type Function = nt_fn!(fn(*mut WDF_DRIVER_GLOBALS) -> NTSTATUS);
    // SAFETY: the index is that of a function of the bound table.
    let function = unsafe { stub::wdf_function(USB_TARGET_DEVICE_CREATE) };
    // SAFETY: table entries are functions that take the globals first.
    let function = unsafe { core::mem::transmute::<*const c_void, Function>(function) };
    if wrong {
        // SAFETY: the host stops at any function that it does not have; nothing is read.
        unsafe { function(stub::wdf_globals()) };
    }
}

pub fn release_foreign_spin_lock(_: Hands, wrong: bool) {
    let mut lock = 0;
    let irql = if wrong {
        PASSIVE_LEVEL
    } else {
        // SAFETY: the lock is free.
        unsafe { nt::KeAcquireSpinLockRaiseToDpc(&mut lock) }
    };
    // SAFETY: the lock is not held if this is to be wrong.
    unsafe { nt::KeReleaseSpinLock(&mut lock, irql) };
}

pub fn read_through_null(_: Hands, wrong: bool) {
    let value = [0; 8];
    let base = if wrong { null() } else { value.as_ptr() };
    // SAFETY: it is not, if this is to be wrong; the host is to name this line.
    unsafe { base.cast::<u32>().wrapping_add(4).read_volatile() };
}

pub fn return_at_dispatch(_: Hands, wrong: bool) {
    // SAFETY: raising is allowed; returning from the callback at this level is not.
    let old = unsafe { nt::KfRaiseIrql(DISPATCH_LEVEL) };
    if !wrong {
        // SAFETY: back to where it was.
        unsafe { nt::KeLowerIrql(old) };
    }
}

pub fn remove_unknown_notification(hands: Hands, wrong: bool) {
    if wrong {
        // SAFETY: the entry is none of IoRegisterPlugPlayNotification.
        unsafe { nt::IoUnregisterPlugPlayNotificationEx(hands.device.cast()) };
    }
}

pub fn set_capabilities_after_start(hands: Hands, wrong: bool) {
    const SPEED: u64 = 1_000_000;
    if wrong {
        let mut capabilities = NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(SPEED, SPEED);
        // SAFETY: arguments are right; the moment is not.
        unsafe {
            net_call!(
                NetAdapterSetLinkLayerCapabilities,
                hands.adapter,
                &mut capabilities
            )
        };
    } else {
        let mut state = NET_ADAPTER_LINK_STATE::init(
            SPEED,
            MediaConnectStateConnected,
            MediaDuplexStateFull,
            0,
            0,
        );
        // SAFETY: the link state is set at any time.
        unsafe { net_call!(NetAdapterSetLinkState, hands.adapter, &mut state) };
    }
}

pub fn refuse_to_stop(hands: Hands, wrong: bool) {
    if wrong {
        // SAFETY: the moment gives the status that the callback returns.
        unsafe { hands.object.cast::<NTSTATUS>().write(STATUS_UNSUCCESSFUL) };
    }
}
