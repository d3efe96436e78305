//! The framework, driven by a PnP manager's calls and seen by a driver made of Rust functions.

mod binding;
mod deferred_work;
mod failed_start;
mod fake_driver;
mod fake_node;
mod interrupts;
mod io_cancel;
mod io_driver;
mod io_files;
mod io_power;
mod io_queues;
mod io_rules;
mod io_transfer;
mod life_cycle;
mod objects;
mod programs;
mod resources;
mod rules;
