//! `WdfDeviceInit…` functions about a device's I/O, name and security.

use super::device_init::{Role, change, require_not_netcx, resolve};
use super::entry::{enter, enter_passive, null_parameter, require_size, required};
use super::io::{Method, check_attributes, file_class, is_io_type, uses_fs_context};
use super::rules;
use super::sddl::Sddl;
use super::text;
use crate::executive::violation;
use netadapter_abi::nt::{
    BOOLEAN, GUID, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_INVALID_SECURITY_DESCR,
    STATUS_SUCCESS, ULONG, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    PFN_WDF_IO_IN_CALLER_CONTEXT, WDF_DEVICE_IO_TYPE, WDF_DRIVER_GLOBALS, WDF_FILEOBJECT_CONFIG,
    WDF_IO_TYPE_CONFIG, WDF_OBJECT_ATTRIBUTES, WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE,
    WDF_REMOVE_LOCK_OPTIONS, WDFDEVICE_INIT, WdfReleaseHardwareOrderOnFailureAfterDescendants,
    WdfReleaseHardwareOrderOnFailureEarly,
};

fn out_of_range(function: &str, name: &str, value: i32) -> ! {
    violation(
        &rules::WDF_VALUE_OUT_OF_RANGE,
        format!("{function}: {name} is {value}"),
    )
}

