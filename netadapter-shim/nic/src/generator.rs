//! Traffic made to order: many flows, valid checksums, numbered frames.

use crate::headers::ETHERNET_HEADER_LENGTH;
use crate::wire::Frames;
use etherparse::PacketBuilder;
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// Shortest Ethernet frame without its checksum.
pub const FRAME_SIZE_MIN: usize = 60;
/// Bytes that number a frame: its position on the wire and within its flow.
const STAMP_LENGTH: usize = 16;
/// Headers of the longest kind, Ethernet, IPv6 and TCP.
const HEADERS_LENGTH_MAX: usize = ETHERNET_HEADER_LENGTH + 40 + 20;
/// Most flows: each has addresses and ports of its own.
const FLOWS_MAX: u32 = 1 << 20;

const SOURCE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
/// The adapter's side of every flow, in the blocks for documentation.
const DESTINATION_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const DESTINATION_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
const HOP_LIMIT: u8 = 64;
const TCP_WINDOW: u16 = 64_240;

/// What to generate.
#[derive(Clone, Debug)]
pub struct GeneratorConfig {
    /// Decides addresses, ports and contents. Equal seeds give equal frames.
    pub seed: u64,
    /// Flows, which take turns: TCP and UDP over IPv4 and IPv6 in equal shares.
    pub flows: u32,
    /// Bytes of a frame, without FCS, from [`FRAME_SIZE_MIN`] to the MTU's frame. Where headers
    /// and numbering need more, frames are as short as they can be: 60 bytes for UDP and 70 for
    /// TCP over IPv4, 78 and 90 over IPv6.
    pub frame_size: usize,
    /// Number of frames; `None` for an endless stream.
    pub packets: Option<u64>,
    /// The adapter's MAC address.
    pub destination: [u8; 6],
    /// The adapter's MTU.
    pub mtu: u16,
}

/// Traffic that cannot be generated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GeneratorError {
    /// The number of flows is out of range.
    #[error("{0} flows cannot be generated: choose between 1 and {FLOWS_MAX}")]
    Flows(u32),
    /// The frame size is out of range.
    #[error(
        "frames of {size} bytes cannot be generated: \
         choose between {FRAME_SIZE_MIN} and {most}, which is the MTU with its Ethernet header"
    )]
    FrameSize {
        /// The size asked for.
        size: usize,
        /// Largest size.
        most: usize,
    },
    /// The MTU leaves no room for headers and numbering.
    #[error("an MTU of {0} is too small for numbered TCP packets over IPv6, which need 76")]
    Mtu(u16),
}

/// Frames of many flows, each frame a function of its position alone.
pub struct Generator {
    flows: Vec<Flow>,
    filler: Vec<u8>,
    packets: Option<u64>,
}

/// What all frames of a flow have in common.
struct Flow {
    headers: Vec<u8>,
    length: usize,
    checksum_at: usize,
    /// TCP: where the sequence number is.
    sequence_at: Option<usize>,
    /// Sum of everything that the checksum covers, with sequence number and stamp zero.
    sum: u32,
}

/// The bytes in which a frame differs from the others of its flow.
struct Variable {
    checksum: [u8; 2],
    tcp_sequence: [u8; 4],
    stamp: [u8; STAMP_LENGTH],
}

impl Generator {
    /// Prepares the flows.
    ///
    /// # Errors
    ///
    /// A number in `config` is out of its range.
    pub fn new(config: &GeneratorConfig) -> Result<Self, GeneratorError> {
        let most = ETHERNET_HEADER_LENGTH + usize::from(config.mtu);
        if !(1..=FLOWS_MAX).contains(&config.flows) {
            return Err(GeneratorError::Flows(config.flows));
        }
        if most < HEADERS_LENGTH_MAX + STAMP_LENGTH {
            return Err(GeneratorError::Mtu(config.mtu));
        }
        if !(FRAME_SIZE_MIN..=most).contains(&config.frame_size) {
            let size = config.frame_size;
            return Err(GeneratorError::FrameSize { size, most });
        }
        let mut random = fastrand::Rng::with_seed(config.seed);
        let mut filler = vec![0; most];
        random.fill(&mut filler);
        let mut used = HashSet::new();
        let flows = (0..config.flows)
            .map(|number| {
                let endpoint = unused_endpoint(&mut random, &mut used);
                Flow::new(number % 4, endpoint, config, &filler)
            })
            .collect();
        Ok(Self {
            flows,
            filler,
            packets: config.packets,
        })
    }

