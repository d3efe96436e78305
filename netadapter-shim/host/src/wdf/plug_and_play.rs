//! What the PnP manager asks of a device: start, stop, removal.

use super::device::{DeviceHost, DeviceState};
use super::object;
use super::rules;
use crate::executive::{system, violation};
use crate::pnp::AssignedResources;
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use netadapter_abi::wdf::WDFOBJECT;

impl DeviceHost {
    /// Asks whether the device may stop for a rebalance. It goes on working either way.
    ///
    /// Returns the status of the answer (*EVT_WDF_DEVICE_QUERY_STOP callback function*).
    pub fn query_stop(&self) -> NTSTATUS {
        system().milestone("query_stop", None);
        if self.state() != DeviceState::Started || self.stops_forbidden() {
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
        if self.stops_forbidden() {
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
                self.io.purge(true);
                self.flush_failed_self_managed_io();
            })
        });
        match result {
            Ok(()) => {
                self.enable_interfaces();
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
        self.io.purge(false);
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
        self.disable_interfaces();
        self.io.purge(true);
        self.flush_self_managed_io();
    }

    pub(super) fn delete(&self) {
        if let Some(extension) = self.class_extension() {
            extension.before_device_cleanup();
        }
        let handle: WDFOBJECT = self.handle().cast();
        object::delete_object(handle);
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