nt_export! {
    pub(super) unsafe fn wdf_device_init_set_io_type(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        io_type: WDF_DEVICE_IO_TYPE,
    ) {
        const NAME: &str = "WdfDeviceInitSetIoType";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
        if !is_io_type(io_type) {
            out_of_range(NAME, "IoType", io_type);
        }
        change(init, NAME, |parts| parts.io.method = Method::of_io_type(io_type));
    }

    pub(super) unsafe fn wdf_device_init_set_io_type_ex(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        config: *mut WDF_IO_TYPE_CONFIG,
    ) {
        const NAME: &str = "WdfDeviceInitSetIoTypeEx";
        enter_passive(globals, NAME);
        require_not_netcx(init, NAME);
        // SAFETY: *WdfDeviceInitSetIoTypeEx function*: the driver's own structure.
        let config = unsafe { required(config, NAME, "IoTypeConfig") };
        require_size::<WDF_IO_TYPE_CONFIG>(config.Size, NAME, "IoTypeConfig");
        for io_type in [config.ReadWriteIoType, config.DeviceControlIoType] {
            if !is_io_type(io_type) {
                out_of_range(NAME, "IoTypeConfig", io_type);
            }
        }
        let method = Method::of_io_type(config.ReadWriteIoType);
        change(init, NAME, |parts| parts.io.method = method);
    }

    pub(super) unsafe fn wdf_device_init_set_exclusive(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        exclusive: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceInitSetExclusive";
        enter(globals, NAME);
        change(init, NAME, |parts| parts.io.exclusive = exclusive != 0);
    }

    pub(super) unsafe fn wdf_device_init_set_device_type(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        device_type: ULONG,
    ) {
        const NAME: &str = "WdfDeviceInitSetDeviceType";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
        change(init, NAME, |parts| parts.io.device_type = device_type);
    }

    pub(super) unsafe fn wdf_device_init_set_characteristics(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        characteristics: ULONG,
        or_in: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceInitSetCharacteristics";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
        change(init, NAME, |parts| {
            let kept = if or_in != 0 { parts.io.characteristics } else { 0 };
            parts.io.characteristics = kept | characteristics;
        });
    }

    pub(super) unsafe fn wdf_device_init_assign_name(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        name: *const UNICODE_STRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceInitAssignName";
        enter_passive(globals, NAME);
        require_not_netcx(init, NAME);
        // SAFETY: *WdfDeviceInitAssignName function*: null or the driver's string.
        let Some(name) = (unsafe { name.as_ref() }) else {
            change(init, NAME, |parts| parts.io.name = None);
            return STATUS_SUCCESS;
        };
        // SAFETY: as above.
        match unsafe { text::read(name) } {
            Ok(name) => {
                change(init, NAME, |parts| parts.io.name = Some(name));
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    /// A string that is none would make `WdfDeviceCreate` fail: the host says so at once.
    pub(super) unsafe fn wdf_device_init_assign_sddl_string(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        sddl: *const UNICODE_STRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceInitAssignSDDLString";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDeviceInitAssignSDDLString function*: null or the driver's string.
        let Some(sddl) = (unsafe { sddl.as_ref() }) else {
            // A control device cannot do without one.
            if change(init, NAME, |parts| parts.role == Role::Control) {
                return STATUS_INVALID_PARAMETER;
            }
            change(init, NAME, |parts| parts.io.security = None);
            return STATUS_SUCCESS;
        };
        // SAFETY: as above.
        let text = match unsafe { text::read(sddl) } {
            Ok(text) => text,
            Err(status) => return status,
        };
        let Ok(security) = Sddl::parse(&text) else { return STATUS_INVALID_SECURITY_DESCR };
        change(init, NAME, |parts| parts.io.security = Some(security));
        STATUS_SUCCESS
    }

    pub(super) unsafe fn wdf_device_init_set_device_class(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        class: *const GUID,
    ) {
        const NAME: &str = "WdfDeviceInitSetDeviceClass";
        enter(globals, NAME);
        // SAFETY: *WdfDeviceInitSetDeviceClass function*: the driver's own GUID.
        let class = *unsafe { required(class, NAME, "DeviceClassGuid") };
        change(init, NAME, |parts| parts.io.class = Some(class));
    }

    pub(super) unsafe fn wdf_device_init_set_file_object_config(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        config: *mut WDF_FILEOBJECT_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
    ) {
        const NAME: &str = "WdfDeviceInitSetFileObjectConfig";
        enter(globals, NAME);
        // SAFETY: *WdfDeviceInitSetFileObjectConfig function*: the driver's own structure.
        let config = *unsafe { required(config, NAME, "FileObjectConfig") };
        require_size::<WDF_FILEOBJECT_CONFIG>(config.Size, NAME, "FileObjectConfig");
        // SAFETY: as above, null or the driver's attributes.
        let attributes = unsafe { attributes.as_ref() };
        check_attributes(attributes, true, NAME);
        let netcx = change(init, NAME, |parts| parts.class_extension.is_some());
        let class = file_class(&config);
        if class.is_none_or(|class| netcx && uses_fs_context(class)) {
            violation(
                &rules::WDF_FILE_OBJECT_CLASS,
                format!("{NAME}: FileObjectClass is {:#x}", config.FileObjectClass),
            );
        }
        change(init, NAME, |parts| parts.io.set_files(config, attributes));
    }

    pub(super) unsafe fn wdf_device_init_set_request_attributes(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
    ) {
        const NAME: &str = "WdfDeviceInitSetRequestAttributes";
        enter(globals, NAME);
        // SAFETY: *WdfDeviceInitSetRequestAttributes function*: the driver's own structure.
        let attributes = unsafe { required(attributes, NAME, "RequestAttributes") };
        check_attributes(Some(attributes), false, NAME);
        change(init, NAME, |parts| parts.io.set_request_attributes(attributes));
    }

    pub(super) unsafe fn wdf_device_init_set_io_in_caller_context_callback(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        callback: PFN_WDF_IO_IN_CALLER_CONTEXT,
    ) {
        const NAME: &str = "WdfDeviceInitSetIoInCallerContextCallback";
        enter(globals, NAME);
        if callback.is_none() {
            null_parameter(NAME, "EvtIoInCallerContext");
        }
        change(init, NAME, |parts| parts.io.set_in_caller_context(callback));
    }

    /// Power requests to this host's devices come at PASSIVE_LEVEL in any case.
    pub(super) unsafe fn wdf_device_init_set_power_pageable(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
    ) {
        const NAME: &str = "WdfDeviceInitSetPowerPageable";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
    }

    /// As for `WdfDeviceInitSetPowerPageable`.
    pub(super) unsafe fn wdf_device_init_set_power_not_pageable(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
    ) {
        const NAME: &str = "WdfDeviceInitSetPowerNotPageable";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
    }

    /// The host's power supply can take any inrush.
    pub(super) unsafe fn wdf_device_init_set_power_inrush(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
    ) {
        const NAME: &str = "WdfDeviceInitSetPowerInrush";
        enter(globals, NAME);
        resolve(init, NAME);
    }

    /// The host waits for outstanding requests before it removes a device, with or without lock.
    pub(super) unsafe fn wdf_device_init_set_remove_lock_options(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        options: *mut WDF_REMOVE_LOCK_OPTIONS,
    ) {
        const NAME: &str = "WdfDeviceInitSetRemoveLockOptions";
        enter(globals, NAME);
        resolve(init, NAME);
        // SAFETY: *WdfDeviceInitSetRemoveLockOptions function*: the driver's own structure.
        let options = unsafe { required(options, NAME, "Options") };
        require_size::<WDF_REMOVE_LOCK_OPTIONS>(options.Size, NAME, "Options");
    }

    /// The devices of this host have no children that the order could concern.
    pub(super) unsafe fn wdf_device_init_set_release_hardware_order_on_failure(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        order: WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE,
    ) {
        const NAME: &str = "WdfDeviceInitSetReleaseHardwareOrderOnFailure";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
        let known = [
            WdfReleaseHardwareOrderOnFailureEarly,
            WdfReleaseHardwareOrderOnFailureAfterDescendants,
        ];
        if !known.contains(&order) {
            out_of_range(NAME, "ReleaseHardwareOrderOnFailure", order);
        }
    }

    pub(super) unsafe fn wdf_fdo_init_set_filter(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
    ) {
        const NAME: &str = "WdfFdoInitSetFilter";
        enter_passive(globals, NAME);
        require_not_netcx(init, NAME);
        change(init, NAME, |parts| parts.role = Role::Filter);
    }

    /// The function driver of this host's devices owns their power policy.
    pub(super) unsafe fn wdf_device_init_set_power_policy_ownership(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        owner: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceInitSetPowerPolicyOwnership";
        enter(globals, NAME);
        require_not_netcx(init, NAME);
        if owner == 0 {
            super::table::not_implemented_by_host(NAME);
        }
    }
}
