//! Memory objects.

use super::driver;
use super::entry::{enter, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use crate::executive::{system, violation};
use netadapter_abi::nt::{
    NTSTATUS, POOL_TYPE, PVOID, SIZE_T, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFMEMORY, WDFOBJECT};

/// A memory object: where its buffer lies, how long it is, and whose it is.
struct MemoryObject {
    buffer: usize,
    bytes: usize,
    source: Source,
}

/// Who gets a memory object's buffer back.
enum Source {
    /// The pool, by this tag.
    Pool(ULONG),
    /// Nobody: the buffer is someone else's.
    Borrowed,
}

fn memory_object(handle: WDFMEMORY) -> &'static MemoryObject {
    object::payload(handle.cast(), ObjectKind::Memory)
}

fn create(
    globals: *mut WDF_DRIVER_GLOBALS,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
    tag: ULONG,
    bytes: usize,
) -> Result<WDFMEMORY, NTSTATUS> {
    if bytes == 0 {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let buffer = system().pool().allocate(bytes, tag);
    if buffer.is_null() {
        return Err(STATUS_INSUFFICIENT_RESOURCES);
    }
    let payload = Box::new(MemoryObject {
        buffer: buffer as usize,
        bytes,
        source: Source::Pool(tag),
    });
    let parent = driver::driver_of(globals);
    let created = object::create_object(ObjectKind::Memory, parent, attributes, payload);
    let handle = created.inspect_err(|_| release(buffer, tag))?;
    object::set_hooks(
        handle,
        Hooks {
            dispose: None,
            destroy: Some(destroy),
        },
    );
    Ok(handle.cast())
}

fn release(buffer: *mut u8, tag: ULONG) {
    if let Err((rule, detail)) = system().pool().release(buffer, tag) {
        violation(rule, detail);
    }
}

fn destroy(handle: WDFOBJECT) {
    let memory = memory_object(handle.cast());
    if let Source::Pool(tag) = memory.source {
        release(memory.buffer as *mut u8, tag);
    }
}

/// Makes a memory object for a buffer that belongs to `parent`. The driver cannot delete it.
pub(super) fn borrowed(
    parent: WDFOBJECT,
    buffer: usize,
    bytes: usize,
) -> Result<WDFMEMORY, NTSTATUS> {
    let payload = Box::new(MemoryObject {
        buffer,
        bytes,
        source: Source::Borrowed,
    });
    let attributes = std::ptr::null();
    let handle = object::create_object(ObjectKind::Memory, Some(parent), attributes, payload)?;
    object::forbid_driver_deletion(handle);
    Ok(handle.cast())
}

nt_export! {
    /// The host has one pool, which serves all pool types.
    pub(super) unsafe fn wdf_memory_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        _pool_type: POOL_TYPE,
        tag: ULONG,
        bytes: SIZE_T,
        result: *mut WDFMEMORY,
        buffer: *mut PVOID,
    ) -> NTSTATUS {
        const NAME: &str = "WdfMemoryCreate";
        enter(globals, NAME);
        // SAFETY: *WdfMemoryCreate function*: the location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Memory") };
        match create(globals, attributes, tag, bytes) {
            Ok(handle) => {
                *result = handle;
                // SAFETY: null or the location that receives the buffer's address.
                if let Some(buffer) = unsafe { buffer.as_mut() } {
                    *buffer = memory_object(handle).buffer as PVOID;
                }
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_memory_get_buffer(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFMEMORY,
        bytes: *mut SIZE_T,
    ) -> PVOID {
        enter(globals, "WdfMemoryGetBuffer");
        let memory = memory_object(handle);
        // SAFETY: *WdfMemoryGetBuffer function*: null or the location that receives the length.
        if let Some(bytes) = unsafe { bytes.as_mut() } {
            *bytes = memory.bytes;
        }
        memory.buffer as PVOID
    }
}
