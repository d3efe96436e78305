//! Segmentation in software: what the class extension does where hardware cannot.

use super::checksum::{Headers, read, write};
use netadapter_abi::net::NET_PACKET_LAYOUT;

const TCP_FIN: u8 = 0x01;
const TCP_PSH: u8 = 0x08;
const TCP_CWR: u8 = 0x80;

/// Cuts a large packet into frames whose payload is at most `mss` bytes. Checksums are left as
/// they are.
pub(in crate::netcx) fn segment(
    layout: &NET_PACKET_LAYOUT,
    frame: &[u8],
    mss: usize,
) -> Option<Vec<Vec<u8>>> {
    let headers = Headers::of(layout, frame).filter(|_| mss > 0)?;
    let (head, payload) = frame.split_at(headers.payload);
    let last = payload.len().div_ceil(mss).saturating_sub(1);
    let segments = payload.chunks(mss).enumerate().map(|(position, part)| {
        let mut segment = head.to_vec();
        segment.extend_from_slice(part);
        fix_lengths(headers, &mut segment, position);
        if headers.is_tcp {
            fix_tcp(headers, &mut segment, position, position == last, mss);
        }
        segment
    });
    Some(segments.collect())
}

fn fix_lengths(headers: Headers, segment: &mut [u8], position: usize) {
    let transport = segment.len() - headers.layer4;
    if headers.is_ipv4 {
        let total = segment.len() - headers.layer3;
        write(segment, headers.layer3 + 2, total as u16);
        let identification = read(segment, headers.layer3 + 4).wrapping_add(position as u16);
        write(segment, headers.layer3 + 4, identification);
    } else {
        let behind = segment.len() - headers.layer3 - 40;
        write(segment, headers.layer3 + 4, behind as u16);
    }
    if !headers.is_tcp {
        write(segment, headers.layer4 + 4, transport as u16);
    }
}

fn fix_tcp(headers: Headers, segment: &mut [u8], position: usize, is_last: bool, mss: usize) {
    let place = headers.layer4 + 4;
    let sequence = u32::from(read(segment, place)) << 16 | u32::from(read(segment, place + 2));
    let sequence = sequence.wrapping_add((position * mss) as u32);
    write(segment, place, (sequence >> 16) as u16);
    write(segment, place + 2, sequence as u16);
    let flags = &mut segment[headers.layer4 + 13];
    if !is_last {
        *flags &= !(TCP_FIN | TCP_PSH);
    }
    if position > 0 {
        *flags &= !TCP_CWR;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netcx::frame_layout::frame_layout;
    use etherparse::{PacketBuilder, SlicedPacket, TransportSlice};

    fn tcp(payload: &[u8]) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp(1, 2, 1000, 4096)
            .psh()
            .fin();
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).unwrap();
        frame
    }

    #[test]
    fn segments_carry_the_payload_in_order_and_only_the_last_one_ends_it() {
        let payload: Vec<u8> = (0..250).collect();
        let frame = tcp(&payload);
        let segments = segment(&frame_layout(&frame), &frame, 100).unwrap();
        let mut collected = Vec::new();
        for (position, segment) in segments.iter().enumerate() {
            let packet = SlicedPacket::from_ethernet(segment).unwrap();
            let Some(TransportSlice::Tcp(tcp)) = packet.transport else {
                panic!("a segment is TCP")
            };
            assert_eq!(tcp.sequence_number(), 1000 + 100 * position as u32);
            assert_eq!((tcp.fin(), tcp.psh()), (position == 2, position == 2));
            collected.extend_from_slice(tcp.payload());
        }
        assert_eq!(segments.len(), 3);
        assert_eq!(collected, payload);
    }

    #[test]
    fn what_is_no_transport_packet_is_not_segmented() {
        assert!(segment(&NET_PACKET_LAYOUT::zeroed(), &[0; 100], 10).is_none());
        let frame = tcp(&[1]);
        assert!(segment(&frame_layout(&frame), &frame, 0).is_none());
    }
}
