//! Memory objects and MDLs of requests.

use super::super::entry::{enter, enter_passive, required_out};
use super::super::memory;
use super::buffers::Block;
use super::request::{Request, request};
use super::request_buffer::{Extent, Side};
use crate::executive::{PAGE_SIZE, system};
use netadapter_abi::nt::{
    MDL, NTSTATUS, PVOID, SIZE_T, STATUS_ACCESS_VIOLATION, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_USER_BUFFER, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDFMEMORY, WDFREQUEST, WdfRequestTypeRead, WdfRequestTypeWrite,
};

/// The I/O manager's tag of MDLs.
const MDL_TAG: ULONG = ULONG::from_le_bytes(*b"Mdl ");

/// Flags of an MDL whose pages are locked and mapped.
const MAPPED_AND_LOCKED: i16 = 0x0001 | 0x0002;

impl Request {
    /// The memory object of a buffer; the same one for every call.
    fn memory(&self, side: Side) -> Result<WDFMEMORY, NTSTATUS> {
        let extent = self.extent(side)?;
        let place = side as usize;
        if let Some(existing) = self.state.lock().memory[place] {
            return Ok(existing as WDFMEMORY);
        }
        let handle = memory::borrowed(self.handle().cast(), extent.address, extent.bytes)?;
        self.state.lock().memory[place] = Some(handle as usize);
        Ok(handle)
    }

    /// An MDL that describes a buffer, until the request is completed.
    fn mdl(&self, side: Side) -> Result<*mut MDL, NTSTATUS> {
        let extent = self.extent(side)?;
        let block = system().pool().allocate(size_of::<MDL>(), MDL_TAG);
        if block.is_null() {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let offset = extent.address % PAGE_SIZE;
        let mdl = MDL {
            Size: size_of::<MDL>() as i16,
            MdlFlags: MAPPED_AND_LOCKED,
            MappedSystemVa: extent.address as PVOID,
            StartVa: (extent.address - offset) as PVOID,
            ByteCount: extent.bytes as ULONG,
            ByteOffset: offset as ULONG,
            ..MDL::zeroed()
        };
        let block = block.cast::<MDL>();
        // SAFETY: the block has just been allocated for one MDL.
        unsafe { block.write(mdl) };
        self.state.lock().mdls.push(block as usize);
        Ok(block)
    }

    /// Locks a part of the caller's own memory: in EvtIoInCallerContext only.
    fn probe(&self, address: usize, bytes: usize) -> Result<WDFMEMORY, NTSTATUS> {
        if bytes == 0 || address == 0 {
            return Err(STATUS_INVALID_USER_BUFFER);
        }
        let lies_in = |block: &Block| {
            let start = block.address() as usize;
            address >= start && address + bytes <= start + block.bytes()
        };
        {
            let buffers = self.irp.buffers.lock();
            let buffers = buffers.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
            let mut blocks = buffers.system.iter().chain(&buffers.second);
            if !blocks.any(lies_in) {
                return Err(STATUS_ACCESS_VIOLATION);
            }
        }
        memory::borrowed(self.handle().cast(), address, bytes)
    }
}

/// Gives a completed request's MDLs back.
pub(super) fn free_mdls(request: &Request) {
    let mdls = std::mem::take(&mut request.state.lock().mdls);
    for mdl in mdls {
        // The block came from the pool with this tag, so the pool takes it back.
        let _ = system().pool().release(mdl as *mut u8, MDL_TAG);
    }
}

fn store<T>(result: &mut T, value: Result<T, NTSTATUS>) -> NTSTATUS {
    match value {
        Ok(value) => {
            *result = value;
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

fn probe_and_lock(
    handle: WDFREQUEST,
    range: Extent,
    result: *mut WDFMEMORY,
    function: &str,
) -> NTSTATUS {
    let request = request(handle, function);
    request.require_caller_context(function);
    // SAFETY: the function's page: the location that receives the handle.
    let result = unsafe { required_out(result, function, "MemoryObject") };
    store(result, request.probe(range.address, range.bytes))
}

nt_export! {
    pub unsafe fn wdf_request_retrieve_input_memory(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        result: *mut WDFMEMORY,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveInputMemory";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        // SAFETY: *WdfRequestRetrieveInputMemory function*: the location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Memory") };
        store(result, request.memory(Side::Input))
    }

    pub unsafe fn wdf_request_retrieve_output_memory(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        result: *mut WDFMEMORY,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveOutputMemory";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        // SAFETY: *WdfRequestRetrieveOutputMemory function*: the location that receives the
        // handle.
        let result = unsafe { required_out(result, NAME, "Memory") };
        store(result, request.memory(Side::Output))
    }

    pub unsafe fn wdf_request_retrieve_input_wdm_mdl(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        result: *mut *mut MDL,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveInputWdmMdl";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        // SAFETY: *WdfRequestRetrieveInputWdmMdl function*: the location that receives the MDL.
        let result = unsafe { required_out(result, NAME, "Mdl") };
        if request.irp.parameters.request_type == WdfRequestTypeRead {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        store(result, request.mdl(Side::Input))
    }

    pub unsafe fn wdf_request_retrieve_output_wdm_mdl(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        result: *mut *mut MDL,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveOutputWdmMdl";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        // SAFETY: *WdfRequestRetrieveOutputWdmMdl function*: the location that receives the MDL.
        let result = unsafe { required_out(result, NAME, "Mdl") };
        if request.irp.parameters.request_type == WdfRequestTypeWrite {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        store(result, request.mdl(Side::Output))
    }

    pub unsafe fn wdf_request_probe_and_lock_user_buffer_for_read(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        buffer: PVOID,
        length: SIZE_T,
        result: *mut WDFMEMORY,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestProbeAndLockUserBufferForRead";
        enter_passive(globals, NAME);
        let range = Extent { address: buffer as usize, bytes: length };
        probe_and_lock(handle, range, result, NAME)
    }

    pub unsafe fn wdf_request_probe_and_lock_user_buffer_for_write(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        buffer: PVOID,
        length: SIZE_T,
        result: *mut WDFMEMORY,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestProbeAndLockUserBufferForWrite";
        enter_passive(globals, NAME);
        let range = Extent { address: buffer as usize, bytes: length };
        probe_and_lock(handle, range, result, NAME)
    }
}