    fn flow_of(&self, id: u64) -> (&Flow, Variable) {
        let flows = self.flows.len() as u64;
        let flow = &self.flows[(id % flows) as usize];
        (flow, flow.variable(id, id / flows))
    }
}

/// The far side of a flow.
struct Endpoint {
    number: u32,
    port: u16,
    local_port: u16,
}

fn unused_endpoint(random: &mut fastrand::Rng, used: &mut HashSet<(u32, u16)>) -> Endpoint {
    loop {
        // 198.18.0.0/15, the block for benchmarks, has 17 free bits.
        let (number, port) = (random.u32(1..(1 << 17) - 1), random.u16(1024..));
        if used.insert((number, port)) {
            let local_port = random.u16(1024..);
            return Endpoint {
                number,
                port,
                local_port,
            };
        }
    }
}

impl Flow {
    fn new(kind: u32, endpoint: Endpoint, config: &GeneratorConfig, filler: &[u8]) -> Self {
        let (tcp, v6) = (kind.is_multiple_of(2), kind >= 2);
        let headers_length =
            ETHERNET_HEADER_LENGTH + if v6 { 40 } else { 20 } + if tcp { 20 } else { 8 };
        let length = config.frame_size.max(headers_length + STAMP_LENGTH);
        let mut payload = vec![0; STAMP_LENGTH];
        payload.extend(&filler[..length - headers_length - STAMP_LENGTH]);

        let ethernet = PacketBuilder::ethernet2(SOURCE_MAC, config.destination);
        let ip = if v6 {
            let [high, low] = [(endpoint.number >> 16) as u16, endpoint.number as u16];
            let source = Ipv6Addr::new(0x2001, 0x2, 0, 0, 0, 0, high, low);
            ethernet.ipv6(source.octets(), DESTINATION_V6.octets(), HOP_LIMIT)
        } else {
            let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + endpoint.number);
            ethernet.ipv4(source.octets(), DESTINATION_V4.octets(), HOP_LIMIT)
        };
        let mut frame = Vec::with_capacity(length);
        let (port, local_port) = (endpoint.port, endpoint.local_port);
        let written = if tcp {
            ip.tcp(port, local_port, 0, TCP_WINDOW)
                .ack(1)
                .psh()
                .write(&mut frame, &payload)
        } else {
            ip.udp(port, local_port).write(&mut frame, &payload)
        };
        written.expect("a frame within the MTU fits its length fields");

        let transport = headers_length - if tcp { 20 } else { 8 };
        let checksum_at = transport + if tcp { 16 } else { 6 };
        let checksum = u16::from_be_bytes([frame[checksum_at], frame[checksum_at + 1]]);
        frame.truncate(headers_length);
        Self {
            headers: frame,
            length,
            checksum_at,
            sequence_at: tcp.then_some(transport + 4),
            sum: u32::from(!checksum),
        }
    }

    fn variable(&self, id: u64, sequence: u64) -> Variable {
        let mut stamp = [0; STAMP_LENGTH];
        stamp[..8].copy_from_slice(&id.to_be_bytes());
        stamp[8..].copy_from_slice(&sequence.to_be_bytes());
        // TCP numbers bytes: this is the stream that the flow's payloads make up.
        let payload = (self.length - self.headers.len()) as u32;
        let tcp_sequence = match self.sequence_at {
            Some(_) => (sequence as u32).wrapping_mul(payload).to_be_bytes(),
            None => [0; 4],
        };
        let sum = self.sum + word_sum(&stamp) + word_sum(&tcp_sequence);
        let checksum = match !fold(sum) {
            // RFC 768: a UDP checksum of zero would mean that there is none.
            0 if self.sequence_at.is_none() => 0xffff,
            checksum => checksum,
        };
        Variable {
            checksum: checksum.to_be_bytes(),
            tcp_sequence,
            stamp,
        }
    }

    /// Writes what varies into a copy of the flow's headers.
    fn vary(&self, headers: &mut [u8], variable: &Variable) {
        headers[self.checksum_at..self.checksum_at + 2].copy_from_slice(&variable.checksum);
        if let Some(at) = self.sequence_at {
            headers[at..at + 4].copy_from_slice(&variable.tcp_sequence);
        }
    }

    fn filler<'a>(&self, filler: &'a [u8]) -> &'a [u8] {
        &filler[..self.length - self.headers.len() - STAMP_LENGTH]
    }
}

