//! Properties of a device.

use netadapter_abi::nt::{
    DEVPROP_TYPE_INT32, DEVPROP_TYPE_UINT32, DEVPROPKEY, STATUS_OBJECT_NAME_NOT_FOUND,
};
use netadapter_abi::wdf::WDF_DEVICE_PROPERTY_DATA;
use netadapter_abi::wdf_call;

use crate::device::DeviceHandle;
use crate::{Result, Status};

/// Reads a property of 32 bits, of type UINT32 or INT32; `None` when the device does not have it.
///
/// IRQL: ≤ APC_LEVEL.
///
/// # Errors
///
/// STATUS_INVALID_PARAMETER when it has another type; else that of `WdfDeviceQueryPropertyEx`.
pub fn query_u32(device: DeviceHandle, key: &'static DEVPROPKEY) -> Result<Option<u32>> {
    let mut data = WDF_DEVICE_PROPERTY_DATA::init(key);
    let (mut value, mut size, mut kind) = (0_u32, 0, 0);
    // SAFETY: the device is valid; key, buffer and results outlive the call, and the buffer has the given length.
    let status = unsafe {
        wdf_call!(
            WdfDeviceQueryPropertyEx,
            device.raw(),
            &mut data,
            size_of::<u32>() as u32,
            (&raw mut value).cast(),
            &mut size,
            &mut kind,
        )
    };
    if status == STATUS_OBJECT_NAME_NOT_FOUND {
        return Ok(None);
    }
    Status::check(status)?;
    if matches!(kind, DEVPROP_TYPE_UINT32 | DEVPROP_TYPE_INT32) {
        Ok(Some(value))
    } else {
        Err(Status::INVALID_PARAMETER)
    }
}
