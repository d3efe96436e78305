//! A function device: what its driver said about it, and where it stands in its PnP life.

use super::callback::guarded;
use super::class_extension::ClassExtension;
use super::device_init::InitParts;
use super::dma::DmaEnabler;
use super::interrupt::InterruptHost;
use super::kind::ObjectKind;
use super::object;
use super::power::{PowerState, SelfManagedIo};
use super::resource_list::ResourceLists;
use super::rules;
use crate::executive::{system, violation};
use crate::pnp::{AssignedResources, DeviceNode};
use netadapter_abi::nt::{
    DEVICE_OBJECT, NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
    nt_success,
};
use netadapter_abi::wdf::{
    WDF_FDO_EVENT_CALLBACKS, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE, WDFOBJECT,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// In EvtDriverDeviceAdd.
    Adding,
    /// Added, never started.
    Added,
    /// In EvtDevicePrepareHardware.
    Preparing,
    /// Prepared, powering up or started.
    Started,
    /// Started; a query-stop has succeeded.
    StopPending,
    /// Stopped for a rebalance: hardware is released.
    Stopped,
    /// A start failed; all that had been done is undone.
    Failed,
    /// The hardware is gone, and released.
    SurpriseRemoved,
    /// Removed.
    Removed,
}

/// A device as the PnP manager sees it.
///
/// All methods run on a system thread at PASSIVE_LEVEL. PnP requests come one at a time.
pub struct DeviceHost {
    /// The WDFDEVICE, by address.
    handle: OnceLock<usize>,
    node: Arc<dyn DeviceNode>,
    pub(super) pnp: WDF_PNPPOWER_EVENT_CALLBACKS,
    pub(super) fdo: WDF_FDO_EVENT_CALLBACKS,
    class_extension: OnceLock<Arc<dyn ClassExtension>>,
    state: Mutex<DeviceState>,
    pub(super) power: Mutex<PowerState>,
    pub(super) self_managed_io: Mutex<SelfManagedIo>,
    /// How often the driver forbade stop and removal more than it allowed them.
    stop_count: AtomicI32,
    /// Alignment of DMA buffers, as a mask.
    alignment_mask: AtomicU32,
    /// In order of creation.
    pub(super) interrupts: Mutex<Vec<&'static InterruptHost>>,
    /// In order of creation.
    pub(super) enablers: Mutex<Vec<&'static DmaEnabler>>,
    pub(super) resources: Mutex<Option<ResourceLists>>,
}

/// The device of a handle. The machine stops if it is not one.
pub fn device(handle: WDFDEVICE) -> &'static Arc<DeviceHost> {
    object::payload(handle.cast(), ObjectKind::Device)
}

impl DeviceHost {
    pub(super) fn new(parts: InitParts) -> Self {
        Self {
            handle: OnceLock::new(),
            node: parts.node,
            pnp: parts.pnp,
            fdo: parts.fdo,
            class_extension: OnceLock::new(),
            state: Mutex::new(DeviceState::Adding),
            power: Mutex::new(PowerState::Off),
            self_managed_io: Mutex::new(SelfManagedIo::New),
            stop_count: AtomicI32::new(0),
            alignment_mask: AtomicU32::new(0),
            interrupts: Mutex::default(),
            enablers: Mutex::default(),
            resources: Mutex::new(None),
        }
    }

    pub(super) fn set_handle(&self, handle: WDFDEVICE) {
        self.handle
            .set(handle as usize)
            .expect("a device gets its handle once");
    }

    /// The WDFDEVICE.
    pub fn handle(&self) -> WDFDEVICE {
        *self
            .handle
            .get()
            .expect("a device has its handle since WdfDeviceCreate") as WDFDEVICE
    }

    /// The device node below.
    pub fn node(&self) -> &Arc<dyn DeviceNode> {
        &self.node
    }

    /// Attaches the class extension's part. A device has at most one: a second one is ignored.
    pub fn set_class_extension(&self, extension: Arc<dyn ClassExtension>) {
        // `device_init_mark_netcx` refuses a second one with a status.
        let _ = self.class_extension.set(extension);
    }

    pub(super) fn class_extension(&self) -> Option<&Arc<dyn ClassExtension>> {
        self.class_extension.get()
    }

    /// Where the device stands.
    pub fn state(&self) -> DeviceState {
        *self.state.lock()
    }

    pub(super) fn set_state(&self, state: DeviceState) {
        *self.state.lock() = state;
    }

    /// The power state.
    pub fn power_state(&self) -> PowerState {
        *self.power.lock()
    }

    /// Whether the device is in D0 with interrupts and DMA enabled.
    pub fn is_in_d0(&self) -> bool {
        self.power_state() == PowerState::D0
    }

    /// The alignment of DMA buffers, as a mask.
    pub fn alignment_mask(&self) -> u32 {
        self.alignment_mask.load(Ordering::Relaxed)
    }

    pub(super) fn set_alignment_mask(&self, mask: u32) {
        self.alignment_mask.store(mask, Ordering::Relaxed);
    }

    pub(super) fn change_stop_count(&self, change: i32) -> i32 {
        self.stop_count.fetch_add(change, Ordering::AcqRel) + change
    }

    /// An address that stands for the functional device object; nothing lies there for drivers.
    pub(super) fn functional_device_object(&self) -> *mut DEVICE_OBJECT {
        std::ptr::from_ref(&self.stop_count).cast_mut().cast()
    }

    /// An address that stands for the physical device object; nothing lies there for drivers.
    pub(super) fn physical_device_object(&self) -> *mut DEVICE_OBJECT {
        std::ptr::from_ref(&self.node).cast_mut().cast()
    }

