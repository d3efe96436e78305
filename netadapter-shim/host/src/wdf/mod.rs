//! KMDF 1.33 as a driver sees it: the loader's exports, the function table, objects, and devices
//! whose callbacks come in the documented order.
//!
//! No lock of this module is held while the driver is called, while a thread waits or when a rule
//! is found broken: a thread may never continue after any of these.

mod attributes;
mod bus_interface;
mod callback;
mod class_extension;
mod client;
mod common_buffer;
mod context;
mod control_device;
mod deletion;
mod device;
mod device_api;
mod device_create;
mod device_init;
mod device_init_settings;
mod device_property;
mod dma;
mod dpc;
mod driver;
mod driver_object;
mod entry;
mod handle;
mod hardware;
mod interface;
mod interrupt;
mod interrupt_api;
mod interrupt_create;
mod interrupt_resource;
pub(crate) mod io;
mod kind;
mod loader;
mod lock;
mod memory;
mod object;
mod object_api;
mod plug_and_play;
mod power;
mod requirements;
mod resource_list;
pub(crate) mod rules;
mod sddl;
mod string;
mod table;
mod table_io;
#[cfg(test)]
mod tests;
mod text;
mod timer;
mod user_mode;
mod work_item;

pub use callback::guarded;
pub use class_extension::ClassExtension;
pub use device::{DeviceHost, DeviceState, device};
pub use device_init::{ClassExtensionFactory, device_init_mark_netcx};
pub use dma::dma_version;
pub use driver::DriverHost;
pub use io::{Completion, OpenFile, PendingIo, Transfer, close_all_files};
pub use kind::ObjectKind;
pub use loader::resolve;
pub use object::{
    Hooks, allocate_context, ancestor, context, context_object, create_object, delete_object,
    dereference, forbid_driver_deletion, is_alive, live_objects_by_kind, parent, payload,
    reference, set_hooks,
};
pub use power::PowerState;
pub use sddl::{Access, Principal};
pub use user_mode::{open_interface, open_link};
