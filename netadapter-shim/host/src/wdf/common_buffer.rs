//! Common buffers: memory that the device and the driver both see.

use super::dma;
use super::entry::{enter, enter_passive, has_size, required, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use crate::executive::{ContiguousMemory, system};
use netadapter_abi::nt::{
    NTSTATUS, PHYSICAL_ADDRESS, PVOID, SIZE_T, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_COMMON_BUFFER_CONFIG, WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFCOMMONBUFFER,
    WDFDMAENABLER, WDFOBJECT,
};

/// A common buffer.
struct CommonBuffer {
    memory: ContiguousMemory,
    length: usize,
}

fn buffer(handle: WDFCOMMONBUFFER) -> &'static CommonBuffer {
    object::payload(handle.cast(), ObjectKind::CommonBuffer)
}

/// Makes a buffer whose address is a multiple of `alignment_mask` + 1.
fn create(
    enabler: WDFDMAENABLER,
    length: usize,
    alignment_mask: ULONG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFCOMMONBUFFER, NTSTATUS> {
    let alignment = (alignment_mask as usize + 1).next_power_of_two();
    if length == 0 {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let memory = system().memory().allocate(length, alignment);
    let memory = memory.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
    let payload = Box::new(CommonBuffer { memory, length });
    let kind = ObjectKind::CommonBuffer;
    let handle = object::create_object(kind, Some(enabler.cast()), attributes, payload)
        .inspect_err(|_| system().memory().release(memory))?;
    object::set_hooks(
        handle,
        Hooks {
            dispose: None,
            destroy: Some(destroy),
        },
    );
    Ok(handle.cast())
}

fn destroy(handle: WDFOBJECT) {
    system().memory().release(buffer(handle.cast()).memory);
}

/// Stores the handle of a new buffer.
///
/// # Safety
/// `result` is null or valid for the write.
unsafe fn finish(
    function: &str,
    created: Result<WDFCOMMONBUFFER, NTSTATUS>,
    result: *mut WDFCOMMONBUFFER,
) -> NTSTATUS {
    // SAFETY: the caller's promise.
    let result = unsafe { required_out(result, function, "CommonBuffer") };
    match created {
        Ok(handle) => {
            *result = handle;
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

nt_export! {
    /// The alignment is that of the device (`WdfDeviceSetAlignmentRequirement`).
    pub(super) unsafe fn wdf_common_buffer_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        enabler: WDFDMAENABLER,
        length: SIZE_T,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFCOMMONBUFFER,
    ) -> NTSTATUS {
        const NAME: &str = "WdfCommonBufferCreate";
        enter_passive(globals, NAME);
        let mask = dma::enabler(enabler).device().alignment_mask();
        let created = create(enabler, length, mask, attributes);
        // SAFETY: *WdfCommonBufferCreate function*: the location that receives the handle.
        unsafe { finish(NAME, created, result) }
    }

    pub(super) unsafe fn wdf_common_buffer_create_with_config(
        globals: *mut WDF_DRIVER_GLOBALS,
        enabler: WDFDMAENABLER,
        length: SIZE_T,
        config: *mut WDF_COMMON_BUFFER_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFCOMMONBUFFER,
    ) -> NTSTATUS {
        const NAME: &str = "WdfCommonBufferCreateWithConfig";
        enter_passive(globals, NAME);
        dma::enabler(enabler);
        // SAFETY: *WdfCommonBufferCreateWithConfig function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Config") };
        if !has_size::<WDF_COMMON_BUFFER_CONFIG>(config.Size) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        let created = create(enabler, length, config.AlignmentRequirement, attributes);
        // SAFETY: as above, the location that receives the handle.
        unsafe { finish(NAME, created, result) }
    }

    pub(super) unsafe fn wdf_common_buffer_get_aligned_virtual_address(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFCOMMONBUFFER,
    ) -> PVOID {
        enter(globals, "WdfCommonBufferGetAlignedVirtualAddress");
        buffer(handle).memory.virtual_address.cast()
    }

    pub(super) unsafe fn wdf_common_buffer_get_aligned_logical_address(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFCOMMONBUFFER,
    ) -> PHYSICAL_ADDRESS {
        enter(globals, "WdfCommonBufferGetAlignedLogicalAddress");
        buffer(handle).memory.logical_address as PHYSICAL_ADDRESS
    }

    pub(super) unsafe fn wdf_common_buffer_get_length(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFCOMMONBUFFER,
    ) -> SIZE_T {
        enter(globals, "WdfCommonBufferGetLength");
        buffer(handle).length
    }
}
