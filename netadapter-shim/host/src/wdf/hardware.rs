//! Resources of a device: filtering what it asks for, taking what it got, giving it back.

use super::device::{DeviceHost, DeviceState};
use super::interrupt;
use super::plug_and_play::supported;
use super::requirements::RequirementsObject;
use super::resource_list::ResourceLists;
use crate::pnp::{AssignedResources, ResourceRequirements};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_STATE, nt_success};
use netadapter_abi::wdf::PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS;

impl DeviceHost {
    /// What the device asks for after the driver, and the framework's interrupt policies, have
    /// changed what the bus found (*EVT_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS*).
    ///
    /// # Errors
    /// The status with which the driver refused.
    pub fn filter_requirements(
        &self,
        requirements: ResourceRequirements,
    ) -> Result<ResourceRequirements, NTSTATUS> {
        let object = RequirementsObject::new(self.handle().cast(), requirements)?;
        let remove = self.fdo.EvtDeviceFilterRemoveResourceRequirements;
        let result = self
            .call_filter("EvtDeviceFilterRemoveResourceRequirements", remove, &object)
            .and_then(|()| {
                let policies = interrupt::policies(&self.interrupts.lock());
                object.for_each_list(|descriptors| interrupt::apply(&policies, descriptors));
                let add = self.fdo.EvtDeviceFilterAddResourceRequirements;
                self.call_filter("EvtDeviceFilterAddResourceRequirements", add, &object)
            });
        let filtered = object.finish();
        result.map(|()| filtered)
    }

    fn call_filter(
        &self,
        name: &'static str,
        callback: PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS,
        object: &RequirementsObject,
    ) -> Result<(), NTSTATUS> {
        self.call(name, callback, |filter, device| {
            // SAFETY: the driver registered this callback; the list exists during the call.
            unsafe { filter(device, object.handle()) }
        })
    }

    /// Gives the driver its resources; afterwards the device is prepared, or all is undone.
    pub(super) fn prepare(&self, resources: AssignedResources) -> Result<(), NTSTATUS> {
        let state = self.state();
        if !matches!(state, DeviceState::Added | DeviceState::Stopped) {
            return Err(STATUS_INVALID_DEVICE_STATE);
        }
        self.remove_added_resources(&resources)?;
        interrupt::assign(&self.interrupts.lock(), &resources);
        if let Some(extension) = self.class_extension() {
            let status = extension.before_prepare_hardware();
            if !nt_success(status) {
                self.forget_interrupt_resources();
                return Err(status);
            }
        }
        let lists = ResourceLists::new(self.handle().cast(), resources)?;
        *self.resources.lock() = Some(lists);
        self.set_state(DeviceState::Preparing);
        let callback = self.pnp.EvtDevicePrepareHardware;
        let prepared = self.call("EvtDevicePrepareHardware", callback, |prepare, device| {
            // SAFETY: the driver registered this callback; the lists exist until the hardware is
            // released.
            unsafe { prepare(device, lists.raw(), lists.translated()) }
        });
        self.set_state(DeviceState::Started);
        prepared.map_err(|status| {
            self.release_hardware();
            supported("EvtDevicePrepareHardware", status)
        })
    }

    /// Calls EvtDeviceRemoveAddedResources on lists of its own: what it takes out of them is what
    /// the bus would not see, and this bus does not look.
    fn remove_added_resources(&self, resources: &AssignedResources) -> Result<(), NTSTATUS> {
        let Some(callback) = self.fdo.EvtDeviceRemoveAddedResources else {
            return Ok(());
        };
        let lists = ResourceLists::new(self.handle().cast(), resources.clone())?;
        let result = self.call(
            "EvtDeviceRemoveAddedResources",
            Some(callback),
            |remove, device| {
                // SAFETY: the driver registered this callback; the lists exist during the call.
                unsafe { remove(device, lists.raw(), lists.translated()) }
            },
        );
        lists.delete();
        result
    }

    /// Takes the resources from the driver: adapters halted, EvtDeviceReleaseHardware, then the
    /// interrupts made in EvtDevicePrepareHardware go, newest first.
    pub(super) fn release_hardware(&self) {
        let Some(lists) = *self.resources.lock() else {
            return;
        };
        if let Some(extension) = self.class_extension() {
            extension.before_release_hardware();
        }
        let callback = self.pnp.EvtDeviceReleaseHardware;
        let released = self.call("EvtDeviceReleaseHardware", callback, |release, device| {
            // SAFETY: the driver registered this callback; the list exists during the call.
            unsafe { release(device, lists.translated()) }
        });
        if let Err(status) = released {
            supported("EvtDeviceReleaseHardware", status);
            self.fail();
        }
        let interrupts = self.interrupts.lock().clone();
        interrupt::delete_prepared(&interrupts);
        self.forget_interrupt_resources();
        *self.resources.lock() = None;
        lists.delete();
    }

    fn forget_interrupt_resources(&self) {
        for interrupt in self.interrupts.lock().iter() {
            interrupt.forget_resources();
        }
    }
}
