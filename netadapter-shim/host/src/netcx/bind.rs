//! Binding of a driver to the class extension.

use super::call::ClientGlobals;
use super::table::{FUNCTION_COUNT, function_name, function_table};
use crate::executive::{gate, system};
use netadapter_abi::binding::{WDF_CLASS_BIND_INFO, WDF_CLASS_BIND_INFO2};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use netadapter_abi::wdf::WDF_DRIVER_GLOBALS;
use std::ffi::c_void;

/// The major version that the host offers.
const MAJOR: u32 = 2;

/// Number of functions of each minor version. Tables only grow (*netfuncenum.h* of each version).
const FUNCTIONS_BY_MINOR: [u32; 6] = [75, 122, 124, 125, 131, FUNCTION_COUNT as u32];

/// Binds a driver to NetAdapterCx 2.0 to 2.5: fills its function table and gives it its globals.
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
    if let Err(status) = unsafe { check_long_record(record) } {
        return status;
    }
    // SAFETY: as above.
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
        let function = if system().is_conducted() {
            gate(function_name(index), function)
        } else {
            function
        };
        // SAFETY: the driver's table has `FunctionTableCount` entries.
        unsafe { entry.write(function) };
    }
    let client = ClientGlobals::new(version.Minor);
    // SAFETY: `ClassBindInfo` holds the address of the driver's variable for its globals.
    unsafe { place.write(client.cast()) };
    STATUS_SUCCESS
}

/// The second form of the record, which stubs have used since 2.4, names the oldest version that the
/// driver can do with and learns whether it is bound to an older one than it was built for. The
/// host binds no driver to an older one.
///
/// # Safety
/// `record` is null or valid for its size, and its pointers are null or valid.
unsafe fn check_long_record(record: *mut WDF_CLASS_BIND_INFO) -> Result<(), NTSTATUS> {
    // SAFETY: the caller's promise.
    let size = unsafe { record.as_ref() }.map_or(0, |record| record.Size as usize);
    if size != size_of::<WDF_CLASS_BIND_INFO2>() {
        return Ok(());
    }
    // SAFETY: the record has the longer form.
    let record = unsafe { &*record.cast::<WDF_CLASS_BIND_INFO2>() };
    // SAFETY: the caller's promise.
    let minimum = unsafe { record.MinimumVersionRequired.as_ref() };
    // SAFETY: as above.
    let newer = unsafe { record.ClientVersionHigherThanFramework.as_mut() };
    let (Some(&minimum), Some(newer)) = (minimum, newer) else {
        return Err(STATUS_INVALID_PARAMETER);
    };
    if minimum > record.V1.Version.Minor {
        return Err(STATUS_INVALID_PARAMETER);
    }
    *newer = 0;
    Ok(())
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