impl Frames for Generator {
    fn flow_count(&self) -> u32 {
        self.flows.len() as u32
    }

    fn frame_count(&self) -> Option<u64> {
        self.packets
    }

    fn flow(&self, id: u64) -> u32 {
        (id % self.flows.len() as u64) as u32
    }

    fn append(&self, id: u64, frame: &mut Vec<u8>) {
        let (flow, variable) = self.flow_of(id);
        let start = frame.len();
        frame.extend_from_slice(&flow.headers);
        flow.vary(&mut frame[start..], &variable);
        frame.extend_from_slice(&variable.stamp);
        frame.extend_from_slice(flow.filler(&self.filler));
    }

    fn matches(&self, id: u64, frame: &[u8]) -> bool {
        let (flow, variable) = self.flow_of(id);
        if frame.len() != flow.length {
            return false;
        }
        let (headers, payload) = frame.split_at(flow.headers.len());
        let (stamp, filler) = payload.split_at(STAMP_LENGTH);
        let mut expected = [0; HEADERS_LENGTH_MAX];
        let expected = &mut expected[..headers.len()];
        expected.copy_from_slice(&flow.headers);
        flow.vary(expected, &variable);
        stamp == variable.stamp && headers == expected && filler == flow.filler(&self.filler)
    }
}

fn word_sum(bytes: &[u8]) -> u32 {
    let (words, _) = bytes.as_chunks::<2>();
    words
        .iter()
        .map(|word| u32::from(u16::from_be_bytes(*word)))
        .sum()
}

