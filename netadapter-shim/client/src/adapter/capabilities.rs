//! What an adapter can do. All of it is said before the adapter is started.

use netadapter_abi::net::{
    NET_ADAPTER_DMA_CAPABILITIES, NET_ADAPTER_LINK_LAYER_CAPABILITIES,
    NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES, NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES,
    NET_ADAPTER_RX_CAPABILITIES, NET_ADAPTER_TX_CAPABILITIES,
    NetAdapterReceiveScalingHashTypeToeplitz,
    NetAdapterReceiveScalingUnhashedTargetTypeUnspecified,
};
use netadapter_abi::net_call;

use super::{Adapter, AdapterHandle, callbacks};
use crate::dma::DmaEnabler;
use crate::receive_filter::PacketFilters;
use crate::receive_scaling::Protocols;

/// The data path: transmit packets mapped for DMA, receive buffers allocated and attached by the driver.
pub struct DatapathCapabilities<'a> {
    /// Maps transmit packets.
    pub dma: &'a DmaEnabler,
    /// Upper bound of transmit queues; not 0.
    pub tx_queues_max: usize,
    /// Upper bound of the fragments of a transmit packet; longer ones are copied.
    pub tx_fragments_max: usize,
    /// Upper bound of receive queues; not 0.
    pub rx_queues_max: usize,
    /// Bytes of the longest received frame, link header included.
    pub rx_frame_bytes_max: usize,
}

/// Receive scaling with the Toeplitz hash.
pub struct ReceiveScalingCapabilities {
    /// Receive queues; a power of two.
    pub queues: usize,
    /// Entries of the indirection table; a power of two.
    pub table_entries: usize,
    /// Protocols that can go into the hash.
    pub protocols: Protocols,
}

impl<A: Adapter> AdapterHandle<A> {
    /// `NetAdapterSetDataPathCapabilities`. IRQL: PASSIVE_LEVEL.
    pub fn set_datapath_capabilities(&self, capabilities: &DatapathCapabilities<'_>) {
        let mut dma = NET_ADAPTER_DMA_CAPABILITIES::init(capabilities.dma.raw());
        let mut tx = NET_ADAPTER_TX_CAPABILITIES {
            MaximumNumberOfFragments: capabilities.tx_fragments_max,
            ..NET_ADAPTER_TX_CAPABILITIES::init_for_dma(&mut dma, capabilities.tx_queues_max)
        };
        let mut rx = NET_ADAPTER_RX_CAPABILITIES::init_driver_managed(
            Some(callbacks::return_rx_buffer::<A>),
            capabilities.rx_frame_bytes_max,
            capabilities.rx_queues_max,
        );
        // SAFETY: the handle is valid; the structures are copied; the enabler lives as long as the device.
        unsafe {
            net_call!(
                NetAdapterSetDataPathCapabilities,
                self.raw,
                &mut tx,
                &mut rx
            )
        };
    }

    /// `NetAdapterSetLinkLayerCapabilities`: the highest speed in each direction. IRQL: PASSIVE_LEVEL.
    pub fn set_link_layer_capabilities(&self, bits_per_second_max: u64) {
        let mut link =
            NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(bits_per_second_max, bits_per_second_max);
        // SAFETY: the handle is valid; the structure is copied.
        unsafe { net_call!(NetAdapterSetLinkLayerCapabilities, self.raw, &mut link) };
    }

    /// `NetAdapterSetReceiveFilterCapabilities`; `multicast_addresses_max` is not 0 exactly when the filters include
    /// multicast. IRQL: PASSIVE_LEVEL.
    pub fn set_receive_filter_capabilities(
        &self,
        filters: PacketFilters,
        multicast_addresses_max: usize,
    ) {
        let filter = NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES {
            SupportedPacketFilters: filters.0,
            MaximumMulticastAddresses: multicast_addresses_max,
            ..NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES::init(Some(
                callbacks::set_receive_filter::<A>,
            ))
        };
        // SAFETY: the handle is valid; the structure is copied.
        unsafe { net_call!(NetAdapterSetReceiveFilterCapabilities, self.raw, &filter) };
    }

    /// `NetAdapterSetReceiveScalingCapabilities`; frames without a hash go where entry 0 points.
    /// IRQL: PASSIVE_LEVEL.
    pub fn set_receive_scaling_capabilities(&self, capabilities: &ReceiveScalingCapabilities) {
        let scaling = NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES {
            IndirectionTableSize: capabilities.table_entries,
            ..NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES::init(
                capabilities.queues,
                NetAdapterReceiveScalingUnhashedTargetTypeUnspecified,
                NetAdapterReceiveScalingHashTypeToeplitz,
                capabilities.protocols.0,
                Some(callbacks::receive_scaling_enable::<A>),
                Some(callbacks::receive_scaling_disable::<A>),
                Some(callbacks::receive_scaling_set_hash_secret_key::<A>),
                Some(callbacks::receive_scaling_set_indirection_entries::<A>),
            )
        };
        // SAFETY: the handle is valid; the structure is copied.
        unsafe { net_call!(NetAdapterSetReceiveScalingCapabilities, self.raw, &scaling) };
    }
}
