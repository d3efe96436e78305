//! The binary contract of NT, KMDF 1.33 and NetAdapterCx 2.3 for Rust: types, tables, loader stub.
//!
//! Everything is for x64 Windows. Names, members and constants have the C spelling, so the Windows documentation
//! applies word for word. Values that other code writes are plain integers, never Rust enumerations.
//!
//! * [`nt`]: types, constants, status codes and functions of the kernel;
//! * [`wdf`]: KMDF 1.33, its function table included;
//! * [`net`]: NetAdapterCx 2.3, its function table included;
//! * [`binding`]: how a driver is bound to the framework and its class extension;
//! * [`stub`]: what the static libraries of the kits do for C drivers before and after the driver's own code;
//! * [`nt_fn!`] and [`nt_export!`]: the calling convention.
//!
//! The crate also builds where the target is not Windows, for a host that takes the place of the kernel; there, the
//! functions of other images are stubs.
#![no_std]
#![allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "the C spelling is kept"
)]

mod calling;
mod declare;

pub mod binding;
pub mod net;
pub mod nt;
pub mod stub;
pub mod text;
pub mod wdf;

pub use declare::{Import, Prototype};