    /// Calls a PnP or power callback of the driver; success if it has none.
    pub(super) fn call<F>(
        &self,
        name: &str,
        callback: Option<F>,
        invoke: impl FnOnce(F, WDFDEVICE) -> NTSTATUS,
    ) -> Result<(), NTSTATUS> {
        let Some(callback) = callback else {
            return Ok(());
        };
        let status = guarded(name, || invoke(callback, self.handle()));
        if nt_success(status) {
            Ok(())
        } else {
            Err(status)
        }
    }

    /// As [`DeviceHost::call`], for callbacks without status.
    pub(super) fn notify<F>(
        &self,
        name: &str,
        callback: Option<F>,
        invoke: impl FnOnce(F, WDFDEVICE),
    ) {
        if let Some(callback) = callback {
            guarded(name, || invoke(callback, self.handle()));
        }
    }

    /// EvtDriverDeviceAdd has returned with success.
    pub(super) fn added(&self) {
        self.set_state(DeviceState::Added);
    }

    /// EvtDriverDeviceAdd failed after the device was made.
    pub(super) fn abandon(&self) {
        self.set_state(DeviceState::Removed);
        self.delete();
    }

    /// Asks whether the device may stop for a rebalance. It goes on working either way.
    ///
    /// Returns the status of the answer (*EVT_WDF_DEVICE_QUERY_STOP callback function*).
    pub fn query_stop(&self) -> NTSTATUS {
        system().milestone("query_stop", None);
        if self.state() != DeviceState::Started || self.stop_count.load(Ordering::Acquire) > 0 {
            return STATUS_INVALID_DEVICE_STATE;
        }
        let answer = self.call(
            "EvtDeviceQueryStop",
            self.pnp.EvtDeviceQueryStop,
            |query, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { query(device) }
            },
        );
        match answer {
            Ok(()) => {
                self.set_state(DeviceState::StopPending);
                STATUS_SUCCESS
            }
            Err(status) => supported("EvtDeviceQueryStop", status),
        }
    }

    /// The stop that was asked for does not happen. The driver is not told.
    pub fn cancel_stop(&self) {
        if self.state() == DeviceState::StopPending {
            self.set_state(DeviceState::Started);
        }
    }

    /// Asks whether the device may be removed.
    ///
    /// Returns the status of the answer (*EVT_WDF_DEVICE_QUERY_REMOVE callback function*).
    pub fn query_remove(&self) -> NTSTATUS {
        if self.stop_count.load(Ordering::Acquire) > 0 {
            return STATUS_INVALID_DEVICE_STATE;
        }
        let callback = self.pnp.EvtDeviceQueryRemove;
        let answer = self.call("EvtDeviceQueryRemove", callback, |query, device| {
            // SAFETY: the driver registered this callback for the device.
            unsafe { query(device) }
        });
        answer.map_or_else(
            |status| supported("EvtDeviceQueryRemove", status),
            |()| STATUS_SUCCESS,
        )
    }

    /// Starts the device with these resources: for the first time, or again after a stop.
    ///
    /// # Errors
    /// The status with which the driver failed the start, after all that had been done was undone.
    pub fn start(&self, resources: AssignedResources) -> Result<(), NTSTATUS> {
        let result = self.prepare(resources).and_then(|()| {
            self.power_up().inspect_err(|_| {
                self.release_hardware();
                self.flush_failed_self_managed_io();
            })
        });
        match result {
            Ok(()) => {
                system().milestone("start", None);
                if let Some(extension) = self.class_extension() {
                    extension.started();
                }
                Ok(())
            }
            Err(status) => {
                self.set_state(DeviceState::Failed);
                Err(status)
            }
        }
    }

    /// Stops the device for a rebalance: out of D0, hardware released, objects kept.
    pub fn stop(&self) {
        system().milestone("stop", None);
        if self.is_in_d0() {
            self.power_down();
        }
        self.release_hardware();
        self.set_state(DeviceState::Stopped);
    }

    /// The hardware is gone. Everything but the device object is torn down.
    pub fn surprise_remove(&self) {
        if let Some(extension) = self.class_extension() {
            extension.before_surprise_removal();
        }
        let callback = self.pnp.EvtDeviceSurpriseRemoval;
        self.notify("EvtDeviceSurpriseRemoval", callback, |removal, device| {
            // SAFETY: the driver registered this callback for the device.
            unsafe { removal(device) }
        });
        self.tear_down();
        self.set_state(DeviceState::SurpriseRemoved);
    }

    /// Removes the device, in an orderly way or after its surprise removal, and deletes the object.
    pub fn remove(&self) {
        self.tear_down();
        self.clean_up_self_managed_io();
        self.set_state(DeviceState::Removed);
        self.delete();
    }

    fn tear_down(&self) {
        if self.is_in_d0() {
            self.power_down();
        }
        if self.resources.lock().is_some() {
            self.release_hardware();
        }
        self.flush_self_managed_io();
    }

    fn delete(&self) {
        if let Some(extension) = self.class_extension() {
            extension.before_device_cleanup();
        }
        let handle: WDFOBJECT = self.handle().cast();
        object::delete_object(handle);
    }

    /// The driver or the framework found that the device cannot go on.
    pub(super) fn fail(&self) {
        self.node.device_failed();
    }
}

/// Stops the machine if a callback failed with the one status that it must not use.
pub(super) fn supported(callback: &str, status: NTSTATUS) -> NTSTATUS {
    if status == STATUS_NOT_SUPPORTED {
        violation(
            &rules::WDF_STATUS_NOT_SUPPORTED,
            format!("{callback} returned STATUS_NOT_SUPPORTED"),
        );
    }
    status
}
