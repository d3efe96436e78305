//! Reading packet captures: classic pcap and pcapng, by `pcap-file`.

use crate::headers::ETHERNET_HEADER_LENGTH;
use pcap_file::pcap::PcapParser;
use pcap_file::pcapng::{Block, PcapNgParser};
use pcap_file::{DataLink, PcapError};
use std::io;
use thiserror::Error;

/// First word of a pcapng file, the same in both byte orders.
const PCAPNG_MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// A capture that cannot be replayed. Packets are counted from 1, as analysers do.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("the capture cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Neither pcap nor pcapng.
    #[error("this is no capture: it begins like neither pcap nor pcapng")]
    NotACapture,
    /// The file ends within a header or packet.
    #[error(
        "the capture is cut off in packet {packet}, at byte {offset} of {length}: \
         copy or record it again"
    )]
    CutOff {
        /// The packet that is not whole.
        packet: u64,
        /// Where it begins in the file.
        offset: usize,
        /// Bytes of the file.
        length: usize,
    },
    /// The file breaks its own format.
    #[error("the capture is damaged in packet {packet}, at byte {offset}: {reason}")]
    Damaged {
        /// The packet that cannot be read.
        packet: u64,
        /// Where it begins in the file.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// The link type is another one.
    #[error("the capture holds {0} packets, but only Ethernet can be replayed")]
    NotEthernet(String),
    /// The capture recorded the first part of a packet only.
    #[error(
        "packet {packet} was recorded with {recorded} of its {length} bytes: \
         record whole packets (tcpdump -s 0)"
    )]
    Shortened {
        /// The packet.
        packet: u64,
        /// Bytes in the file.
        recorded: usize,
        /// Bytes on the wire.
        length: usize,
    },
    /// A frame is shorter than its header.
    #[error("packet {packet} has {length} bytes, which is less than an Ethernet header")]
    TooShort {
        /// The packet.
        packet: u64,
        /// Its bytes.
        length: usize,
    },
    /// A frame is longer than the adapter can take.
    #[error(
        "packet {packet} has {length} bytes, but with an MTU of {mtu} a frame has at most {most}: \
         record with segmentation offloads off (ethtool -K DEVICE gro off lro off), \
         or choose a larger MTU"
    )]
    TooLong {
        /// The packet.
        packet: u64,
        /// Its bytes.
        length: usize,
        /// The adapter's MTU.
        mtu: u16,
        /// Longest frame.
        most: usize,
    },
    /// No packet at all.
    #[error("the capture is empty: it holds no packets")]
    Empty,
}

/// How far reading has come.
struct Position {
    /// Packets read.
    packets: u64,
    /// Bytes left.
    left: usize,
    /// Bytes of the file.
    length: usize,
}

impl Position {
    fn fault(&self, error: PcapError) -> CaptureError {
        let packet = self.packets + 1;
        let offset = self.length - self.left;
        match error {
            PcapError::IncompleteBuffer => CaptureError::CutOff {
                packet,
                offset,
                length: self.length,
            },
            other => CaptureError::Damaged {
                packet,
                offset,
                reason: other.to_string(),
            },
        }
    }
}

/// Calls `take` with the bytes of each packet of `file`, in order.
pub(crate) fn read(file: &[u8], mtu: u16, mut take: impl FnMut(&[u8])) -> Result<(), CaptureError> {
    let mut position = Position {
        packets: 0,
        left: file.len(),
        length: file.len(),
    };
    let mut checked = |position: &Position, data: &[u8], length: usize| {
        check_frame(position.packets + 1, data.len(), length, mtu)?;
        take(data);
        Ok(())
    };
    if file.starts_with(&PCAPNG_MAGIC) {
        read_pcapng(file, &mut position, &mut checked)?;
    } else {
        read_pcap(file, &mut position, &mut checked)?;
    }
    if position.packets == 0 {
        return Err(CaptureError::Empty);
    }
    Ok(())
}

