//! `WdfRequestRetrieve…Buffer`: the data of a request (*Accessing Data Buffers in WDF Drivers*).

use super::super::entry::{enter, enter_passive, required_out};
use super::buffers::{Block, Method};
use super::request::{Request, request};
use netadapter_abi::nt::{
    NTSTATUS, PVOID, SIZE_T, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_DEVICE_REQUEST, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDFREQUEST, WdfRequestTypeDeviceControl,
    WdfRequestTypeDeviceControlInternal, WdfRequestTypeRead, WdfRequestTypeWrite,
};

/// Which of a request's two buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// Where a buffer lies and how long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) address: usize,
    pub(super) bytes: usize,
}

impl Request {
    fn is_control(&self) -> bool {
        let kind = self.irp.parameters.request_type;
        kind == WdfRequestTypeDeviceControl || kind == WdfRequestTypeDeviceControlInternal
    }

    /// A buffer of the request, which must not be empty.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` if requests of this type have no such buffer, or the driver
    /// would get a raw address of user mode; `STATUS_BUFFER_TOO_SMALL` if it has no bytes.
    pub(super) fn extent(&self, side: Side) -> Result<Extent, NTSTATUS> {
        let parameters = &self.irp.parameters;
        match (parameters.request_type, side) {
            (WdfRequestTypeRead, Side::Output) | (WdfRequestTypeWrite, Side::Input) => {}
            _ if self.is_control() => {}
            _ => return Err(STATUS_INVALID_DEVICE_REQUEST),
        }
        let bytes = match side {
            Side::Input => parameters.input_length,
            Side::Output => parameters.output_length,
        };
        if bytes == 0 {
            return Err(STATUS_BUFFER_TOO_SMALL);
        }
        if self.irp.method == Method::Neither && self.is_from_user() {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        self.raw_extent(side, bytes)
    }

    fn raw_extent(&self, side: Side, bytes: usize) -> Result<Extent, NTSTATUS> {
        let buffers = self.irp.buffers.lock();
        let buffers = buffers.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let second = if self.is_control() {
            side == Side::Output && self.irp.method != Method::Buffered
        } else {
            self.irp.method != Method::Buffered
        };
        let block = if second {
            &buffers.second
        } else {
            &buffers.system
        };
        let address = block.as_ref().map_or(std::ptr::null_mut(), Block::address) as usize;
        Ok(Extent { address, bytes })
    }

    /// The caller's own address, of a request that is neither buffered nor direct.
    fn unsafe_extent(&self, side: Side) -> Result<Extent, NTSTATUS> {
        let parameters = &self.irp.parameters;
        let bytes = match (parameters.request_type, side) {
            (WdfRequestTypeDeviceControl | WdfRequestTypeWrite, Side::Input) => {
                parameters.input_length
            }
            (WdfRequestTypeDeviceControl | WdfRequestTypeRead, Side::Output) => {
                parameters.output_length
            }
            _ => return Err(STATUS_INVALID_DEVICE_REQUEST),
        };
        if self.irp.method != Method::Neither {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        self.raw_extent(side, bytes)
    }
}

/// Where a function stores an address and a length.
struct Results {
    buffer: *mut PVOID,
    length: *mut SIZE_T,
}

impl Results {
    /// Stores an extent of at least `minimum` bytes; nothing in case of a failure.
    ///
    /// # Safety
    /// `buffer` is null or valid for a write, so is `length`.
    unsafe fn store(
        self,
        function: &str,
        minimum: usize,
        extent: Result<Extent, NTSTATUS>,
    ) -> NTSTATUS {
        // SAFETY: the caller's promise.
        let buffer = unsafe { required_out(self.buffer, function, "Buffer") };
        let (address, bytes, status) = match extent {
            Ok(extent) if extent.bytes >= minimum => (extent.address, extent.bytes, STATUS_SUCCESS),
            Ok(_) => (0, 0, STATUS_BUFFER_TOO_SMALL),
            Err(status) => (0, 0, status),
        };
        *buffer = address as PVOID;
        // SAFETY: the caller's promise.
        if let Some(length) = unsafe { self.length.as_mut() } {
            *length = bytes;
        }
        status
    }
}

nt_export! {
    pub unsafe fn wdf_request_retrieve_input_buffer(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        minimum: SIZE_T,
        buffer: *mut PVOID,
        length: *mut SIZE_T,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveInputBuffer";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        let results = Results { buffer, length };
        // SAFETY: *WdfRequestRetrieveInputBuffer function*: locations for the results.
        unsafe { results.store(NAME, minimum, request.extent(Side::Input)) }
    }

    pub unsafe fn wdf_request_retrieve_output_buffer(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        minimum: SIZE_T,
        buffer: *mut PVOID,
        length: *mut SIZE_T,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveOutputBuffer";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        let results = Results { buffer, length };
        // SAFETY: *WdfRequestRetrieveOutputBuffer function*: locations for the results.
        unsafe { results.store(NAME, minimum, request.extent(Side::Output)) }
    }

    pub unsafe fn wdf_request_retrieve_unsafe_user_input_buffer(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        minimum: SIZE_T,
        buffer: *mut PVOID,
        length: *mut SIZE_T,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveUnsafeUserInputBuffer";
        enter_passive(globals, NAME);
        let request = request(handle, NAME);
        request.require_caller_context(NAME);
        let results = Results { buffer, length };
        // SAFETY: *WdfRequestRetrieveUnsafeUserInputBuffer function*: locations for the results.
        unsafe { results.store(NAME, minimum, request.unsafe_extent(Side::Input)) }
    }

    pub unsafe fn wdf_request_retrieve_unsafe_user_output_buffer(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        minimum: SIZE_T,
        buffer: *mut PVOID,
        length: *mut SIZE_T,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRetrieveUnsafeUserOutputBuffer";
        enter_passive(globals, NAME);
        let request = request(handle, NAME);
        request.require_caller_context(NAME);
        let results = Results { buffer, length };
        // SAFETY: *WdfRequestRetrieveUnsafeUserOutputBuffer function*: locations for the results.
        unsafe { results.store(NAME, minimum, request.unsafe_extent(Side::Output)) }
    }
}
