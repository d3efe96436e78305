//! A function device: what its driver said about it, and where it stands in its PnP life.

use super::attributes::Constraints;
use super::callback::guarded;
use super::class_extension::ClassExtension;
use super::device_init::{InitParts, Role};
use super::dma::DmaEnabler;
use super::interface::DeviceInterfaces;
use super::interrupt::InterruptHost;
use super::io::IoPackage;
use super::kind::ObjectKind;
use super::object;
use super::power::{PowerState, SelfManagedIo};
use super::resource_list::ResourceLists;
use super::sddl::Sddl;
use crate::pnp::DeviceNode;
use netadapter_abi::nt::{DEVICE_OBJECT, NTSTATUS, nt_success};
use netadapter_abi::wdf::{WDF_FDO_EVENT_CALLBACKS, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE};
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
    characteristics: AtomicU32,
    constraints: Constraints,
    role: Role,
    pub(super) io: IoPackage,
    pub(super) interfaces: DeviceInterfaces,
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
    pub(super) fn new(parts: InitParts, constraints: Constraints) -> Self {
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
            characteristics: AtomicU32::new(parts.io.characteristics),
            constraints,
            role: parts.role,
            io: IoPackage::new(parts.io, constraints),
            interfaces: DeviceInterfaces::default(),
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

    /// The device's characteristics (*Specifying Device Characteristics*).
    pub(super) fn characteristics(&self) -> u32 {
        self.characteristics.load(Ordering::Relaxed)
    }

    pub(super) fn set_characteristics(&self, characteristics: u32) {
        self.characteristics
            .store(characteristics, Ordering::Relaxed);
    }

    /// Where the callbacks of the device's objects run, and what serialises them.
    pub(super) fn constraints(&self) -> Constraints {
        self.constraints
    }

    /// Whether the device has no hardware and is opened by its name alone.
    pub(super) fn is_control(&self) -> bool {
        self.role == Role::Control
    }

    /// Whether the driver only looks at what goes through to another driver.
    pub(super) fn is_filter(&self) -> bool {
        self.role == Role::Filter
    }

    /// Whether a default queue can still be made.
    pub(super) fn takes_default_queue(&self) -> bool {
        matches!(self.state(), DeviceState::Adding | DeviceState::Added)
    }

    /// Who may open the device: what the INF says counts more than what the driver says
    /// (*Controlling Device Access in Framework-Based Drivers*).
    pub(super) fn security(&self) -> Sddl {
        let from_inf = self
            .node
            .security()
            .and_then(|text| Sddl::parse(&text).ok());
        from_inf
            .or_else(|| self.io.settings.security.clone())
            .unwrap_or_else(Sddl::default_for_devices)
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
        name: &'static str,
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
        name: &'static str,
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

    pub(super) fn stops_forbidden(&self) -> bool {
        self.stop_count.load(Ordering::Acquire) > 0
    }

    /// The driver or the framework found that the device cannot go on.
    pub(super) fn fail(&self) {
        self.node.device_failed();
    }
}
