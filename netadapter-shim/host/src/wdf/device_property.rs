//! `WdfDeviceQueryPropertyEx`.

use super::device;
use super::entry::{enter_up_to, has_size, required, required_out};
use netadapter_abi::nt::{
    APC_LEVEL, DEVPROPTYPE, NTSTATUS, PVOID, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DEVICE_PROPERTY_DATA, WDF_DRIVER_GLOBALS, WDFDEVICE};

nt_export! {
    /// Type and length are stored also if the buffer is too small.
    pub(super) unsafe fn wdf_device_query_property_ex(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        property: *mut WDF_DEVICE_PROPERTY_DATA,
        buffer_length: ULONG,
        buffer: PVOID,
        required_size: *mut ULONG,
        property_type: *mut DEVPROPTYPE,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceQueryPropertyEx";
        enter_up_to(globals, NAME, APC_LEVEL);
        let device = device::device(handle);
        // SAFETY: *WdfDeviceQueryPropertyEx function*: the driver's own structure.
        let property = unsafe { required(property, NAME, "DeviceProperty") };
        // SAFETY: as above, the locations that receive length and type.
        let required_size = unsafe { required_out(required_size, NAME, "RequiredSize") };
        // SAFETY: as above.
        let property_type = unsafe { required_out(property_type, NAME, "Type") };
        if !has_size::<WDF_DEVICE_PROPERTY_DATA>(property.Size) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        // SAFETY: as above, a property key.
        let key = unsafe { required(property.PropertyKey, NAME, "DeviceProperty->PropertyKey") };
        let Some((kind, value)) = device.node().property(key) else {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        };
        *required_size = value.len() as ULONG;
        *property_type = kind;
        if value.len() > buffer_length as usize || buffer.is_null() && !value.is_empty() {
            return STATUS_BUFFER_TOO_SMALL;
        }
        // SAFETY: the driver's buffer has `buffer_length` bytes, which are enough.
        unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(value.as_ptr(), value.len()) };
        STATUS_SUCCESS
    }
}
