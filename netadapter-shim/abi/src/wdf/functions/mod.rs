//! Table functions of KMDF.

use super::*;
use crate::declare::Prototype;

mod deferred;
mod device;
mod device_init;
mod driver;
mod hardware;
mod io_queue;
mod memory;
mod registry;
mod request;

pub use deferred::*;
pub use device::*;
pub use device_init::*;
pub use driver::*;
pub use hardware::*;
pub use io_queue::*;
pub use memory::*;
pub use registry::*;
pub use request::*;

/// Calls through the function table, under the names that the C headers give to their inline functions.
pub mod call {
    pub use super::deferred::call::*;
    pub use super::device::call::*;
    pub use super::device_init::call::*;
    pub use super::driver::call::*;
    pub use super::hardware::call::*;
    pub use super::io_queue::call::*;
    pub use super::memory::call::*;
    pub use super::registry::call::*;
    pub use super::request::call::*;
}

/// Every table function that has a pointer type here, by subject.
pub const PROTOTYPES: &[&[Prototype]] = &[
    deferred::PROTOTYPES,
    device::PROTOTYPES,
    device_init::PROTOTYPES,
    driver::PROTOTYPES,
    hardware::PROTOTYPES,
    io_queue::PROTOTYPES,
    memory::PROTOTYPES,
    registry::PROTOTYPES,
    request::PROTOTYPES,
];
