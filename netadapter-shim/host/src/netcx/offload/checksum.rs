//! Checksums of IPv4, TCP and UDP in software, for packets whose headers a layout describes.

use netadapter_abi::net::{
    NET_PACKET_LAYOUT, NetPacketLayer3TypeIPv4NoOptions, NetPacketLayer3TypeIPv4UnspecifiedOptions,
    NetPacketLayer3TypeIPv6NoExtensions, NetPacketLayer3TypeIPv6UnspecifiedExtensions,
    NetPacketLayer4TypeTcp, NetPacketLayer4TypeUdp,
};

const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;

/// Where the headers of a frame lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::netcx) struct Headers {
    pub(in crate::netcx) layer3: usize,
    pub(in crate::netcx) layer4: usize,
    /// Behind the layer 4 header.
    pub(in crate::netcx) payload: usize,
    pub(in crate::netcx) is_ipv4: bool,
    /// TCP, or UDP.
    pub(in crate::netcx) is_tcp: bool,
}

pub(in crate::netcx) fn is_ipv4(layout: &NET_PACKET_LAYOUT) -> bool {
    (NetPacketLayer3TypeIPv4UnspecifiedOptions..=NetPacketLayer3TypeIPv4NoOptions)
        .contains(&i32::from(layout.layer3_type()))
}

pub(in crate::netcx) fn is_ipv6(layout: &NET_PACKET_LAYOUT) -> bool {
    (NetPacketLayer3TypeIPv6UnspecifiedExtensions..=NetPacketLayer3TypeIPv6NoExtensions)
        .contains(&i32::from(layout.layer3_type()))
}

impl Headers {
    /// The headers of a TCP or UDP packet that lies in the frame as a whole.
    #[expect(
        non_upper_case_globals,
        reason = "constants of the contract have their C names"
    )]
    pub(in crate::netcx) fn of(layout: &NET_PACKET_LAYOUT, frame: &[u8]) -> Option<Self> {
        let is_tcp = match i32::from(layout.layer4_type()) {
            NetPacketLayer4TypeTcp => true,
            NetPacketLayer4TypeUdp => false,
            _ => return None,
        };
        let layer3 = usize::from(layout.layer2_header_length());
        let layer4 = layer3 + usize::from(layout.layer3_header_length());
        let payload = layer4 + usize::from(layout.layer4_header_length());
        let is_ipv4 = is_ipv4(layout);
        let known = is_ipv4 || is_ipv6(layout);
        let shortest = layer4 + if is_tcp { 20 } else { 8 };
        (known && payload >= shortest && payload <= frame.len()).then_some(Self {
            layer3,
            layer4,
            payload,
            is_ipv4,
            is_tcp,
        })
    }

    fn checksum_place(self) -> usize {
        self.layer4 + if self.is_tcp { 16 } else { 6 }
    }

    /// The end of the IP packet: a short frame is padded behind it.
    fn end(self, frame: &[u8]) -> usize {
        let at = |place: usize| usize::from(read(frame, place));
        let end = if self.is_ipv4 {
            self.layer3 + at(self.layer3 + 2)
        } else {
            self.layer3 + 40 + at(self.layer3 + 4)
        };
        end.clamp(self.payload, frame.len())
    }

    /// The sum of the pseudo-header, for a transport packet of `bytes`.
    fn pseudo_sum(self, frame: &[u8], bytes: usize) -> u32 {
        let addresses = if self.is_ipv4 {
            &frame[self.layer3 + 12..self.layer3 + 20]
        } else {
            &frame[self.layer3 + 8..self.layer3 + 40]
        };
        let protocol = if self.is_tcp {
            PROTOCOL_TCP
        } else {
            PROTOCOL_UDP
        };
        sum(addresses) + u32::from(protocol) + bytes as u32
    }

    /// Puts the pseudo-header's sum where the adapter adds the rest. With segmentation the length
    /// does not count (*Offloading the segmentation of large TCP packets*).
    pub(in crate::netcx) fn write_pseudo_sum(self, frame: &mut [u8], segmented: bool) {
        let bytes = if segmented {
            0
        } else {
            self.end(frame) - self.layer4
        };
        let folded = fold(self.pseudo_sum(frame, bytes));
        write(frame, self.checksum_place(), folded);
    }

    /// Fills the transport checksum in.
    pub(in crate::netcx) fn write_checksum(self, frame: &mut [u8]) {
        write(frame, self.checksum_place(), 0);
        let checksum = self.transport_sum(frame);
        // A computed 0 of UDP is sent as all ones, because 0 says that there is none (RFC 768).
        let checksum = if checksum == 0 && !self.is_tcp {
            u16::MAX
        } else {
            checksum
        };
        write(frame, self.checksum_place(), checksum);
    }

    fn transport_sum(self, frame: &[u8]) -> u16 {
        let end = self.end(frame);
        let bytes = end - self.layer4;
        !fold(self.pseudo_sum(frame, bytes) + sum(&frame[self.layer4..end]))
    }

    /// Whether the transport checksum is right, or there is none.
    pub(in crate::netcx) fn is_checksum_right(self, frame: &[u8]) -> bool {
        let absent = !self.is_tcp && self.is_ipv4 && read(frame, self.checksum_place()) == 0;
        absent || self.transport_sum(frame) == 0
    }
}

