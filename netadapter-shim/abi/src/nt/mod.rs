//! NT: types, constants, status codes, GUIDs and functions of the kernel.
//!
//! Structures come from `windows-sys` where its layout is right and it neither renames members nor contains function
//! pointers, whose convention it gets wrong where the target is not Windows.
#![allow(
    missing_docs,
    reason = "the items are those of the Windows headers and documented there"
)]

mod bus;
mod callbacks;
mod constants;
mod enums;
mod imports;
mod io;
mod notification;
mod objects;
mod property;
mod resources;
mod scalars;
mod status;

pub use bus::*;
pub use callbacks::*;
pub use constants::*;
pub use enums::*;
pub use imports::*;
pub use io::*;
pub use notification::*;
pub use objects::*;
pub use property::*;
pub use resources::*;
pub use scalars::*;
pub use status::*;
pub use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
pub use windows_sys::Wdk::System::SystemServices::{
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, KE_PROCESSOR_CHANGE_NOTIFY_STATE,
    KeProcessorAddCompleteNotify, KeProcessorAddFailureNotify, KeProcessorAddStartNotify,
    PHYSICAL_MEMORY_RANGE,
};
pub use windows_sys::Win32::Foundation::UNICODE_STRING;
pub use windows_sys::Win32::System::Kernel::{LIST_ENTRY, PROCESSOR_NUMBER, SINGLE_LIST_ENTRY};
pub use windows_sys::Win32::System::SystemInformation::GROUP_AFFINITY;
pub use windows_sys::Win32::System::WindowsProgramming::CLIENT_ID;

pub(crate) use crate::declare::{c_enums, callbacks, constants, opaque, zeroed};
pub(crate) use core::ffi::c_void;
