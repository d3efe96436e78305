//! `WdfDevice…` functions about a device's place, state and capabilities.

use super::device;
use super::entry::{enter, has_size, require_size, required};
use super::object;
use super::power::PowerState;
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{
    BOOLEAN, DEVICE_OBJECT, NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DEVICE_FAILED_ACTION, WDF_DEVICE_PNP_CAPABILITIES, WDF_DEVICE_POWER_CAPABILITIES,
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    WDF_DEVICE_POWER_STATE, WDF_DRIVER_GLOBALS, WDFDEVICE, WDFDRIVER, WdfDevStatePowerD0,
    WdfDevStatePowerD0Starting, WdfDevStatePowerFinal, WdfDevStatePowerGotoD3Stopped,
    WdfDeviceFailedAttemptRestart, WdfDeviceFailedNoRestart,
};

nt_export! {
    pub(super) unsafe fn wdf_device_get_driver(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> WDFDRIVER {
        enter(globals, "WdfDeviceGetDriver");
        device::device(handle);
        object::parent(handle.cast()).map_or(std::ptr::null_mut(), |driver| driver.cast())
    }

    /// The address names the object; nothing that a driver may use lies there.
    pub(super) unsafe fn wdf_device_wdm_get_device_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> *mut DEVICE_OBJECT {
        enter(globals, "WdfDeviceWdmGetDeviceObject");
        device::device(handle).functional_device_object()
    }

    /// The address names the object; nothing that a driver may use lies there.
    pub(super) unsafe fn wdf_device_wdm_get_physical_device(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> *mut DEVICE_OBJECT {
        enter(globals, "WdfDeviceWdmGetPhysicalDevice");
        device::device(handle).physical_device_object()
    }

    pub(super) unsafe fn wdf_device_get_device_power_state(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> WDF_DEVICE_POWER_STATE {
        enter(globals, "WdfDeviceGetDevicePowerState");
        match device::device(handle).power_state() {
            PowerState::Off => WdfDevStatePowerFinal,
            PowerState::EnteringD0 => WdfDevStatePowerD0Starting,
            PowerState::D0 => WdfDevStatePowerD0,
            PowerState::LeavingD0 => WdfDevStatePowerGotoD3Stopped,
        }
    }

    pub(super) unsafe fn wdf_device_set_alignment_requirement(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        mask: ULONG,
    ) {
        enter(globals, "WdfDeviceSetAlignmentRequirement");
        device::device(handle).set_alignment_mask(mask);
    }

    pub(super) unsafe fn wdf_device_get_alignment_requirement(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> ULONG {
        enter(globals, "WdfDeviceGetAlignmentRequirement");
        device::device(handle).alignment_mask()
    }

    pub(super) unsafe fn wdf_device_set_characteristics(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        characteristics: ULONG,
    ) {
        enter(globals, "WdfDeviceSetCharacteristics");
        device::device(handle).set_characteristics(characteristics);
    }

    pub(super) unsafe fn wdf_device_get_characteristics(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> ULONG {
        enter(globals, "WdfDeviceGetCharacteristics");
        device::device(handle).characteristics()
    }

    pub(super) unsafe fn wdf_device_set_static_stop_remove(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        stoppable: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceSetStaticStopRemove";
        enter(globals, NAME);
        let change = if stoppable != 0 { -1 } else { 1 };
        if device::device(handle).change_stop_count(change) < 0 {
            violation(
                &rules::WDF_UNMATCHED_STOP_REMOVE,
                format!("{NAME}: TRUE without a preceding FALSE"),
            );
        }
    }

    pub(super) unsafe fn wdf_device_set_failed(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        action: WDF_DEVICE_FAILED_ACTION,
    ) {
        const NAME: &str = "WdfDeviceSetFailed";
        enter(globals, NAME);
        let device = device::device(handle);
        if !(WdfDeviceFailedAttemptRestart..=WdfDeviceFailedNoRestart).contains(&action) {
            violation(&rules::WDF_FAILED_ACTION_OUT_OF_RANGE, format!("{NAME}: FailedAction is {action}"));
        }
        device.fail();
    }

    /// What is shown of a device has no effect in this host.
    pub(super) unsafe fn wdf_device_set_pnp_capabilities(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        capabilities: *mut WDF_DEVICE_PNP_CAPABILITIES,
    ) {
        const NAME: &str = "WdfDeviceSetPnpCapabilities";
        enter(globals, NAME);
        device::device(handle);
        // SAFETY: *WdfDeviceSetPnpCapabilities function*: the driver's own structure.
        let capabilities = unsafe { required(capabilities, NAME, "PnpCapabilities") };
        require_size::<WDF_DEVICE_PNP_CAPABILITIES>(capabilities.Size, NAME, "PnpCapabilities");
    }

    /// The host's system stays in S0, so the states of sleep have no effect.
    pub(super) unsafe fn wdf_device_set_power_capabilities(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        capabilities: *mut WDF_DEVICE_POWER_CAPABILITIES,
    ) {
        const NAME: &str = "WdfDeviceSetPowerCapabilities";
        enter(globals, NAME);
        device::device(handle);
        // SAFETY: *WdfDeviceSetPowerCapabilities function*: the driver's own structure.
        let capabilities = unsafe { required(capabilities, NAME, "PowerCapabilities") };
        require_size::<WDF_DEVICE_POWER_CAPABILITIES>(capabilities.Size, NAME, "PowerCapabilities");
    }

    /// The host never finds a device idle.
    pub(super) unsafe fn wdf_device_assign_s0_idle_settings(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        settings: *mut WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceAssignS0IdleSettings";
        enter(globals, NAME);
        device::device(handle);
        // SAFETY: *WdfDeviceAssignS0IdleSettings function*: the driver's own structure.
        let settings = unsafe { required(settings, NAME, "Settings") };
        if has_size::<WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS>(settings.Size) {
            STATUS_SUCCESS
        } else {
            STATUS_INFO_LENGTH_MISMATCH
        }
    }

    /// The host's system never sleeps.
    pub(super) unsafe fn wdf_device_assign_sx_wake_settings(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        settings: *mut WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceAssignSxWakeSettings";
        enter(globals, NAME);
        device::device(handle);
        // SAFETY: *WdfDeviceAssignSxWakeSettings function*: the driver's own structure.
        let settings = unsafe { required(settings, NAME, "Settings") };
        if has_size::<WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS>(settings.Size) {
            STATUS_SUCCESS
        } else {
            STATUS_INFO_LENGTH_MISMATCH
        }
    }
}
