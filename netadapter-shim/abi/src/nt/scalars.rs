//! Scalar types of NT on x64.

use core::ffi::c_void;

pub type BOOLEAN = u8;
pub type CCHAR = i8;
pub type UCHAR = u8;
pub type SHORT = i16;
pub type USHORT = u16;
pub type LONG = i32;
pub type ULONG = u32;
pub type LONGLONG = i64;
pub type ULONGLONG = u64;
pub type ULONG_PTR = usize;
pub type SIZE_T = usize;
pub type PVOID = *mut c_void;
pub type HANDLE = PVOID;
pub type NTSTATUS = i32;
pub type ACCESS_MASK = ULONG;
pub type DEVPROPTYPE = ULONG;
pub type KAFFINITY = ULONG_PTR;
pub type KIRQL = UCHAR;
pub type KPRIORITY = LONG;
pub type KPROCESSOR_MODE = CCHAR;
/// Only its address matters to a driver.
pub type KSPIN_LOCK = ULONG_PTR;
pub type NODE_REQUIREMENT = ULONG;
pub type POOL_FLAGS = u64;
/// The C type is a union over the same 64 bits; it is passed and returned like an integer.
pub type LARGE_INTEGER = i64;
/// See [`LARGE_INTEGER`].
pub type ULARGE_INTEGER = u64;
pub type PHYSICAL_ADDRESS = LARGE_INTEGER;
