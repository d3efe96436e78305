//! Who does what to a packet that is sent: the adapter, or software in its place
//! (*nxnbltranslation.cpp*).

use super::Offloads;
use super::active::Layers;
use super::checksum::{Headers, is_ipv4};
use netadapter_abi::net::{
    NET_PACKET_LAYOUT, NetAdapterOffloadLayer3FlagIPv4NoOptions,
    NetAdapterOffloadLayer3FlagIPv4WithOptions, NetAdapterOffloadLayer3FlagIPv6NoExtensions,
    NetAdapterOffloadLayer3FlagIPv6WithExtensions, NetAdapterOffloadLayer4FlagTcpNoOptions,
    NetAdapterOffloadLayer4FlagTcpWithOptions, NetAdapterOffloadLayer4FlagUdp,
    NetPacketLayer3TypeIPv4NoOptions, NetPacketLayer3TypeIPv6NoExtensions,
};

/// Bytes of a TCP header without options.
const TCP_BYTES: u8 = 20;

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::netcx) enum By {
    Adapter,
    Software,
}

/// The flags that an offload must have for a packet.
fn needs(layout: &NET_PACKET_LAYOUT, headers: Option<Headers>) -> Layers {
    let layer3 = i32::from(layout.layer3_type());
    let layer3 = if layer3 == NetPacketLayer3TypeIPv4NoOptions {
        NetAdapterOffloadLayer3FlagIPv4NoOptions
    } else if is_ipv4(layout) {
        NetAdapterOffloadLayer3FlagIPv4WithOptions
    } else if layer3 == NetPacketLayer3TypeIPv6NoExtensions {
        NetAdapterOffloadLayer3FlagIPv6NoExtensions
    } else {
        NetAdapterOffloadLayer3FlagIPv6WithExtensions
    };
    let layer4 = match headers {
        None => 0,
        Some(headers) if !headers.is_tcp => NetAdapterOffloadLayer4FlagUdp,
        Some(_) if layout.layer4_header_length() > TCP_BYTES => {
            NetAdapterOffloadLayer4FlagTcpWithOptions
        }
        Some(_) => NetAdapterOffloadLayer4FlagTcpNoOptions,
    };
    Layers { layer3, layer4 }
}

fn covers(has: Layers, needs: Layers) -> bool {
    needs.layer3 & !has.layer3 == 0 && needs.layer4 & !has.layer4 == 0
}

fn within(limit: usize, offset: usize) -> bool {
    limit == 0 || offset <= limit
}

impl Offloads {
    /// Who fills the IPv4 header checksum in.
    pub(in crate::netcx) fn ipv4_checksum(&self, layout: &NET_PACKET_LAYOUT) -> By {
        let needed = needs(layout, None);
        let state = self.state.lock();
        let by_adapter = state.capabilities.tx_checksum.is_some_and(|checksum| {
            covers(state.active.ipv4_checksum, needed)
                && covers(checksum.layers, needed)
                && within(
                    checksum.layer3_offset_limit,
                    usize::from(layout.layer2_header_length()),
                )
        });
        let legacy = state.capabilities.legacy_checksum.is_some();
        choose(by_adapter || legacy && state.active.legacy_checksum.ipv4)
    }

    /// Who fills the TCP or UDP checksum in.
    pub(in crate::netcx) fn transport_checksum(
        &self,
        layout: &NET_PACKET_LAYOUT,
        headers: Headers,
    ) -> By {
        let needed = needs(layout, Some(headers));
        let state = self.state.lock();
        let (active, legacy) = if headers.is_tcp {
            let legacy = state.active.legacy_checksum.tcp;
            (state.active.tcp_checksum, legacy)
        } else {
            (state.active.udp_checksum, state.active.legacy_checksum.udp)
        };
        let by_adapter = state.capabilities.tx_checksum.is_some_and(|checksum| {
            covers(active, needed)
                && covers(checksum.layers, needed)
                && within(checksum.layer4_offset_limit, headers.layer4)
                && within(checksum.layer3_offset_limit, headers.layer3)
        });
        choose(by_adapter || state.capabilities.legacy_checksum.is_some() && legacy)
    }

    /// Who cuts a large packet into segments. The stack keeps to the adapter's limits, or does
    /// not ask it.
    pub(in crate::netcx) fn segmentation(
        &self,
        layout: &NET_PACKET_LAYOUT,
        headers: Headers,
        frame_bytes: usize,
        mss: usize,
    ) -> By {
        let needed = needs(layout, Some(headers));
        let state = self.state.lock();
        let active = if headers.is_tcp {
            state.active.lso
        } else {
            state.active.uso
        };
        let payload = frame_bytes - headers.payload;
        choose(state.capabilities.gso.is_some_and(|gso| {
            covers(active, needed)
                && covers(gso.layers, needed)
                && within(gso.layer4_offset_limit, headers.layer4)
                && payload <= gso.maximum_bytes
                && payload.div_ceil(mss.max(1)) >= gso.minimum_segments
        }))
    }
}

fn choose(by_adapter: bool) -> By {
    if by_adapter {
        By::Adapter
    } else {
        By::Software
    }
}
