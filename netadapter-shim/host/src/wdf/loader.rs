//! WDFLDR.SYS: binds clients to the framework, and the framework's clients to class extensions.

use super::driver;
use super::table::{function_table, gated_function_table};
use crate::executive::{require_irql, system};
use core::ffi::c_void;
use netadapter_abi::binding::{
    PWDF_BIND_INFO, PWDF_CLASS_BIND_INFO, PWDF_COMPONENT_GLOBALS, WDF_BIND_INFO, WDF_BIND_INFO2,
    WDF_CLASS_BIND_INFO, WDF_CLASS_BIND_INFO2, WDF_INTERFACE_HEADER,
};
use netadapter_abi::nt::{
    DRIVER_OBJECT, NTSTATUS, PASSIVE_LEVEL, STATUS_INVALID_PARAMETER, STATUS_NOINTERFACE,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, ULONG, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{FUNCTION_NAMES, WDF_DRIVER_GLOBALS};

/// Version of the framework library.
const MAJOR: ULONG = 1;
const MINOR: ULONG = 33;

const FUNCTION_COUNT: ULONG = FUNCTION_NAMES.len() as ULONG;
const STRUCTURE_COUNT: ULONG = 81;

/// The sizes of the function tables that were released.
const RELEASED_TABLES: [ULONG; 13] = [
    383,
    386,
    387,
    396,
    432,
    438,
    444,
    446,
    448,
    451,
    453,
    454,
    FUNCTION_COUNT,
];

/// Up to this count (KMDF 1.13) the client gives the table's own memory, above it a variable that
/// receives the address of the library's table.
const LAST_COPIED_TABLE: ULONG = 438;

/// The address of an export of WDFLDR.SYS.
pub fn resolve(name: &str) -> Option<*const c_void> {
    match name {
        "WdfVersionBind" => Some(wdf_version_bind as *const c_void),
        "WdfVersionUnbind" => Some(wdf_version_unbind as *const c_void),
        "WdfVersionBindClass" => Some(wdf_version_bind_class as *const c_void),
        "WdfVersionUnbindClass" => Some(wdf_version_unbind_class as *const c_void),
        "WdfLdrQueryInterface" => Some(wdf_ldr_query_interface as *const c_void),
        _ => None,
    }
}

/// The units of a NUL-terminated name, at most as many as the longest name that is known.
///
/// # Safety
/// `name` is null or valid for reads up to its terminator.
unsafe fn name_of(name: *const u16) -> String {
    const LONGEST: usize = 64;
    if name.is_null() {
        return String::new();
    }
    let mut units = Vec::new();
    while units.len() < LONGEST {
        // SAFETY: no terminator was met before this unit.
        match unsafe { name.wrapping_add(units.len()).read() } {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16_lossy(&units)
}

/// Whether the client's version fits; for a newer client the counts are lowered to the library's.
///
/// # Safety
/// `info` and, if its size says so, the whole longer record are valid.
unsafe fn check_versions(info: PWDF_BIND_INFO) -> Result<(), NTSTATUS> {
    // SAFETY: the caller's promise.
    let size = unsafe { (*info).Size } as usize;
    // SAFETY: as above.
    let version = unsafe { (*info).Version };
    if version.Major != MAJOR {
        return Err(STATUS_INVALID_PARAMETER);
    }
    if size == size_of::<WDF_BIND_INFO2>() {
        // SAFETY: the record has the longer form.
        unsafe { check_long_record(info.cast()) }?;
    } else if size != size_of::<WDF_BIND_INFO>() || version.Minor > MINOR {
        return Err(STATUS_INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let count = unsafe { (*info).FuncCount };
    if RELEASED_TABLES.contains(&count) {
        Ok(())
    } else {
        Err(STATUS_INVALID_PARAMETER)
    }
}

/// # Safety
/// `info` is valid and its pointers are null or valid.
unsafe fn check_long_record(info: *mut WDF_BIND_INFO2) -> Result<(), NTSTATUS> {
    // SAFETY: the caller's promise.
    let info = unsafe { &mut *info };
    let minor = info.V1.Version.Minor;
    // SAFETY: as above.
    let minimum = unsafe { info.MinimumVersionRequired.as_ref() };
    if minimum.is_none_or(|&minimum| minimum > minor || minimum > MINOR) {
        return Err(STATUS_INVALID_PARAMETER);
    }
    // SAFETY: as above.
    let newer = unsafe { info.ClientVersionHigherThanFramework.as_mut() };
    // SAFETY: as above.
    let functions = unsafe { info.FuncCountPtr.as_mut() };
    // SAFETY: as above.
    let structures = unsafe { info.StructCountPtr.as_mut() };
    let (Some(newer), Some(functions), Some(structures)) = (newer, functions, structures) else {
        return Err(STATUS_INVALID_PARAMETER);
    };
    *newer = u8::from(minor > MINOR);
    if minor < MINOR && (info.V1.FuncCount > FUNCTION_COUNT || *structures > STRUCTURE_COUNT) {
        return Err(STATUS_INVALID_PARAMETER);
    }
    if minor > MINOR {
        if info.V1.FuncCount < FUNCTION_COUNT || *structures < STRUCTURE_COUNT {
            return Err(STATUS_INVALID_PARAMETER);
        }
        info.V1.FuncCount = FUNCTION_COUNT;
        *functions = FUNCTION_COUNT;
        *structures = STRUCTURE_COUNT;
    }
    Ok(())
}

/// Gives the client its table.
///
/// # Safety
/// `info.FuncTable` is valid for what the function count says: a table, or a variable.
unsafe fn publish_table(info: &WDF_BIND_INFO) -> Result<(), NTSTATUS> {
    let table = if system().is_conducted() {
        gated_function_table()
    } else {
        function_table()
    };
    let entries = table.entries();
    if info.FuncTable.is_null() {
        return Err(STATUS_INVALID_PARAMETER);
    }
    if info.FuncCount > LAST_COPIED_TABLE {
        // SAFETY: the caller's promise: the address of a pointer variable.
        unsafe {
            info.FuncTable
                .cast::<*const *const c_void>()
                .write(entries.as_ptr())
        };
    } else {
        let count = info.FuncCount as usize;
        // SAFETY: the caller's promise: a table of that many entries.
        unsafe {
            info.FuncTable
                .copy_from_nonoverlapping(entries.as_ptr(), count)
        };
    }
    Ok(())
}

nt_export! {
    unsafe fn wdf_version_bind(
        driver_object: *mut DRIVER_OBJECT,
        _registry_path: *mut UNICODE_STRING,
        info: PWDF_BIND_INFO,
        globals: *mut *mut WDF_DRIVER_GLOBALS,
    ) -> NTSTATUS {
        require_irql("WdfVersionBind", PASSIVE_LEVEL);
        if info.is_null() || globals.is_null() {
            return STATUS_INVALID_PARAMETER;
        }
        // SAFETY: the client's record is valid and its own.
        let component = unsafe { (*info).Component };
        // SAFETY: the client's name for the library is a constant string.
        if unsafe { name_of(component) } != "KmdfLibrary" {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        // SAFETY: the client's record is valid and its own.
        if let Err(status) = unsafe { check_versions(info) } {
            return status;
        }
        // SAFETY: as above.
        let record = unsafe { &*info };
        // SAFETY: the client's table, or its variable for the table's address.
        if let Err(status) = unsafe { publish_table(record) } {
            return status;
        }
        match driver::bind_client(driver_object) {
            Ok(client) => {
                // SAFETY: the client's variable for its globals.
                unsafe { globals.write(client) };
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    unsafe fn wdf_version_unbind(
        _registry_path: *mut UNICODE_STRING,
        _info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS {
        require_irql("WdfVersionUnbind", PASSIVE_LEVEL);
        driver::unbind_client(globals.cast())
    }

    unsafe fn wdf_version_bind_class(
        _info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) -> NTSTATUS {
        require_irql("WdfVersionBindClass", PASSIVE_LEVEL);
        super::client::check(globals.cast(), "WdfVersionBindClass");
        // SAFETY: null or the client's record.
        let Some(record) = (unsafe { class.as_ref() }) else { return STATUS_INVALID_PARAMETER };
        let size = record.Size as usize;
        if size != size_of::<WDF_CLASS_BIND_INFO>() && size != size_of::<WDF_CLASS_BIND_INFO2>() {
            return STATUS_INVALID_PARAMETER;
        }
        // SAFETY: the client's name for the class is a constant string.
        if unsafe { name_of(record.ClassName) } != "NetAdapterCx" {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        crate::netcx::bind_class(class, globals.cast())
    }

    unsafe fn wdf_version_unbind_class(
        _info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) {
        require_irql("WdfVersionUnbindClass", PASSIVE_LEVEL);
        super::client::check(globals.cast(), "WdfVersionUnbindClass");
        crate::netcx::unbind_class(class);
    }

    /// The identifier of the only interface that clients ask for is not published.
    unsafe fn wdf_ldr_query_interface(_interface: *mut WDF_INTERFACE_HEADER) -> NTSTATUS {
        require_irql("WdfLdrQueryInterface", PASSIVE_LEVEL);
        STATUS_NOINTERFACE
    }
}
