//! The layout that the system writes into packets to be sent: which headers a frame has.

use netadapter_abi::net::{
    NET_PACKET_LAYOUT, NetPacketLayer2TypeEthernet, NetPacketLayer3TypeIPv4NoOptions,
    NetPacketLayer3TypeIPv4WithOptions, NetPacketLayer3TypeIPv6NoExtensions,
    NetPacketLayer3TypeIPv6UnspecifiedExtensions, NetPacketLayer4TypeIPFragment,
    NetPacketLayer4TypeIPNotFragment, NetPacketLayer4TypeTcp, NetPacketLayer4TypeUdp,
};

/// So many bytes at the start of a frame decide its layout.
pub(super) const HEADER_BYTES: usize = 128;

const ETHERNET_BYTES: usize = 14;
const IPV4_BYTES: usize = 20;
const IPV6_BYTES: usize = 40;
const UDP_BYTES: u8 = 8;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86DD;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
/// More-fragments bit and fragment offset of an IPv4 header.
const IPV4_FRAGMENT_MASK: u16 = 0x3FFF;

/// The layout of an Ethernet frame. What cannot be told stays unspecified.
pub(super) fn frame_layout(frame: &[u8]) -> NET_PACKET_LAYOUT {
    let mut layout = NET_PACKET_LAYOUT::zeroed();
    let Some(ethertype) = read_u16(frame, 12) else {
        return layout;
    };
    layout.set_layer2_type(NetPacketLayer2TypeEthernet as u8);
    layout.set_layer2_header_length(ETHERNET_BYTES as u16);
    let packet = &frame[ETHERNET_BYTES..];
    match ethertype {
        ETHERTYPE_IPV4 => set_ipv4(&mut layout, packet),
        ETHERTYPE_IPV6 => set_ipv6(&mut layout, packet),
        _ => {}
    }
    layout
}

fn set_ipv4(layout: &mut NET_PACKET_LAYOUT, packet: &[u8]) {
    let (Some(&version), Some(&protocol)) = (packet.first(), packet.get(9)) else {
        return;
    };
    let header = usize::from(version & 0x0F) * 4;
    if header < IPV4_BYTES || packet.len() < header {
        return;
    }
    let options = header > IPV4_BYTES;
    let kind = if options {
        NetPacketLayer3TypeIPv4WithOptions
    } else {
        NetPacketLayer3TypeIPv4NoOptions
    };
    layout.set_layer3_type(kind as u8);
    layout.set_layer3_header_length(header as u16);
    if read_u16(packet, 6).is_some_and(|word| word & IPV4_FRAGMENT_MASK != 0) {
        layout.set_layer4_type(NetPacketLayer4TypeIPFragment as u8);
    } else {
        set_layer4(layout, protocol, &packet[header..]);
    }
}

fn set_ipv6(layout: &mut NET_PACKET_LAYOUT, packet: &[u8]) {
    if packet.len() < IPV6_BYTES {
        return;
    }
    let next = packet[6];
    if next == PROTOCOL_TCP || next == PROTOCOL_UDP {
        layout.set_layer3_type(NetPacketLayer3TypeIPv6NoExtensions as u8);
        layout.set_layer3_header_length(IPV6_BYTES as u16);
        set_layer4(layout, next, &packet[IPV6_BYTES..]);
    } else {
        layout.set_layer3_type(NetPacketLayer3TypeIPv6UnspecifiedExtensions as u8);
    }
}

fn set_layer4(layout: &mut NET_PACKET_LAYOUT, protocol: u8, segment: &[u8]) {
    match (protocol, segment.get(12)) {
        (PROTOCOL_TCP, Some(&offset)) => {
            layout.set_layer4_type(NetPacketLayer4TypeTcp as u8);
            layout.set_layer4_header_length((offset >> 4) * 4);
        }
        (PROTOCOL_UDP, _) if segment.len() >= usize::from(UDP_BYTES) => {
            layout.set_layer4_type(NetPacketLayer4TypeUdp as u8);
            layout.set_layer4_header_length(UDP_BYTES);
        }
        _ => layout.set_layer4_type(NetPacketLayer4TypeIPNotFragment as u8),
    }
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(ethertype: u16, rest: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend_from_slice(&ethertype.to_be_bytes());
        frame.extend_from_slice(rest);
        frame
    }

    #[test]
    fn tcp_over_ipv4_is_recognised_with_its_header_lengths() {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[9] = PROTOCOL_TCP;
        packet[32] = 0x50;
        let layout = frame_layout(&frame(ETHERTYPE_IPV4, &packet));
        assert_eq!(
            i32::from(layout.layer3_type()),
            NetPacketLayer3TypeIPv4NoOptions
        );
        assert_eq!(layout.layer3_header_length(), 20);
        assert_eq!(i32::from(layout.layer4_type()), NetPacketLayer4TypeTcp);
        assert_eq!(layout.layer4_header_length(), 20);
    }

    #[test]
    fn a_fragment_has_no_transport_header() {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[6] = 0x20;
        packet[9] = PROTOCOL_UDP;
        let layout = frame_layout(&frame(ETHERTYPE_IPV4, &packet));
        assert_eq!(
            i32::from(layout.layer4_type()),
            NetPacketLayer4TypeIPFragment
        );
        assert_eq!(layout.layer4_header_length(), 0);
    }

    #[test]
    fn frames_that_are_cut_off_anywhere_are_never_read_behind_their_end() {
        let mut packet = vec![0xFF; 80];
        packet[0] = 0x45;
        for ethertype in [ETHERTYPE_IPV4, ETHERTYPE_IPV6, 0x0806] {
            let whole = frame(ethertype, &packet);
            for length in 0..whole.len() {
                frame_layout(&whole[..length]);
            }
        }
    }
}
