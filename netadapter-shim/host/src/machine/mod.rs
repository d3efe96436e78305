//! A machine: built, booted, changed and watched from Rust.

mod boot;
mod builder;
mod devices;
mod error;
mod events;
mod faults;
mod io;
mod memory;
mod nic;
mod report;
mod ring0;
pub(crate) mod rules;
mod run;

pub use crate::executive::MemoryCondition;
pub use crate::inf::RebalancePolicy;
pub use crate::wdf::{Access, Completion, Principal, Transfer};
pub use builder::{HARDWARE_IDS, MachineBuilder};
pub use devices::SoftwareAdapter;
pub use error::MachineError;
pub use io::{DeviceFile, DeviceRequest};
pub use report::{ProcessorSnapshot, Snapshot};
pub use run::{HotAdd, Machine};
