//! Device reset: the driver found its hardware broken and asks for another start.

use super::device::NetDevice;
use crate::executive::{current_thread_id, processor, spawn, system};
use netadapter_abi::net::PFN_NET_DEVICE_COLLECT_RESET_DIAGNOSTICS;
use netadapter_abi::wdf::WDFDEVICE;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a reset of a device needs and leaves.
#[derive(Default)]
pub(super) struct DeviceReset {
    collect: Mutex<PFN_NET_DEVICE_COLLECT_RESET_DIAGNOSTICS>,
    requested: AtomicBool,
    /// Identity of the thread that runs the driver's callback; 0: none.
    collecting: AtomicUsize,
    diagnostics: Mutex<Option<Vec<u8>>>,
}

impl DeviceReset {
    pub(super) fn set_collect(&self, collect: PFN_NET_DEVICE_COLLECT_RESET_DIAGNOSTICS) {
        *self.collect.lock() = collect;
    }

    /// Whether the caller is inside the callback that collects diagnostics.
    pub(super) fn is_collecting_here(&self) -> bool {
        self.collecting.load(Ordering::Acquire) == current_thread_id()
    }

    /// Keeps what the driver tells about its broken device; whether it is the first time.
    pub(super) fn store(&self, diagnostics: Vec<u8>) -> bool {
        self.diagnostics.lock().replace(diagnostics).is_none()
    }
}

/// Resets a device once in its life; further requests change nothing
/// (*NetDeviceRequestReset function*).
pub(super) fn request(device: Arc<NetDevice>) {
    if device.reset.requested.swap(true, Ordering::AcqRel) {
        return;
    }
    spawn(system(), "device reset", processor().index(), move || {
        system().milestone("device_reset", None);
        let collect = *device.reset.collect.lock();
        if let Some(collect) = collect {
            collect_diagnostics(&device, collect);
        }
        device.node().device_failed();
    });
}

fn collect_diagnostics(device: &NetDevice, collect: netadapter_abi::nt_fn!(fn(WDFDEVICE))) {
    device
        .reset
        .collecting
        .store(current_thread_id(), Ordering::Release);
    // SAFETY: the driver registered this callback for this device; it runs at PASSIVE_LEVEL.
    unsafe { collect(device.handle()) };
    device.reset.collecting.store(0, Ordering::Release);
}
