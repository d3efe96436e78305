//! The functions that a driver imports from `ntoskrnl.exe` and `hal.dll`.

// Kernel functions keep the names by which drivers import them.
#![allow(non_snake_case)]

mod debug;
mod dispatcher;
mod dpc;
mod io_space;
mod memory;
mod named_events;
mod notification;
mod objects;
mod physical_memory;
mod processors;
mod push_lock;
pub(crate) mod rules;
mod runtime;
mod shared_data;
mod spin_lock;
mod string;
mod threads;
mod time;
mod unload;
mod wpp;

#[cfg(test)]
mod tests;

pub use debug::DebugLog;
pub use io_space::IoSpace;
pub use notification::{InterfaceNotifications, interface_arrived};
pub use processors::{ProcessorCallbacks, ProcessorChange};
pub(crate) use shared_data::SharedData;
pub(crate) use unload::require_nothing_left;
pub use wpp::resolve_recorder;

use core::ffi::c_void;

/// An exported name and where it leads.
type Export = (&'static str, *const c_void);

/// The address of the kernel function `name`, if the host has it.
pub fn resolve(name: &str) -> Option<*const c_void> {
    let tables = [
        debug::exports(),
        dispatcher::exports(),
        dispatcher::timer_exports(),
        dpc::exports(),
        io_space::exports(),
        memory::exports(),
        named_events::exports(),
        notification::exports(),
        objects::exports(),
        physical_memory::exports(),
        processors::exports(),
        push_lock::exports(),
        runtime::exports(),
        spin_lock::exports(),
        string::exports(),
        threads::exports(),
        time::exports(),
        wpp::exports(),
    ];
    tables
        .into_iter()
        .flatten()
        .find(|(export, _)| *export == name)
        .map(|(_, address)| address)
}

/// Builds an export table from function names.
macro_rules! exports {
    ($($name:ident),* $(,)?) => {
        pub(in crate::kernel) fn exports() -> Vec<$crate::kernel::Export> {
            vec![$((stringify!($name), $name as *const core::ffi::c_void)),*]
        }
    };
}
use exports;
