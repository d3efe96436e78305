//! Resources of a device, as the PnP manager and KMDF hand them to each other.

use netadapter_abi::nt::{CM_PARTIAL_RESOURCE_DESCRIPTOR, IO_RESOURCE_DESCRIPTOR};

/// What a device got: raw and translated descriptors, equal in number and order.
#[derive(Clone, Default)]
pub struct AssignedResources {
    /// As the bus sees them.
    pub raw: Vec<CM_PARTIAL_RESOURCE_DESCRIPTOR>,
    /// As the processor sees them.
    pub translated: Vec<CM_PARTIAL_RESOURCE_DESCRIPTOR>,
}

/// What a device asks for: alternative logical configurations, best first.
#[derive(Clone, Default)]
pub struct ResourceRequirements {
    /// The descriptors of each logical configuration.
    pub configurations: Vec<Vec<IO_RESOURCE_DESCRIPTOR>>,
}
