//! What steering and capture analysis need to know of a frame's headers.

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// Bytes of an Ethernet header without VLAN tag.
pub(crate) const ETHERNET_HEADER_LENGTH: usize = 14;

/// Source and destination address, as they stand in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Addresses {
    V4([u8; 4], [u8; 4]),
    V6([u8; 16], [u8; 16]),
}

/// The transport protocols that have ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

/// Source and destination port of a TCP or UDP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ports {
    pub protocol: Protocol,
    pub source: u16,
    pub destination: u16,
}

/// The headers of an IP packet.
///
/// A fragment has no ports here, the first one neither: so all fragments of a datagram go the
/// same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Headers {
    pub addresses: Addresses,
    pub ports: Option<Ports>,
}

impl Headers {
    /// Reads the headers of an Ethernet frame; `None` when it carries no IP.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
        let addresses = match packet.net? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                Addresses::V4(header.source(), header.destination())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                Addresses::V6(header.source(), header.destination())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        let ports = match packet.transport {
            Some(TransportSlice::Tcp(tcp)) => Some(Ports {
                protocol: Protocol::Tcp,
                source: tcp.source_port(),
                destination: tcp.destination_port(),
            }),
            Some(TransportSlice::Udp(udp)) => Some(Ports {
                protocol: Protocol::Udp,
                source: udp.source_port(),
                destination: udp.destination_port(),
            }),
            _ => None,
        };
        Some(Self { addresses, ports })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder};

    fn built(builder: etherparse::PacketBuilderStep<etherparse::UdpHeader>) -> Vec<u8> {
        let mut frame = Vec::new();
        builder.write(&mut frame, b"payload").unwrap();
        frame
    }

    #[test]
    fn ports_are_found_behind_ipv4_and_ipv6() {
        let ethernet = || PacketBuilder::ethernet2([2; 6], [4; 6]);
        let v4 = built(ethernet().ipv4([1, 2, 3, 4], [5, 6, 7, 8], 9).udp(10, 11));
        let ports = Some(Ports {
            protocol: Protocol::Udp,
            source: 10,
            destination: 11,
        });
        let addresses = Addresses::V4([1, 2, 3, 4], [5, 6, 7, 8]);
        assert_eq!(Headers::parse(&v4), Some(Headers { addresses, ports }));
        let v6 = built(ethernet().ipv6([1; 16], [2; 16], 9).udp(10, 11));
        let addresses = Addresses::V6([1; 16], [2; 16]);
        assert_eq!(Headers::parse(&v6), Some(Headers { addresses, ports }));
    }

    #[test]
    fn a_vlan_tag_hides_nothing() {
        let vlan = etherparse::VlanId::try_new(7).unwrap();
        let frame = built(
            PacketBuilder::ethernet2([2; 6], [4; 6])
                .single_vlan(vlan)
                .ipv4([1, 2, 3, 4], [5, 6, 7, 8], 9)
                .udp(10, 11),
        );
        assert!(Headers::parse(&frame).unwrap().ports.is_some());
    }

    #[test]
    fn fragments_have_addresses_only() {
        let mut header = Ipv4Header::new(16, 9, IpNumber::UDP, [1, 2, 3, 4], [5, 6, 7, 8]).unwrap();
        for (more_fragments, offset) in [(true, 0), (false, 2)] {
            header.more_fragments = more_fragments;
            header.fragment_offset = IpFragOffset::try_new(offset).unwrap();
            let mut frame = Vec::new();
            PacketBuilder::ethernet2([2; 6], [4; 6])
                .ip(etherparse::IpHeaders::Ipv4(
                    header.clone(),
                    Default::default(),
                ))
                .write(&mut frame, IpNumber::UDP, &[0; 16])
                .unwrap();
            assert_eq!(Headers::parse(&frame).unwrap().ports, None);
        }
    }

    #[test]
    fn other_frames_and_torn_ones_are_no_ip() {
        assert_eq!(Headers::parse(&[]), None);
        assert_eq!(Headers::parse(&[0xff; 14]), None);
        let mut arp = vec![0; 60];
        arp[12..14].copy_from_slice(&[0x08, 0x06]);
        assert_eq!(Headers::parse(&arp), None);
    }
}
