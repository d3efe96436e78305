//! What a driver must say about the packets that it received.

use super::{Broken, Traffic, Verifier, broken, layout_bytes, poisoned_fragment, poisoned_packet};
use crate::executive::Rule;
use crate::netcx::ring::{Ring, Rings};
use crate::netcx::rules;
use netadapter_abi::net::{
    NET_FRAGMENT, NET_PACKET, NET_PACKET_LAYOUT, NetPacketLayer2TypeEthernet,
    NetPacketLayer2TypeIeee80211, NetPacketLayer2TypeNull, NetPacketLayer3TypeIPv4NoOptions,
    NetPacketLayer3TypeIPv4UnspecifiedOptions, NetPacketLayer3TypeIPv6NoExtensions,
    NetPacketLayer3TypeIPv6UnspecifiedExtensions, NetPacketLayer4TypeIPNotFragment,
    NetPacketLayer4TypeTcp, NetPacketLayer4TypeUdp,
};

/// The shortest Ethernet header, in bytes.
const ETHERNET_HEADER_BYTES: u16 = 14;
/// The shortest IPv4 header, in bytes.
const IPV4_HEADER_BYTES: u16 = 20;
/// The IPv6 header, in bytes.
const IPV6_HEADER_BYTES: u16 = 40;
/// The shortest and the longest TCP header, in bytes.
const TCP_HEADER_BYTES: std::ops::RangeInclusive<u8> = 20..=60;
/// The UDP header, in bytes.
const UDP_HEADER_BYTES: u8 = 8;

/// The fragments of the fragment ring, as distances from the first that was the driver's.
struct FragmentRange {
    /// Number of those that were the driver's before the callback.
    before: u32,
    /// Number of those that came back.
    returned: u32,
    /// First one that no earlier packet uses.
    unused: u32,
}

/// Checks all packets that came back.
pub(super) fn check(
    verifier: &Verifier,
    rings: &Rings,
    driver_attaches: bool,
) -> Result<(), Broken> {
    debug_assert!(matches!(verifier.traffic, Traffic::Receive { .. }));
    let (packets, fragments) = (&rings.packets, &rings.fragments);
    let first = verifier.fragments.begin;
    let mut range = FragmentRange {
        before: verifier.fragments.owned(fragments),
        returned: fragments.distance(first, fragments.begin()),
        unused: 0,
    };
    for distance in 0..packets.distance(verifier.packets.begin, packets.begin()) {
        let index = packets.after(verifier.packets.begin, distance);
        let packet = packets.packet(index);
        if packet.ignore() != 0 {
            check_ignored(index, &packet)?;
            continue;
        }
        check_packet(index, &packet)?;
        range.take(index, &packet, fragments, first)?;
        for distance in 0..u32::from(packet.FragmentCount) {
            let fragment_index = fragments.after(packet.FragmentIndex, distance);
            check_fragment(fragment_index, fragments, driver_attaches)?;
        }
    }
    Ok(())
}

fn check_ignored(index: u32, packet: &NET_PACKET) -> Result<(), Broken> {
    let posted = poisoned_packet();
    if packet.FragmentIndex != posted.FragmentIndex
        || packet.FragmentCount != posted.FragmentCount
        || layout_bytes(packet.Layout) != layout_bytes(posted.Layout)
        || packet.reserved1() != 0
    {
        let detail = format!("receive packet {index} is ignored and yet its other fields changed");
        return broken(&rules::INVALID_RING_MODIFIED_RX_PACKET, detail);
    }
    Ok(())
}

fn check_packet(index: u32, packet: &NET_PACKET) -> Result<(), Broken> {
    let posted = poisoned_packet();
    let unwritten = [
        (
            "FragmentIndex",
            packet.FragmentIndex == posted.FragmentIndex,
        ),
        (
            "FragmentCount",
            packet.FragmentCount == posted.FragmentCount,
        ),
        (
            "Layer2Type",
            packet.Layout.layer2_type() == posted.Layout.layer2_type(),
        ),
        (
            "Layer3Type",
            packet.Layout.layer3_type() == posted.Layout.layer3_type(),
        ),
        (
            "Layer4Type",
            packet.Layout.layer4_type() == posted.Layout.layer4_type(),
        ),
    ];
    if let Some((field, _)) = unwritten.iter().find(|(_, unwritten)| *unwritten) {
        let detail = format!("receive packet {index} came back without {field} written");
        return broken(&rules::INVALID_RING_UNMODIFIED_RX_PACKET, detail);
    }
    if packet.reserved1() != 0 {
        let detail = format!("receive packet {index} has reserved bits set");
        return broken(&rules::INVALID_RING_MODIFIED_RX_PACKET, detail);
    }
    check_layout(&packet.Layout).map_err(|rule| Broken {
        rule,
        detail: format!(
            "receive packet {index} has the layout {:02x?}",
            layout_bytes(packet.Layout)
        ),
    })
}