/// The header of an IPv4 packet.
fn ipv4_header<'a>(layout: &NET_PACKET_LAYOUT, frame: &'a [u8]) -> Option<&'a [u8]> {
    let start = usize::from(layout.layer2_header_length());
    let bytes = usize::from(layout.layer3_header_length());
    let header = frame.get(start..start + bytes)?;
    (is_ipv4(layout) && bytes >= 20).then_some(header)
}

/// Whether the header checksum of an IPv4 packet is right; nothing if it is none.
pub(in crate::netcx) fn is_ipv4_right(layout: &NET_PACKET_LAYOUT, frame: &[u8]) -> Option<bool> {
    ipv4_header(layout, frame).map(|header| fold(sum(header)) == u16::MAX)
}

/// Fills the header checksum of an IPv4 packet in; 0 if the adapter shall do it.
pub(in crate::netcx) fn write_ipv4(layout: &NET_PACKET_LAYOUT, frame: &mut [u8], by_adapter: bool) {
    if ipv4_header(layout, frame).is_none() {
        return;
    }
    let place = usize::from(layout.layer2_header_length()) + 10;
    write(frame, place, 0);
    if !by_adapter && let Some(header) = ipv4_header(layout, frame) {
        let checksum = !fold(sum(header));
        write(frame, place, checksum);
    }
}

pub(super) fn read(frame: &[u8], place: usize) -> u16 {
    u16::from_be_bytes([frame[place], frame[place + 1]])
}

pub(super) fn write(frame: &mut [u8], place: usize, value: u16) {
    frame[place..place + 2].copy_from_slice(&value.to_be_bytes());
}

/// The sum of big-endian words; an odd byte at the end counts as the high half of a word. Packets
/// are too short for the sum to overflow.
fn sum(bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(2);
    let sum: u32 = words
        .by_ref()
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    sum + words
        .remainder()
        .first()
        .map_or(0, |&last| u32::from(last) << 8)
}

fn fold(sum: u32) -> u16 {
    let once = (sum & 0xFFFF) + (sum >> 16);
    ((once & 0xFFFF) + (once >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netcx::frame_layout::frame_layout;

    /// Ethernet, IPv4, UDP, three bytes of payload; from RFC 1071's rules by hand.
    fn udp() -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend_from_slice(&[0x08, 0x00]);
        frame.extend_from_slice(&[
            0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        ]);
        frame.extend_from_slice(&[0, 1, 0, 2, 0, 11, 0, 0, 1, 2, 3]);
        frame
    }

    #[test]
    fn checksums_that_are_filled_in_are_right_and_a_changed_byte_is_noticed() {
        let mut frame = udp();
        let layout = frame_layout(&frame);
        let headers = Headers::of(&layout, &frame).unwrap();
        write_ipv4(&layout, &mut frame, false);
        headers.write_checksum(&mut frame);
        assert_eq!(is_ipv4_right(&layout, &frame), Some(true));
        assert!(headers.is_checksum_right(&frame));
        *frame.last_mut().unwrap() ^= 1;
        assert!(!headers.is_checksum_right(&frame));
        frame[22] = 63;
        assert_eq!(is_ipv4_right(&layout, &frame), Some(false));
    }

    #[test]
    fn padding_behind_the_packet_does_not_count() {
        let mut frame = udp();
        let layout = frame_layout(&frame);
        let headers = Headers::of(&layout, &frame).unwrap();
        headers.write_checksum(&mut frame);
        frame.extend_from_slice(&[0xAA; 20]);
        assert!(headers.is_checksum_right(&frame));
    }

    #[test]
    fn an_adapter_that_adds_the_packet_to_the_pseudo_sum_gets_the_checksum() {
        let mut frame = udp();
        let layout = frame_layout(&frame);
        let headers = Headers::of(&layout, &frame).unwrap();
        headers.write_pseudo_sum(&mut frame, false);
        let checksum = !fold(sum(&frame[headers.layer4..]));
        write(&mut frame, headers.checksum_place(), checksum);
        assert!(headers.is_checksum_right(&frame));
    }

    #[test]
    fn udp_without_a_checksum_is_right() {
        let frame = udp();
        let headers = Headers::of(&frame_layout(&frame), &frame).unwrap();
        assert!(headers.is_checksum_right(&frame));
    }
}
