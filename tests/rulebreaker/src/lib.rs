//! A driver that is right but for one thing: the configuration keyword `Break` names the rule that
//! it breaks, by position in `breaks::BREAKS`. Without the keyword it is right altogether.

#![cfg_attr(target_os = "windows", no_std)]

mod adapter;
mod breaks;
mod driver;
#[cfg(target_os = "windows")]
mod panic;
mod queues;

netadapter_abi::driver_entry!(driver::driver_entry);
