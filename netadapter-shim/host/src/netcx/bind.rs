//! Binding of a driver to the class extension.

use super::call::ClientGlobals;
use super::table::function_table;
use netadapter_abi::binding::WDF_CLASS_BIND_INFO;
use netadapter_abi::net::FUNCTION_NAMES;
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use netadapter_abi::wdf::WDF_DRIVER_GLOBALS;
use std::ffi::c_void;

/// The major version that the host offers.
const MAJOR: u32 = 2;

/// Number of functions of each minor version. Tables only grow.
const FUNCTIONS_BY_MINOR: [u32; 4] = [75, 122, 124, FUNCTION_NAMES.len() as u32];

/// Binds a driver to NetAdapterCx 2.0 to 2.3: fills its function table and gives it its globals.
///
/// `record` is the driver's bind record for the class `NetAdapterCx`;
/// `_globals`, its framework globals, are not needed: handles carry all that is.
///
/// IRQL: PASSIVE_LEVEL. Errors: `STATUS_NOT_SUPPORTED` for any other version,
/// `STATUS_INVALID_PARAMETER` for a record that does not fit its version.
pub(crate) fn bind_class(
    record: *mut WDF_CLASS_BIND_INFO,
    _globals: *mut WDF_DRIVER_GLOBALS,
) -> NTSTATUS {
    // SAFETY: the loader passes the bind record of the image it has loaded, which is not shared.
    let Some(record) = (unsafe { record.as_mut() }) else {
        return STATUS_INVALID_PARAMETER;
    };
    let version = &record.Version;
    let functions = FUNCTIONS_BY_MINOR.get(version.Minor as usize);
    let Some(&functions) = functions.filter(|_| version.Major == MAJOR && version.Build == 0)
    else {
        return STATUS_NOT_SUPPORTED;
    };
    let place = record.ClassBindInfo.cast::<*mut c_void>();
    if record.FunctionTableCount > functions || record.FunctionTable.is_null() || place.is_null() {
        return STATUS_INVALID_PARAMETER;
    }
    let table = function_table();
    for (index, &function) in table[..record.FunctionTableCount as usize]
        .iter()
        .enumerate()
    {
        let entry = record.FunctionTable.wrapping_add(index);
        // SAFETY: the driver's table has `FunctionTableCount` entries.
        unsafe { entry.write(function) };
    }
    let client = ClientGlobals::new(version.Minor);
    // SAFETY: `ClassBindInfo` holds the address of the driver's variable for its globals.
    unsafe { place.write(client.cast()) };
    STATUS_SUCCESS
}

/// Undoes [`bind_class`]: from now on every call of the driver is a violation.
///
/// IRQL: PASSIVE_LEVEL.
pub(crate) fn unbind_class(record: *mut WDF_CLASS_BIND_INFO) {
    // SAFETY: as for binding.
    let Some(record) = (unsafe { record.as_mut() }) else {
        return;
    };
    let place = record.ClassBindInfo.cast::<*mut c_void>();
    if place.is_null() {
        return;
    }
    // SAFETY: as for binding.
    let client = unsafe { place.replace(std::ptr::null_mut()) };
    ClientGlobals::retire(client.cast());
}
