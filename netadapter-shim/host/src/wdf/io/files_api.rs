//! `WdfFileObject…` functions.

use super::super::entry::{enter, enter_passive};
use super::super::kind::ObjectKind;
use super::super::object;
use super::files::OpenFile;
use netadapter_abi::nt::{ULONG, UNICODE_STRING};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDFDEVICE, WDFFILEOBJECT};
use std::sync::Arc;

/// The file of a handle.
pub(super) fn file_object(handle: WDFFILEOBJECT) -> &'static Arc<OpenFile> {
    object::payload(handle.cast(), ObjectKind::FileObject)
}

nt_export! {
    pub unsafe fn wdf_file_object_get_file_name(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFFILEOBJECT,
    ) -> *mut UNICODE_STRING {
        enter_passive(globals, "WdfFileObjectGetFileName");
        file_object(handle).file_name().string()
    }

    /// Files here have no flags that drivers look for.
    pub unsafe fn wdf_file_object_get_flags(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFFILEOBJECT,
    ) -> ULONG {
        enter(globals, "WdfFileObjectGetFlags");
        file_object(handle);
        0
    }

    pub unsafe fn wdf_file_object_get_device(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFFILEOBJECT,
    ) -> WDFDEVICE {
        enter(globals, "WdfFileObjectGetDevice");
        file_object(handle).device().handle()
    }

    pub unsafe fn wdf_file_object_get_initiator_process_id(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFFILEOBJECT,
    ) -> ULONG {
        enter(globals, "WdfFileObjectGetInitiatorProcessId");
        file_object(handle).process_id()
    }
}
