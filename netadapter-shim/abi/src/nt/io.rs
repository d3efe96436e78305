//! I/O control codes and registry value types.

use super::*;

pub use windows_sys::Win32::System::Ioctl::{
    FILE_ANY_ACCESS, FILE_READ_ACCESS, FILE_WRITE_ACCESS, METHOD_BUFFERED, METHOD_IN_DIRECT,
    METHOD_NEITHER, METHOD_OUT_DIRECT,
};
pub use windows_sys::Win32::System::Registry::{
    REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_NONE, REG_QWORD, REG_SZ,
};

/// `CTL_CODE`: the code of a device control request.
pub const fn ctl_code(device_type: ULONG, function: ULONG, method: ULONG, access: ULONG) -> ULONG {
    device_type << 16 | access << 14 | function << 2 | method
}

/// `METHOD_FROM_CTL_CODE`: how a request with this code passes its buffers.
pub const fn method_from_ctl_code(code: ULONG) -> ULONG {
    code & 3
}
