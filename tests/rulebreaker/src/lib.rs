//! A driver that is right but for one deed, which the configuration keyword of the deed's name
//! chooses: 1 has it done wrong, 0 right. Without such a keyword the driver is right altogether.

#![cfg_attr(target_os = "windows", no_std)]

mod adapter;
mod breaks;
mod deeds;
mod driver;
#[cfg(target_os = "windows")]
mod panic;
mod queues;

netadapter_abi::driver_entry!(driver::driver_entry);
