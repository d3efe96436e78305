//! What a packet to be sent says beside its bytes: its extensions.

use crate::netcx::extension::{PACKET_CHECKSUM, PACKET_GSO, PACKET_IEEE8021Q};
use crate::netcx::ring::Rings;
use crate::netcx::sends::SendInfo;
use netadapter_abi::net::{
    NET_PACKET_GSO, NET_PACKET_GSO_TCP, NET_PACKET_GSO_UDP, NET_PACKET_LAYOUT,
    NetPacketLayer4TypeUdp,
};

/// Where the extensions of packets lie, as far as the queue has them.
pub(super) struct Metadata {
    checksum: Option<usize>,
    gso: Option<usize>,
    tag: Option<usize>,
    any: bool,
}

impl Metadata {
    pub(super) fn new(rings: &Rings) -> Self {
        let place = |extension| rings.packet_layout.offset(extension);
        let (checksum, gso, tag) = (
            place(&PACKET_CHECKSUM),
            place(&PACKET_GSO),
            place(&PACKET_IEEE8021Q),
        );
        Self {
            checksum,
            gso,
            tag,
            any: checksum.is_some() || gso.is_some() || tag.is_some(),
        }
    }

    /// Writes the extensions of the packet at `index`.
    #[inline]
    pub(super) fn write(
        &self,
        rings: &Rings,
        index: u32,
        layout: &NET_PACKET_LAYOUT,
        info: &SendInfo,
    ) {
        if self.any {
            self.write_present(rings, index, layout, info);
        }
    }

    fn write_present(
        &self,
        rings: &Rings,
        index: u32,
        layout: &NET_PACKET_LAYOUT,
        info: &SendInfo,
    ) {
        let packets = &rings.packets;
        if let Some(place) = self.checksum {
            packets.set_data(index, place, info.checksum);
        }
        if let Some(place) = self.gso {
            packets.set_data(index, place, gso(layout, info.mss));
        }
        if let Some(place) = self.tag {
            packets.set_data(index, place, info.tag);
        }
    }
}

fn gso(layout: &NET_PACKET_LAYOUT, mss: u32) -> NET_PACKET_GSO {
    if i32::from(layout.layer4_type()) == NetPacketLayer4TypeUdp {
        let mut udp = NET_PACKET_GSO_UDP::zeroed();
        udp.set_mss(mss);
        NET_PACKET_GSO { UDP: udp }
    } else {
        let mut tcp = NET_PACKET_GSO_TCP::zeroed();
        tcp.set_mss(mss);
        NET_PACKET_GSO { TCP: tcp }
    }
}