fn check_layout(layout: &NET_PACKET_LAYOUT) -> Result<(), &'static Rule> {
    let require = |holds: bool, rule| if holds { Ok(()) } else { Err(rule) };
    let layer2 = i32::from(layout.layer2_type());
    let length = layout.layer2_header_length();
    let known = layer2 <= NetPacketLayer2TypeIeee80211;
    require(known, &rules::INVALID_RING_RX_PACKET_LAYER2_TYPE)?;
    require(
        layer2 != NetPacketLayer2TypeNull || length == 0,
        &rules::INVALID_RING_RX_PACKET_LAYER2_TYPE_NULL_LENGTH_NON_ZERO,
    )?;
    require(
        layer2 != NetPacketLayer2TypeEthernet || length == 0 || length >= ETHERNET_HEADER_BYTES,
        &rules::INVALID_RING_RX_PACKET_LAYER2_TYPE_ETHERNET_LENGTH_INVALID,
    )?;
    let layer3 = i32::from(layout.layer3_type());
    let length = layout.layer3_header_length();
    let known = layer3 <= NetPacketLayer3TypeIPv6NoExtensions;
    require(known, &rules::INVALID_RING_RX_PACKET_LAYER3_TYPE)?;
    let ipv4 = NetPacketLayer3TypeIPv4UnspecifiedOptions..=NetPacketLayer3TypeIPv4NoOptions;
    require(
        !ipv4.contains(&layer3) || length == 0 || length >= IPV4_HEADER_BYTES,
        &rules::INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV4_LENGTH_INVALID,
    )?;
    let ipv6 = NetPacketLayer3TypeIPv6UnspecifiedExtensions..=NetPacketLayer3TypeIPv6NoExtensions;
    require(
        !ipv6.contains(&layer3) || length == 0 || length >= IPV6_HEADER_BYTES,
        &rules::INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV6_LENGTH_INVALID,
    )?;
    check_layer4(layout)
}

/// A length of 0 says nothing, as in the layers below; the page and the class extension disagree
/// about the shortest TCP header, and the looser bound is the one that is checked.
#[expect(
    non_upper_case_globals,
    reason = "constants of the contract have their C names"
)]
fn check_layer4(layout: &NET_PACKET_LAYOUT) -> Result<(), &'static Rule> {
    let length = layout.layer4_header_length();
    match i32::from(layout.layer4_type()) {
        NetPacketLayer4TypeTcp
            if length != 0
                && (!TCP_HEADER_BYTES.contains(&length) || !length.is_multiple_of(4)) =>
        {
            Err(&rules::INVALID_RING_RX_PACKET_LAYER4_TYPE_TCP_LENGTH_INVALID)
        }
        NetPacketLayer4TypeUdp if length != 0 && length < UDP_HEADER_BYTES => {
            Err(&rules::INVALID_RING_RX_PACKET_LAYER4_TYPE_UDP_LENGTH_INVALID)
        }
        known if known <= NetPacketLayer4TypeIPNotFragment => Ok(()),
        _ => Err(&rules::INVALID_RING_RX_PACKET_LAYER4_TYPE),
    }
}

impl FragmentRange {
    /// Assigns the fragments of a packet to it.
    fn take(
        &mut self,
        index: u32,
        packet: &NET_PACKET,
        ring: &Ring,
        first: u32,
    ) -> Result<(), Broken> {
        let count = u32::from(packet.FragmentCount);
        let start = ring.distance(first, packet.FragmentIndex);
        let end = start + count;
        let rule = if count == 0 {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_COUNT_ZERO
        } else if count > self.before {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_RANGE
        } else if packet.FragmentIndex >= ring.count() || start >= self.before {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_PRE_RANGE
        } else if end > self.before {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_PRE_RANGE
        } else if start >= self.returned {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_POST_RANGE
        } else if end > self.returned {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_POST_RANGE
        } else if start < self.unused {
            &rules::INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OVERLAP
        } else {
            self.unused = end;
            return Ok(());
        };
        let (before, returned) = (self.before, self.returned);
        broken(
            rule,
            format!(
                "receive packet {index} has {count} fragments from {}; from {first} on, {before} \
                 were the driver's and {returned} came back",
                packet.FragmentIndex
            ),
        )
    }
}

fn check_fragment(index: u32, ring: &Ring, driver_attaches: bool) -> Result<(), Broken> {
    let fragment = ring.fragment(index);
    let posted = poisoned_fragment(None);
    let unwritten = [
        (
            "ValidLength",
            fragment.valid_length() == posted.valid_length(),
        ),
        ("Offset", fragment.offset() == posted.offset()),
        (
            "Capacity",
            driver_attaches && fragment.capacity() == posted.capacity(),
        ),
    ];
    if let Some((field, _)) = unwritten.iter().find(|(_, unwritten)| *unwritten) {
        let detail = format!("receive fragment {index} came back without {field} written");
        return broken(&rules::INVALID_RING_UNMODIFIED_RX_FRAGMENT, detail);
    }
    if fragment.os_reserved_bounced() != 0 {
        let detail = format!("receive fragment {index} has the system's bit set");
        return broken(&rules::INVALID_RING_MODIFIED_RX_FRAGMENT, detail);
    }
    check_extent(index, &fragment)
}

fn check_extent(index: u32, fragment: &NET_FRAGMENT) -> Result<(), Broken> {
    let (offset, length, capacity) = (
        fragment.offset(),
        fragment.valid_length(),
        fragment.capacity(),
    );
    if offset + length > capacity {
        let detail = format!(
            "receive fragment {index}: {length} bytes at {offset} of a buffer of {capacity}"
        );
        return broken(&rules::INVALID_RING_RX_FRAGMENT_LENGTH_INVALID, detail);
    }
    Ok(())
}