/// Takes a packet's bytes and the length it had on the wire.
type Take<'a> = dyn FnMut(&Position, &[u8], usize) -> Result<(), CaptureError> + 'a;

fn read_pcap(
    file: &[u8],
    position: &mut Position,
    take: &mut Take<'_>,
) -> Result<(), CaptureError> {
    let (mut rest, parser) = match PcapParser::new(file) {
        Ok(opened) => opened,
        Err(PcapError::IncompleteBuffer) if looks_like_pcap(file) => {
            return Err(position.fault(PcapError::IncompleteBuffer));
        }
        Err(_) => return Err(CaptureError::NotACapture),
    };
    check_link(parser.header().datalink)?;
    while !rest.is_empty() {
        position.left = rest.len();
        // The raw packet: times and the header's length limit are of no concern here.
        let (behind, packet) = parser
            .next_raw_packet(rest)
            .map_err(|error| position.fault(error))?;
        take(position, &packet.data, packet.orig_len as usize)?;
        position.packets += 1;
        rest = behind;
    }
    Ok(())
}

fn looks_like_pcap(file: &[u8]) -> bool {
    let magics = [0xa1b2_c3d4u32, 0xa1b2_3c4d];
    let begins_with = |magic: [u8; 4]| file.starts_with(&magic);
    magics
        .iter()
        .any(|magic| begins_with(magic.to_be_bytes()) || begins_with(magic.to_le_bytes()))
}

fn read_pcapng(
    file: &[u8],
    position: &mut Position,
    take: &mut Take<'_>,
) -> Result<(), CaptureError> {
    let (mut rest, mut parser) = PcapNgParser::new(file).map_err(|error| position.fault(error))?;
    while !rest.is_empty() {
        position.left = rest.len();
        let (behind, block) = parser
            .next_block(rest)
            .map_err(|error| position.fault(error))?;
        // Link type and length limit are those of the packet's interface, which comes before it.
        let (interface, data, length) = match &block {
            Block::EnhancedPacket(packet) => {
                (packet.interface_id, &packet.data, packet.original_len)
            }
            Block::Packet(packet) => (
                packet.interface_id.into(),
                &packet.data,
                packet.original_len,
            ),
            Block::SimplePacket(packet) => (0, &packet.data, packet.original_len),
            _ => {
                rest = behind;
                continue;
            }
        };
        let interface = parser
            .interfaces()
            .get(interface as usize)
            .ok_or_else(|| position.fault(PcapError::InvalidInterfaceId(interface)))?;
        check_link(interface.linktype)?;
        let data = match &block {
            // A simple packet's block is padded, and only the lengths tell how far.
            Block::SimplePacket(_) => simple_packet(data, length, interface.snaplen),
            _ => data,
        };
        take(position, data, length as usize)?;
        position.packets += 1;
        rest = behind;
    }
    Ok(())
}

fn simple_packet(data: &[u8], length: u32, snap_length: u32) -> &[u8] {
    let limit = match snap_length {
        0 => u32::MAX,
        limit => limit,
    };
    &data[..data.len().min(length.min(limit) as usize)]
}

fn check_link(link: DataLink) -> Result<(), CaptureError> {
    match link {
        DataLink::ETHERNET => Ok(()),
        other => Err(CaptureError::NotEthernet(format!("{other:?}"))),
    }
}

fn check_frame(packet: u64, recorded: usize, length: usize, mtu: u16) -> Result<(), CaptureError> {
    // A VLAN tag is no part of what the MTU limits.
    let most = ETHERNET_HEADER_LENGTH + 4 + usize::from(mtu);
    if recorded < length {
        return Err(CaptureError::Shortened {
            packet,
            recorded,
            length,
        });
    }
    if recorded < ETHERNET_HEADER_LENGTH {
        return Err(CaptureError::TooShort {
            packet,
            length: recorded,
        });
    }
    if recorded > most {
        return Err(CaptureError::TooLong {
            packet,
            length: recorded,
            mtu,
            most,
        });
    }
    Ok(())
}
