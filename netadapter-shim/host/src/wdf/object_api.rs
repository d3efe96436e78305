//! `WdfObject…` functions.

use super::entry::{enter, enter_any, required, required_out};
use super::handle;
use super::kind::ObjectKind;
use super::object;
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{LONG, NTSTATUS, PVOID, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDF_OBJECT_CONTEXT_TYPE_INFO, WDFOBJECT,
};
use std::sync::atomic::Ordering;

nt_export! {
    pub(super) unsafe fn wdf_object_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        object: *mut WDFOBJECT,
    ) -> NTSTATUS {
        enter(globals, "WdfObjectCreate");
        // SAFETY: *WdfObjectCreate function*: the address of a location that receives a handle.
        let result = unsafe { required_out(object, "WdfObjectCreate", "Object") };
        let driver = super::driver::driver_of(globals);
        match object::create_object(ObjectKind::General, driver, attributes, Box::new(())) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_object_delete(globals: *mut WDF_DRIVER_GLOBALS, object: WDFOBJECT) {
        enter(globals, "WdfObjectDelete");
        let target = handle::resolve_any(object);
        if !target.driver_deletes.load(Ordering::Relaxed) {
            violation(
                &rules::WDF_DELETE_NOT_ALLOWED,
                format!("WdfObjectDelete of a {}, which the framework owns", target.kind_name()),
            );
        }
        if object::is_alive(object, ObjectKind::Device) {
            super::control_device::delete(object);
        } else {
            object::delete_object(object);
        }
    }

    pub(super) unsafe fn wdf_object_reference_actual(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
        _tag: PVOID,
        _line: LONG,
        _file: *const u8,
    ) {
        enter(globals, "WdfObjectReferenceActual");
        object::reference(handle);
    }

    pub(super) unsafe fn wdf_object_dereference_actual(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
        _tag: PVOID,
        _line: LONG,
        _file: *const u8,
    ) {
        enter(globals, "WdfObjectDereferenceActual");
        object::dereference(handle);
    }

    pub(super) unsafe fn wdf_object_get_typed_context_worker(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
        type_info: *const WDF_OBJECT_CONTEXT_TYPE_INFO,
    ) -> PVOID {
        enter_any(globals, "WdfObjectGetTypedContextWorker");
        object::context(handle, type_info)
    }

    pub(super) unsafe fn wdf_object_allocate_context(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        context: *mut PVOID,
    ) -> NTSTATUS {
        const NAME: &str = "WdfObjectAllocateContext";
        enter(globals, NAME);
        // SAFETY: *WdfObjectAllocateContext function*: the driver's attributes.
        let attributes = unsafe { required(attributes, NAME, "ContextAttributes") };
        let (status, memory) = match object::allocate_context(handle, attributes) {
            Ok(memory) => (STATUS_SUCCESS, memory),
            Err(failure) => failure,
        };
        // SAFETY: null or the address of a location that receives the context's address.
        if let Some(result) = unsafe { context.as_mut() } {
            *result = memory;
        }
        status
    }

    pub(super) unsafe fn wdf_object_context_get_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        context: PVOID,
    ) -> WDFOBJECT {
        const NAME: &str = "WdfObjectContextGetObject";
        enter_any(globals, NAME);
        // SAFETY: *WdfObjectContextGetObject function*: the address of a context.
        unsafe { required(context, NAME, "ContextPointer") };
        match object::context_object(context) {
            Some(handle) => handle,
            None => violation(
                &rules::WDF_INVALID_HANDLE,
                format!("{NAME}: no object's context lies at {context:p}"),
            ),
        }
    }
}
