//! What protocols change while an adapter runs: its filters and its offloads.

use super::edge::UpperEdge;
use crate::netcx::OffloadParameters;
use netadapter_abi::net::{NET_ADAPTER_LINK_LAYER_ADDRESS, NET_PACKET_FILTER_FLAGS};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST};

impl UpperEdge {
    /// Sets which kinds of frames are wanted.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor. The status is `STATUS_NOT_SUPPORTED` for what the
    /// adapter cannot filter, `STATUS_INVALID_DEVICE_REQUEST` if it does not run.
    pub fn set_packet_filter(&self, flags: NET_PACKET_FILTER_FLAGS) -> NTSTATUS {
        self.adapter()
            .map_or(STATUS_INVALID_DEVICE_REQUEST, |adapter| {
                adapter.set_packet_filter(flags)
            })
    }

    /// Sets the multicast addresses that are wanted; the status is as for
    /// [`UpperEdge::set_packet_filter`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn set_multicast_list(&self, addresses: &[[u8; 6]]) -> NTSTATUS {
        let addresses: Vec<_> = addresses
            .iter()
            .map(|address| NET_ADAPTER_LINK_LAYER_ADDRESS::init(address))
            .collect();
        self.adapter()
            .map_or(STATUS_INVALID_DEVICE_REQUEST, |adapter| {
                adapter.set_multicast_list(&addresses)
            })
    }

    /// Changes which offloads are active; the status is as for [`UpperEdge::set_packet_filter`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn set_offloads(&self, wanted: &OffloadParameters) -> NTSTATUS {
        self.adapter()
            .map_or(STATUS_INVALID_DEVICE_REQUEST, |adapter| {
                adapter.set_offloads(wanted)
            })
    }
}
