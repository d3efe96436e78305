//! I/O requests: from a caller in user mode through the device's queues to the driver and back.
#![allow(
    non_upper_case_globals,
    reason = "enumerators keep the spelling of the C headers"
)]

mod buffers;
mod callback_lock;
mod cancel;
mod dispatch;
mod files;
mod files_api;
mod forward;
mod irp;
mod package;
mod package_api;
mod queue;
mod queue_api;
mod queue_control;
mod queue_create;
mod queue_power;
mod request;
mod request_api;
mod request_buffer;
mod request_memory;
mod request_queue_api;
pub(crate) mod rules;
mod settings;

pub(super) use buffers::{Method, is_io_type};
pub(super) use callback_lock::{CallbackLock, Scope};
pub use files::{OpenFile, PendingIo, close_all_files};
pub use irp::{Completion, Transfer};
pub(super) use package::IoPackage;
pub(super) use queue::queue_lock;
pub(super) use settings::{IoSettings, check_attributes, file_class, uses_fs_context};

/// The functions of I/O, for the table.
pub(super) mod api {
    pub use super::files_api::*;
    pub use super::package_api::*;
    pub use super::queue_api::*;
    pub use super::queue_create::wdf_io_queue_create;
    pub use super::request_api::*;
    pub use super::request_buffer::*;
    pub use super::request_memory::*;
    pub use super::request_queue_api::*;
}
