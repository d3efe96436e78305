//! Safe Rust over KMDF 1.33 and NetAdapterCx 2.3 for network drivers.
//!
//! A driver implements the traits of this crate; their methods are the documented callbacks, without the `Evt` and the
//! object's name: `EvtDevicePrepareHardware` is [`device::Device::prepare_hardware`]. All unsafe code that crosses the
//! contract, and every function that Windows calls, is here. Nothing here decides anything: no queue counts, no
//! processors, no buffer sizes.
//!
//! * [`entry`]: the driver's entry point; [`object`]: the driver's own data in framework objects;
//! * [`device`], [`resources`], [`interrupt`], [`dma`], [`mmio`], [`bus`]: the device and its hardware;
//! * [`adapter`], [`queue`], [`ring`], [`receive_scaling`], [`receive_filter`]: the network side;
//! * [`processor`], [`notification`], [`dpc`], [`work_item`], [`sync`], [`memory`]: the kernel's services;
//! * [`debug`]: messages for a kernel debugger.
//!
//! # Handles
//!
//! Handles of framework objects are given to the driver by this crate's callbacks, are copied freely, and are valid as
//! long as the driver's own data in that object, or in a child of it, exists. Data of an object must therefore not
//! keep handles of objects that die before it. The framework checks handles and stops the machine at a stale one.
#![no_std]
#![allow(
    non_upper_case_globals,
    reason = "patterns name constants of the contract, which keep their C spelling"
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod adapter;
pub mod bus;
pub mod configuration;
pub mod debug;
pub mod device;
pub mod dma;
pub mod dpc;
pub mod entry;
pub mod interrupt;
pub mod memory;
pub mod mmio;
pub mod notification;
pub mod object;
pub mod processor;
pub mod property;
pub mod queue;
pub mod receive_filter;
pub mod receive_scaling;
pub mod resources;
pub mod ring;
mod runtime;
pub mod status;
pub mod sync;
pub mod work_item;

pub use netadapter_abi as abi;
pub use status::{Result, Status};
