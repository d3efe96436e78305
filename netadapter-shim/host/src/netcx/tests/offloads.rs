//! The fake driver's offloads.

use super::fake_driver::{net, nic};
use super::queues::FakeQueue;
use netadapter_abi::net::*;
use netadapter_abi::nt_export;

/// What the driver says its hardware can.
#[derive(Clone, Copy, Debug, Default)]
pub struct OffloadShape {
    /// Layer 3 and layer 4 flags, and the limits of both headers' offsets.
    pub tx_checksum: Option<(i32, i32, u16, u16)>,
    pub rx_checksum: bool,
    /// Layer 3 and layer 4 flags, largest size, fewest segments.
    pub gso: Option<(i32, i32, usize, usize)>,
    /// Layer 3 flags.
    pub rsc: Option<i32>,
    pub tag: i32,
}

/// What a packet to be sent said beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentMetadata {
    pub layer3_checksum: u8,
    pub layer4_checksum: u8,
    pub mss: u32,
    /// Priority, VLAN and flags.
    pub tag: (u16, u16, u8),
}

impl SentMetadata {
    pub fn read(queue: &FakeQueue, index: u32) -> Self {
        let checksum: NET_PACKET_CHECKSUM = queue.checksum.data(index).unwrap_or_default();
        let tag: NET_PACKET_IEEE8021Q = queue.tag.data(index).unwrap_or_default();
        Self {
            layer3_checksum: checksum.layer3(),
            layer4_checksum: checksum.layer4(),
            mss: queue.gso.data::<u32>(index).unwrap_or_default(),
            tag: (
                tag.priority_code_point(),
                tag.vlan_identifier(),
                tag.tx_tagging(),
            ),
        }
    }
}

/// What a received packet says beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceivedMetadata {
    /// Evaluations of layers 3 and 4, if the queue can say them.
    pub checksum: Option<(u8, u8)>,
    pub segments: u16,
    /// Value and types.
    pub hash: Option<(u32, u16)>,
    pub is_tcp: bool,
}

impl ReceivedMetadata {
    pub fn layout(&self) -> NET_PACKET_LAYOUT {
        let mut layout = NET_PACKET_LAYOUT::zeroed();
        if self.is_tcp {
            layout.set_layer4_type(NetPacketLayer4TypeTcp as u8);
        }
        layout
    }

    pub fn write(&self, queue: &FakeQueue, index: u32) {
        if let Some((layer3, layer4)) = self.checksum {
            let mut checksum = NET_PACKET_CHECKSUM::zeroed();
            checksum.set_layer3(layer3);
            checksum.set_layer4(layer4);
            queue.checksum.set_data(index, checksum);
        }
        if self.segments > 0 {
            let mut rsc = NET_PACKET_RSC::zeroed();
            rsc.TCP.CoalescedSegmentCount = self.segments;
            queue.rsc.set_data(index, rsc);
        }
        if let Some((value, types)) = self.hash {
            let hash = NET_PACKET_HASH {
                HashValue: value,
                ProtocolType: types,
            };
            queue.hash.set_data(index, hash);
        }
    }
}

