//! `WdfDeviceCreate`.

use super::attributes::Constraints;
use super::control_device;
use super::device::DeviceHost;
use super::device_init;
use super::entry::{enter_passive, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_SECURITY_DESCR, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFDEVICE_INIT, WDFOBJECT,
};
use std::sync::Arc;

fn create(
    init: &'static device_init::DeviceInit,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFDEVICE, NTSTATUS> {
    let unnamed = device_init::change(init.address(), "WdfDeviceCreate", |parts| {
        parts.io.security.is_some() && !parts.io.has_name()
    });
    if unnamed {
        return Err(STATUS_INVALID_SECURITY_DESCR);
    }
    let mut parts = init.take().ok_or(STATUS_INVALID_DEVICE_STATE)?;
    let factory = parts.class_extension.take();
    let driver = parts.driver as WDFOBJECT;
    // SAFETY: null or the driver's attributes.
    let constraints = Constraints::DEFAULT.overridden(unsafe { attributes.as_ref() });
    let device = Arc::new(DeviceHost::new(parts, constraints));
    let payload = Box::new(device.clone());
    let handle = object::create_object(ObjectKind::Device, Some(driver), attributes, payload)?;
    device.set_handle(handle.cast());
    if device.is_control() {
        object::allow_driver_deletion(handle);
        object::set_hooks(
            handle,
            Hooks {
                dispose: Some(control_device::dispose),
                destroy: None,
            },
        );
    }
    if let Some(factory) = factory {
        device.set_class_extension(factory(handle.cast()));
    }
    init.set_created(device);
    Ok(handle.cast())
}

nt_export! {
    pub(super) unsafe fn wdf_device_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut *mut WDFDEVICE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFDEVICE,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceCreate";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDeviceCreate function*: the address of the driver's pointer to the init.
        let init = unsafe { required_out(init, NAME, "DeviceInit") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Device") };
        match create(device_init::resolve(*init, NAME), attributes) {
            Ok(device) => {
                *init = std::ptr::null_mut();
                *result = device;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }
}
