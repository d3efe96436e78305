//! The rules that can be broken: when, and how.

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use netadapter_abi::net::{NET_ADAPTER_LINK_LAYER_CAPABILITIES, NETADAPTER};
use netadapter_abi::nt::{self, DISPATCH_LEVEL, NTSTATUS, PASSIVE_LEVEL};
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDFDEVICE};
use netadapter_abi::{net_call, nt_fn, stub, wdf_call};

/// The moments at which a rule can be broken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In EvtDevicePrepareHardware, before the adapter is started.
    PrepareHardware,
    /// In EvtDevicePrepareHardware, after NetAdapterStart.
    Started,
    /// When Windows wants to stop the device for a rebalance.
    QueryStop,
    /// In EvtPacketQueueAdvance of the receive queue.
    Advance,
    /// In the processor change callback.
    ProcessorChange,
}

/// What a deed can lay its hands on.
#[derive(Clone, Copy)]
pub struct Hands {
    /// The device.
    pub device: WDFDEVICE,
    /// The adapter; null before there is one.
    pub adapter: NETADAPTER,
    /// What belongs to the moment: the receive ring, or the change context.
    pub object: *mut c_void,
}

/// A rule, and a way to break it.
pub struct Break {
    /// When it is broken.
    pub moment: Moment,
    /// What is done.
    pub deed: fn(Hands),
}

const fn at(moment: Moment, deed: fn(Hands)) -> Break {
    Break { moment, deed }
}

/// Pool tag `Brkr`.
const TAG: u32 = u32::from_le_bytes(*b"Brkr");

/// The rules, by the number that keyword `Break` gives. The tests of the host list them in the
/// same order.
pub const BREAKS: &[Break] = &[
    at(Moment::PrepareHardware, call_passive_function_at_dispatch),
    at(Moment::PrepareHardware, wait_at_dispatch),
    at(Moment::PrepareHardware, use_null_handle),
    at(Moment::PrepareHardware, call_what_no_host_has),
    at(Moment::PrepareHardware, free_pool_twice),
    at(Moment::PrepareHardware, free_pool_with_other_tag),
    at(Moment::PrepareHardware, release_foreign_spin_lock),
    at(Moment::PrepareHardware, read_through_null),
    at(Moment::PrepareHardware, remove_unknown_notification),
    at(Moment::Started, set_capabilities_after_start),
    at(Moment::Started, return_at_dispatch),
    at(Moment::QueryStop, refuse_to_stop),
    at(Moment::Advance, move_begin_past_end),
    at(Moment::Advance, change_ring_header),
    at(Moment::ProcessorChange, write_to_change_context),
];

fn at_dispatch(work: impl FnOnce()) {
    // SAFETY: raising from PASSIVE_LEVEL is allowed, and it is lowered below.
    let old = unsafe { nt::KfRaiseIrql(DISPATCH_LEVEL) };
    work();
    // SAFETY: back to where it was.
    unsafe { nt::KeLowerIrql(old) };
}

fn call_passive_function_at_dispatch(hands: Hands) {
    at_dispatch(|| {
        let mut configuration = null_mut();
        // SAFETY: arguments are right; the IRQL is not, which the host is to notice.
        unsafe {
            net_call!(
                NetDeviceOpenConfiguration,
                hands.device,
                null_mut(),
                &mut configuration
            )
        };
    });
}

fn wait_at_dispatch(_: Hands) {
    at_dispatch(|| {
        let interval = -10_000;
        // SAFETY: the interval is valid; the IRQL is not right.
        unsafe { nt::KeDelayExecutionThread(0, 0, &raw const interval as *mut i64) };
    });
}

fn use_null_handle(_: Hands) {
    // SAFETY: the handle is not valid, which the host is to notice.
    unsafe { wdf_call!(WdfDeviceSetStaticStopRemove, null_mut(), 1) };
}

fn call_what_no_host_has(_: Hands) {
    const USB_TARGET_DEVICE_CREATE: usize = 322;
    type Function = nt_fn!(fn(*mut WDF_DRIVER_GLOBALS) -> NTSTATUS);
    // SAFETY: the index is that of a function of the bound table.
    let function = unsafe { stub::wdf_function(USB_TARGET_DEVICE_CREATE) };
    // SAFETY: table entries are functions that take the globals first.
    let function = unsafe { core::mem::transmute::<*const c_void, Function>(function) };
    // SAFETY: the host stops at any function that it does not have; nothing is read.
    unsafe { function(stub::wdf_globals()) };
}

fn free_pool_twice(_: Hands) {
    // SAFETY: plain allocation.
    let block = unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, 64, TAG) };
    for _ in 0..2 {
        // SAFETY: right the first time; the host is to notice the second.
        unsafe { nt::ExFreePoolWithTag(block, TAG) };
    }
}

fn free_pool_with_other_tag(_: Hands) {
    // SAFETY: plain allocation.
    let block = unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, 64, TAG) };
    // SAFETY: the tag is not the block's.
    unsafe { nt::ExFreePoolWithTag(block, TAG + 1) };
}

fn release_foreign_spin_lock(_: Hands) {
    let mut lock = 0;
    // SAFETY: the lock is not held.
    unsafe { nt::KeReleaseSpinLock(&mut lock, PASSIVE_LEVEL) };
}

fn read_through_null(_: Hands) {
    // SAFETY: it is not; the host is to name this line.
    unsafe { null::<u32>().wrapping_add(4).read_volatile() };
}

fn return_at_dispatch(_: Hands) {
    // SAFETY: raising is allowed; returning from the callback at this level is not.
    unsafe { nt::KfRaiseIrql(DISPATCH_LEVEL) };
}

fn remove_unknown_notification(hands: Hands) {
    // SAFETY: the entry is none of IoRegisterPlugPlayNotification.
    unsafe { nt::IoUnregisterPlugPlayNotificationEx(hands.device.cast()) };
}

fn set_capabilities_after_start(hands: Hands) {
    let mut capabilities = NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(1, 1);
    // SAFETY: arguments are right; the moment is not.
    unsafe {
        net_call!(
            NetAdapterSetLinkLayerCapabilities,
            hands.adapter,
            &mut capabilities
        )
    };
}

/// The refusal itself is the callback's status; see `driver.rs`.
fn refuse_to_stop(_: Hands) {}

fn move_begin_past_end(hands: Hands) {
    let ring = hands.object.cast::<netadapter_abi::net::NET_RING>();
    // SAFETY: the host gave the ring.
    let ring = unsafe { &mut *ring };
    // The driver may write BeginIndex, but not this value.
    ring.BeginIndex = ring.EndIndex.wrapping_add(1) & ring.ElementIndexMask;
}

fn change_ring_header(hands: Hands) {
    let ring = hands.object.cast::<netadapter_abi::net::NET_RING>();
    // SAFETY: the host gave the ring; this field is not the driver's.
    unsafe { (*ring).ElementStride = 1 };
}

fn write_to_change_context(hands: Hands) {
    let change = hands
        .object
        .cast::<nt::KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT>();
    // SAFETY: the host gave the context; it is read-only.
    unsafe { (*change).NtNumber += 1 };
}