/// Adds the carries back in, as ones' complement arithmetic does.
fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::{Addresses, Headers, Protocol};
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    fn config(frame_size: usize) -> GeneratorConfig {
        GeneratorConfig {
            seed: 7,
            flows: 16,
            frame_size,
            packets: None,
            destination: [2, 0, 0, 0, 0, 2],
            mtu: 1500,
        }
    }

    fn frame(generator: &Generator, id: u64) -> Vec<u8> {
        let mut frame = Vec::new();
        generator.append(id, &mut frame);
        frame
    }

    /// Panics where a checksum or length of the frame is wrong.
    fn check(frame: &[u8]) {
        let packet = SlicedPacket::from_ethernet(frame).unwrap();
        let transport = packet.transport.unwrap();
        match (packet.net.unwrap(), transport) {
            (NetSlice::Ipv4(ip), transport) => {
                let header = ip.header().to_header();
                assert_eq!(header.header_checksum, header.calc_header_checksum());
                match transport {
                    TransportSlice::Tcp(tcp) => assert_eq!(
                        tcp.checksum(),
                        tcp.calc_checksum_ipv4(header.source, header.destination)
                            .unwrap()
                    ),
                    TransportSlice::Udp(udp) => assert_eq!(
                        udp.checksum(),
                        udp.to_header()
                            .calc_checksum_ipv4(&header, udp.payload())
                            .unwrap()
                    ),
                    other => panic!("{other:?}"),
                }
            }
            (NetSlice::Ipv6(ip), transport) => {
                let header = ip.header().to_header();
                match transport {
                    TransportSlice::Tcp(tcp) => assert_eq!(
                        tcp.checksum(),
                        tcp.calc_checksum_ipv6(header.source, header.destination)
                            .unwrap()
                    ),
                    TransportSlice::Udp(udp) => assert_eq!(
                        udp.checksum(),
                        udp.to_header()
                            .calc_checksum_ipv6(&header, udp.payload())
                            .unwrap()
                    ),
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn frames_of_all_sizes_have_valid_lengths_and_checksums() {
        for size in [60, 91, 128, 1514] {
            let generator = Generator::new(&config(size)).unwrap();
            for id in (0..64).chain([u64::from(u32::MAX), u64::MAX - 1]) {
                check(&frame(&generator, id));
            }
        }
    }

    #[test]
    fn a_udp_checksum_that_would_be_zero_is_sent_as_all_ones() {
        // With 15 flows the numbers of a flow's frames add up to every possible sum.
        let config = GeneratorConfig {
            flows: 15,
            ..config(60)
        };
        let generator = Generator::new(&config).unwrap();
        let would_be_zero = (1..15 << 16)
            .step_by(15)
            .find(|&id| generator.flow_of(id).1.checksum == [0xff, 0xff])
            .expect("one frame in 65,535 has this checksum");
        check(&frame(&generator, would_be_zero));
    }

    #[test]
    fn frames_are_as_long_as_asked_or_as_short_as_can_be() {
        let lengths = |size| -> Vec<usize> {
            let generator = Generator::new(&config(size)).unwrap();
            (0..4).map(|id| frame(&generator, id).len()).collect()
        };
        assert_eq!(lengths(60), [70, 60, 90, 78]);
        assert_eq!(lengths(1514), [1514; 4]);
    }

    #[test]
    fn all_four_kinds_of_flow_are_there_and_flows_differ() {
        let generator = Generator::new(&config(100)).unwrap();
        let mut seen = HashSet::new();
        let mut kinds = HashSet::new();
        for id in 0..16 {
            let headers = Headers::parse(&frame(&generator, id)).unwrap();
            let v6 = matches!(headers.addresses, Addresses::V6(..));
            kinds.insert((v6, headers.ports.unwrap().protocol == Protocol::Tcp));
            assert!(
                seen.insert(headers),
                "flow {id} has the addresses of another"
            );
            assert_eq!(Headers::parse(&frame(&generator, id + 16)), Some(headers));
        }
        assert_eq!(kinds.len(), 4);
    }

    #[test]
    fn frames_carry_their_numbers() {
        let generator = Generator::new(&config(100)).unwrap();
        let frame = frame(&generator, 3 * 16 + 1);
        let stamp = &frame[42..][..STAMP_LENGTH];
        assert_eq!(stamp[..8], 49u64.to_be_bytes());
        assert_eq!(stamp[8..], 3u64.to_be_bytes());
        assert_eq!(generator.flow(49), 1);
    }

    #[test]
    fn equal_seeds_give_equal_frames_and_others_do_not() {
        let frames = |seed| -> Vec<Vec<u8>> {
            let config = GeneratorConfig {
                seed,
                ..config(200)
            };
            let generator = Generator::new(&config).unwrap();
            (0..40).map(|id| frame(&generator, id)).collect()
        };
        assert_eq!(frames(1), frames(1));
        assert_ne!(frames(1), frames(2));
    }

    #[test]
    fn a_frame_matches_itself_only() {
        let generator = Generator::new(&config(60)).unwrap();
        for id in 0..4 {
            let frame = frame(&generator, id);
            assert!(generator.matches(id, &frame));
            assert!(!generator.matches(id + 16, &frame));
            assert!(!generator.matches(id, &frame[1..]));
            for position in 0..frame.len() {
                let mut changed = frame.clone();
                changed[position] ^= 0x10;
                assert!(!generator.matches(id, &changed), "byte {position}");
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused_with_their_range() {
        let refused = |change: fn(&mut GeneratorConfig)| {
            let mut config = config(60);
            change(&mut config);
            Generator::new(&config).err().unwrap().to_string()
        };
        assert!(refused(|c| c.flows = 0).contains("0 flows"));
        assert!(refused(|c| c.frame_size = 59).contains("between 60 and 1514"));
        assert!(refused(|c| c.frame_size = 1515).contains("1515"));
        assert!(refused(|c| c.mtu = 70).contains("MTU of 70"));
    }
}