nt_export! {
    unsafe fn set_tx_checksum(_adapter: NETADAPTER, offload: NETOFFLOAD) {
        let flags = [
            net!(NetOffloadIsTxChecksumIPv4Enabled: PFN_NETOFFLOADISTXCHECKSUMIPV4ENABLED(offload)),
            net!(NetOffloadIsTxChecksumTcpEnabled: PFN_NETOFFLOADISTXCHECKSUMTCPENABLED(offload)),
            net!(NetOffloadIsTxChecksumUdpEnabled: PFN_NETOFFLOADISTXCHECKSUMUDPENABLED(offload)),
        ];
        nic().note(format!("TxChecksum {flags:?}"));
    }

    unsafe fn set_rx_checksum(_adapter: NETADAPTER, offload: NETOFFLOAD) {
        let flags = [
            net!(NetOffloadIsRxChecksumIPv4Enabled: PFN_NETOFFLOADISRXCHECKSUMIPV4ENABLED(offload)),
            net!(NetOffloadIsRxChecksumTcpEnabled: PFN_NETOFFLOADISRXCHECKSUMTCPENABLED(offload)),
            net!(NetOffloadIsRxChecksumUdpEnabled: PFN_NETOFFLOADISRXCHECKSUMUDPENABLED(offload)),
        ];
        nic().note(format!("RxChecksum {flags:?}"));
        *nic().kept_offload.lock() = offload as usize;
    }

    unsafe fn set_gso(_adapter: NETADAPTER, offload: NETOFFLOAD) {
        let flags = [
            net!(NetOffloadIsLsoIPv4Enabled: PFN_NETOFFLOADISLSOIPV4ENABLED(offload)),
            net!(NetOffloadIsLsoIPv6Enabled: PFN_NETOFFLOADISLSOIPV6ENABLED(offload)),
            net!(NetOffloadIsUsoIPv4Enabled: PFN_NETOFFLOADISUSOIPV4ENABLED(offload)),
            net!(NetOffloadIsUsoIPv6Enabled: PFN_NETOFFLOADISUSOIPV6ENABLED(offload)),
        ];
        nic().note(format!("Gso {flags:?}"));
    }

    unsafe fn set_rsc(_adapter: NETADAPTER, offload: NETOFFLOAD) {
        let flags = [
            net!(NetOffloadIsTcpRscIPv4Enabled: PFN_NETOFFLOADISTCPRSCIPV4ENABLED(offload)),
            net!(NetOffloadIsTcpRscIPv6Enabled: PFN_NETOFFLOADISTCPRSCIPV6ENABLED(offload)),
            net!(NetOffloadIsRscTcpTimestampOptionEnabled:
                PFN_NETOFFLOADISRSCTCPTIMESTAMPOPTIONENABLED(offload)),
        ];
        nic().note(format!("Rsc {flags:?}"));
    }
}

/// Says what the hardware can.
pub fn set_capabilities(adapter: NETADAPTER) {
    let shape = *nic().offloads.lock();
    if let Some((layer3, layer4, limit3, limit4)) = shape.tx_checksum {
        let capabilities = NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES {
            Layer4Flags: layer4,
            Layer3HeaderOffsetLimit: limit3,
            Layer4HeaderOffsetLimit: limit4,
            ..NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES::init(layer3, Some(set_tx_checksum))
        };
        net!(NetAdapterOffloadSetTxChecksumCapabilities:
            PFN_NETADAPTEROFFLOADSETTXCHECKSUMCAPABILITIES(adapter, &capabilities));
    }
    if shape.rx_checksum {
        let capabilities =
            NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES::init(Some(set_rx_checksum));
        net!(NetAdapterOffloadSetRxChecksumCapabilities:
            PFN_NETADAPTEROFFLOADSETRXCHECKSUMCAPABILITIES(adapter, &capabilities));
    }
    if let Some((layer3, layer4, largest, fewest)) = shape.gso {
        let mut capabilities = NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES::init(
            layer3,
            layer4,
            largest,
            fewest,
            Some(set_gso),
        );
        net!(NetAdapterOffloadSetGsoCapabilities: PFN_NETADAPTEROFFLOADSETGSOCAPABILITIES(
            adapter, &mut capabilities,
        ));
    }
    if let Some(layer3) = shape.rsc {
        let mut capabilities = NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES::init(
            layer3,
            NetAdapterOffloadLayer4FlagTcpNoOptions,
            Some(set_rsc),
        );
        net!(NetAdapterOffloadSetRscCapabilities: PFN_NETADAPTEROFFLOADSETRSCCAPABILITIES(
            adapter, &mut capabilities,
        ));
    }
    if shape.tag != 0 {
        let mut capabilities = NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES::init(shape.tag);
        net!(NetAdapterOffloadSetIeee8021qTagCapabilities:
            PFN_NETADAPTEROFFLOADSETIEEE8021QTAGCAPABILITIES(adapter, &mut capabilities));
    }
}
