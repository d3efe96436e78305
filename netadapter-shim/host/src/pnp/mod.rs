//! The PnP manager and the PCI bus.

mod arbiter;
mod manager;
mod node;
mod pci;
mod resources;

pub use manager::{PnpManager, Rebalance, StartedDevice};
pub use node::{DeviceNode, KeyValue};
pub use pci::{MessageRouter, PciNode};
pub use resources::{AssignedResources, ResourceRequirements};
