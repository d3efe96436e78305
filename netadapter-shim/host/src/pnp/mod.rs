//! The PnP manager, the PCI bus, and devices without hardware.

mod arbiter;
mod bus;
mod manager;
mod node;
mod pci;
mod resources;
pub(crate) mod rules;
mod software;

pub use bus::BusDevice;
pub use manager::{PnpManager, Rebalance, StartedDevice};
pub use node::{DeviceNode, KeyValue};
pub use pci::{MessageRouter, PciNode};
pub use resources::{AssignedResources, ResourceRequirements};
pub use software::SoftwareDevice;
