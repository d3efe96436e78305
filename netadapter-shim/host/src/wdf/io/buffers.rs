//! The buffers of a request, as the I/O manager prepares them.

use super::irp::Transfer;
use crate::executive::{System, system};
use netadapter_abi::nt::{
    METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_NEITHER, METHOD_OUT_DIRECT, ULONG,
    method_from_ctl_code,
};
use netadapter_abi::wdf::{
    WDF_DEVICE_IO_TYPE, WdfDeviceIoBuffered, WdfDeviceIoDirect, WdfDeviceIoNeither,
};

/// The I/O manager's tag.
const TAG: ULONG = ULONG::from_le_bytes(*b"Io  ");

/// Memory of exactly the size that a caller gave, so that a driver that goes beyond it is found.
pub(super) struct Block {
    system: &'static System,
    address: usize,
    bytes: usize,
}

impl Block {
    /// A zeroed block that begins with `content`; none if there is no memory or it has no bytes.
    fn new(bytes: usize, content: &[u8]) -> Option<Self> {
        let system = system();
        let address = system.pool().allocate(bytes, TAG);
        if address.is_null() {
            return None;
        }
        let count = content.len().min(bytes);
        // SAFETY: the new block has `bytes` bytes, and the content lies elsewhere.
        unsafe { address.copy_from_nonoverlapping(content.as_ptr(), count) };
        Some(Self {
            system,
            address: address as usize,
            bytes,
        })
    }

    pub(super) fn address(&self) -> *mut u8 {
        self.address as *mut u8
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A copy of the first `count` bytes, or of all if there are fewer.
    fn read(&self, count: usize) -> Vec<u8> {
        let mut content = vec![0; count.min(self.bytes)];
        // SAFETY: the block has at least so many bytes; the driver has given the request back.
        unsafe {
            self.address()
                .copy_to_nonoverlapping(content.as_mut_ptr(), content.len())
        };
        content
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // The block came from the pool with this tag, so the pool takes it back.
        let _ = self.system.pool().release(self.address(), TAG);
    }
}

/// How the data of a request get to the driver and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wdf) enum Method {
    /// Copied into a system buffer, and back from it.
    Buffered,
    /// The second buffer of the caller, or the only one, is locked and described by an MDL.
    Direct,
    /// The driver gets the caller's own addresses.
    Neither,
}

impl Method {
    pub(in crate::wdf) fn of_control_code(code: ULONG) -> Self {
        match method_from_ctl_code(code) {
            METHOD_BUFFERED => Self::Buffered,
            METHOD_IN_DIRECT | METHOD_OUT_DIRECT => Self::Direct,
            METHOD_NEITHER => Self::Neither,
            _ => unreachable!("a method has two bits"),
        }
    }

    /// The method of reads and writes to a device of this type
    /// (*WdfDeviceInitSetIoTypeEx function*: buffered-or-direct chooses by length; here the
    /// framework chooses to copy).
    pub(in crate::wdf) fn of_io_type(io_type: WDF_DEVICE_IO_TYPE) -> Self {
        match io_type {
            WdfDeviceIoNeither => Self::Neither,
            WdfDeviceIoDirect => Self::Direct,
            _ => Self::Buffered,
        }
    }
}

/// The buffers of one request.
#[derive(Default)]
pub(super) struct Buffers {
    /// Input of a control request, and its output if that is copied; data of a buffered read or
    /// write.
    pub(super) system: Option<Block>,
    /// What an MDL describes, or, of a request that is neither, the caller's output buffer.
    pub(super) second: Option<Block>,
}

impl Buffers {
    /// Prepares the buffers of a request; none if memory ran out.
    pub(super) fn prepare(method: Method, transfer: &Transfer) -> Option<Self> {
        let (first, second) = match transfer {
            Transfer::Create => (None, None),
            Transfer::Read { length } => match method {
                Method::Buffered => (Some((*length, &[][..])), None),
                Method::Direct | Method::Neither => (None, Some((*length, &[][..]))),
            },
            Transfer::Write { data } => match method {
                Method::Buffered => (Some((data.len(), &data[..])), None),
                Method::Direct | Method::Neither => (None, Some((data.len(), &data[..]))),
            },
            Transfer::DeviceControl { input, output, .. }
            | Transfer::InternalDeviceControl { input, output, .. } => match method {
                Method::Buffered => (Some((input.len().max(output.len()), &input[..])), None),
                Method::Direct | Method::Neither => (
                    Some((input.len(), &input[..])),
                    Some((output.len(), &output[..])),
                ),
            },
        };
        let block = |wanted: Option<(usize, &[u8])>| match wanted {
            None | Some((0, _)) => Some(None),
            Some((bytes, content)) => Block::new(bytes, content).map(Some),
        };
        Some(Self {
            system: block(first)?,
            second: block(second)?,
        })
    }

    /// What the caller finds in its output buffer when `information` bytes have been returned.
    pub(super) fn output(&self, method: Method, information: usize) -> Vec<u8> {
        let from = match method {
            Method::Buffered => &self.system,
            Method::Direct | Method::Neither => &self.second,
        };
        from.as_ref()
            .map_or_else(Vec::new, |block| block.read(information))
    }
}

/// Whether a device's reads and writes may be of this type.
pub(in crate::wdf) fn is_io_type(io_type: WDF_DEVICE_IO_TYPE) -> bool {
    matches!(
        io_type,
        WdfDeviceIoNeither | WdfDeviceIoBuffered | WdfDeviceIoDirect
    )
}
