//! Which frames the device lets through.

use arrayvec::ArrayVec;
use netadapter::receive_filter::{PacketFilters, ReceiveFilter};

use crate::virtio::control_queue::{Command, MULTICAST_ADDRESSES_MAX};
use crate::virtio::net_config::MacAddress;

/// The filter that the system asked for last; at first one that lets nothing through but frames for the device.
#[derive(Default)]
pub struct Filter {
    flags: PacketFilters,
    multicast: ArrayVec<MacAddress, MULTICAST_ADDRESSES_MAX>,
}

impl From<&ReceiveFilter<'_>> for Filter {
    fn from(filter: &ReceiveFilter<'_>) -> Self {
        // The framework refuses requests with more addresses than the adapter has said it can take.
        let multicast = filter
            .multicast_addresses()
            .take(MULTICAST_ADDRESSES_MAX)
            .collect();
        Self {
            flags: filter.packet_filters(),
            multicast,
        }
    }
}

impl Filter {
    /// What the device is to be told. When it refuses some of it, it may let more through, which the framework filters
    /// again.
    pub fn commands(&self) -> [Command<'_>; 3] {
        let listed = if self.flags.multicast() {
            self.multicast.as_slice()
        } else {
            &[]
        };
        [
            Command::Promiscuous(self.flags.promiscuous()),
            Command::AllMulticast(self.flags.all_multicast()),
            Command::MulticastTable(listed),
        ]
    }
}
