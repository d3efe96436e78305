//! A device whose driver uses NetAdapterCx: what happens around its PnP and power callbacks.

use super::adapter::Adapter;
use super::class::class;
use super::powered::PoweredCallbacks;
use super::reset::DeviceReset;
use super::rules;
use crate::executive::violation;
use crate::pnp::DeviceNode;
use crate::wdf::ClassExtension;
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS, nt_success};
use netadapter_abi::wdf::WDFDEVICE;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The class extension's part of a device.
#[derive(Default)]
pub(super) struct NetDevice {
    handle: OnceLock<usize>,
    adapters: Mutex<Vec<Arc<Adapter>>>,
    /// From power-up to power-down: queues may exist.
    powered: AtomicBool,
    /// From the end of the start request to the end of the next stop: protocols are bound.
    bound: AtomicBool,
    pub(super) reset: DeviceReset,
    pub(super) callbacks: PoweredCallbacks,
}

impl NetDevice {
    /// The device object has been made.
    pub(super) fn attach(&self, device: WDFDEVICE) {
        self.handle
            .set(device as usize)
            .expect("a device is made once");
    }

    pub(super) fn handle(&self) -> WDFDEVICE {
        *self
            .handle
            .get()
            .expect("the device object exists before anything uses it") as WDFDEVICE
    }

    pub(super) fn node(&self) -> Arc<dyn DeviceNode> {
        crate::wdf::device(self.handle()).node().clone()
    }

    pub(super) fn is_powered(&self) -> bool {
        self.powered.load(Ordering::Acquire)
    }

    pub(super) fn is_bound(&self) -> bool {
        self.bound.load(Ordering::Acquire)
    }

    pub(super) fn add_adapter(&self, adapter: Arc<Adapter>) {
        self.adapters.lock().push(adapter);
    }

    pub(super) fn remove_adapter(&self, adapter: &Adapter) {
        self.adapters
            .lock()
            .retain(|other| !std::ptr::eq(&**other, adapter));
    }

    fn adapters(&self) -> Vec<Arc<Adapter>> {
        self.adapters.lock().clone()
    }
}

impl ClassExtension for NetDevice {
    fn before_prepare_hardware(&self) -> NTSTATUS {
        self.adapters()
            .iter()
            .for_each(|adapter| adapter.vote_again());
        STATUS_SUCCESS
    }

    fn after_power_up(&self) -> NTSTATUS {
        self.powered.store(true, Ordering::Release);
        let results = self
            .adapters()
            .into_iter()
            .map(|adapter| adapter.create_datapath());
        results.fold(
            STATUS_SUCCESS,
            |all, one| if nt_success(all) { one } else { all },
        )
    }

    fn started(&self) {
        self.bound.store(true, Ordering::Release);
        self.adapters()
            .iter()
            .for_each(|adapter| adapter.bind_protocols());
    }

    fn before_power_down(&self) {
        self.powered.store(false, Ordering::Release);
        self.adapters()
            .iter()
            .for_each(|adapter| adapter.destroy_datapath());
    }

    fn after_power_down(&self) {
        self.callbacks.wait();
    }

    fn before_release_hardware(&self) {
        self.bound.store(false, Ordering::Release);
        self.adapters().iter().for_each(|adapter| adapter.halt());
    }

    fn before_surprise_removal(&self) {
        self.powered.store(false, Ordering::Release);
        self.adapters()
            .iter()
            .for_each(|adapter| adapter.surprise_removed());
    }

    fn before_device_cleanup(&self) {
        let running = self
            .adapters()
            .iter()
            .filter(|adapter| adapter.is_running())
            .count();
        if running > 0 {
            let detail = format!("{running} adapters still run while their device goes");
            violation(&rules::REMOVING_DEVICE_WITH_ADAPTERS, detail);
        }
        class().devices.lock().remove(&(self.handle() as usize));
    }
}
