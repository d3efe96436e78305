//! The verifier against rings that a driver has treated well or badly.

use super::*;
use crate::netcx::extension::{ElementLayout, RETURN_CONTEXT, VIRTUAL_ADDRESS};
use netadapter_abi::net::{NetPacketLayer2TypeEthernet, NetPacketLayer2TypeNull};

const ELEMENTS: u32 = 8;
const OWNED: u32 = ELEMENTS - 1;

/// A receive queue with all elements posted.
struct Bench {
    rings: Rings,
    verifier: Verifier,
}

impl Bench {
    fn new(traffic: Traffic) -> Self {
        let packet = ElementLayout::new(size_of::<NET_PACKET>(), 4, &[]);
        let fragment = ElementLayout::new(8, 8, &[VIRTUAL_ADDRESS, RETURN_CONTEXT]);
        let rings = Rings::new(ELEMENTS, packet, ELEMENTS, fragment);
        for index in 0..OWNED {
            rings.packets.set_packet(index, poisoned_packet());
            rings.fragments.set_fragment(index, poisoned_fragment(None));
        }
        rings.packets.set_end(OWNED);
        rings.fragments.set_end(OWNED);
        let verifier = Verifier::new(traffic, &rings);
        Self { rings, verifier }
    }

    fn receive() -> Self {
        Self::new(Traffic::Receive {
            driver_attaches: true,
        })
    }

    /// Lets a driver act and judges it, as after a Cancel.
    fn judge(&mut self, act: impl FnOnce(&Rings)) -> Result<(), &'static str> {
        self.verifier.before_cancel(&self.rings);
        act(&self.rings);
        self.verifier
            .after(&self.rings)
            .map_err(|broken| broken.rule.name)
    }
}

fn give_back(ring: &Ring, count: u32) {
    // SAFETY: the ring is valid and its test is alone with it.
    unsafe { (*ring.as_ptr()).BeginIndex = ring.after(ring.begin(), count) };
}

fn good_packet(first: u32, count: u16) -> NET_PACKET {
    let mut layout = NET_PACKET_LAYOUT::zeroed();
    layout.set_layer2_type(NetPacketLayer2TypeEthernet as u8);
    layout.set_layer2_header_length(14);
    NET_PACKET {
        FragmentIndex: first,
        FragmentCount: count,
        Layout: layout,
        ..NET_PACKET::zeroed()
    }
}

fn good_fragment() -> NET_FRAGMENT {
    let mut fragment = NET_FRAGMENT::zeroed();
    fragment.set_capacity(2048);
    fragment.set_valid_length(1500);
    fragment.set_offset(12);
    fragment
}

fn receive_one(rings: &Rings, packet: NET_PACKET, fragments: u32) {
    for index in 0..fragments {
        rings.fragments.set_fragment(index, good_fragment());
    }
    rings.packets.set_packet(0, packet);
    give_back(&rings.packets, 1);
    give_back(&rings.fragments, fragments);
}

#[test]
fn a_driver_that_receives_by_the_rules_is_left_alone() {
    let verdict = Bench::receive().judge(|rings| {
        receive_one(rings, good_packet(0, 2), 2);
    });
    assert_eq!(verdict, Ok(()));
}

#[test]
fn ignored_packets_and_skipped_fragments_are_allowed() {
    let verdict = Bench::receive().judge(|rings| {
        for index in 0..OWNED {
            let mut packet = rings.packets.packet(index);
            packet.set_ignore(1);
            rings.packets.set_packet(index, packet);
        }
        give_back(&rings.packets, OWNED);
        give_back(&rings.fragments, OWNED);
    });
    assert_eq!(verdict, Ok(()));
}

#[test]
fn begin_may_not_pass_what_the_driver_owns() {
    let mut bench = Bench::receive();
    bench.rings.fragments.set_end(3);
    let verdict = bench.judge(|rings| give_back(&rings.fragments, 4));
    assert_eq!(verdict, Err("INVALID_RING_BEGIN_INDEX"));
    let verdict = Bench::receive().judge(|rings| {
        // SAFETY: the ring is valid.
        unsafe { (*rings.packets.as_ptr()).BeginIndex = ELEMENTS + 1 };
    });
    assert_eq!(verdict, Err("INVALID_RING_BEGIN_INDEX"));
}

#[test]
fn the_end_index_belongs_to_the_system() {
    let verdict = Bench::receive().judge(|rings| rings.packets.set_end(3));
    assert_eq!(verdict, Err("INVALID_RING_IMMUTABLE"));
}

#[test]
fn elements_of_the_system_may_not_change() {
    let verdict =
        Bench::receive().judge(|rings| rings.packets.set_packet(OWNED, good_packet(0, 1)));
    assert_eq!(verdict, Err("INVALID_RING_IMMUTABLE_FRAMEWORK_ELEMENT"));
}

#[test]
fn a_returned_packet_says_where_its_data_is() {
    let verdict = Bench::receive().judge(|rings| give_back(&rings.packets, 1));
    assert_eq!(verdict, Err("INVALID_RING_UNMODIFIED_RX_PACKET"));
    let verdict = Bench::receive().judge(|rings| receive_one(rings, good_packet(0, 0), 0));
    assert_eq!(verdict, Err("INVALID_RING_RX_PACKET_FRAGMENT_COUNT_ZERO"));
    let verdict = Bench::receive().judge(|rings| receive_one(rings, good_packet(0, 9), 1));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_RANGE")
    );
    let verdict = Bench::receive().judge(|rings| receive_one(rings, good_packet(7, 1), 1));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_PRE_RANGE")
    );
    let verdict = Bench::receive().judge(|rings| receive_one(rings, good_packet(1, 1), 1));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_POST_RANGE")
    );
    let verdict = Bench::receive().judge(|rings| receive_one(rings, good_packet(0, 3), 2));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_POST_RANGE")
    );
}

#[test]
fn packets_share_no_fragments() {
    let verdict = Bench::receive().judge(|rings| {
        rings.packets.set_packet(1, good_packet(0, 1));
        receive_one(rings, good_packet(0, 1), 2);
        give_back(&rings.packets, 1);
    });
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OVERLAP")
    );
}

#[test]
fn headers_have_possible_lengths() {
    let with = |change: fn(&mut NET_PACKET_LAYOUT)| {
        let mut packet = good_packet(0, 1);
        change(&mut packet.Layout);
        Bench::receive().judge(|rings| receive_one(rings, packet, 1))
    };
    let verdict = with(|layout| layout.set_layer2_header_length(13));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER2_TYPE_ETHERNET_LENGTH_INVALID")
    );
    let verdict = with(|layout| layout.set_layer2_type(NetPacketLayer2TypeNull as u8));
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER2_TYPE_NULL_LENGTH_NON_ZERO")
    );
    let verdict = with(|layout| layout.set_layer2_type(9));
    assert_eq!(verdict, Err("INVALID_RING_RX_PACKET_LAYER2_TYPE"));
    let verdict = with(|layout| {
        layout.set_layer3_type(3);
        layout.set_layer3_header_length(19);
    });
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV4_LENGTH_INVALID")
    );
    let verdict = with(|layout| {
        layout.set_layer3_type(6);
        layout.set_layer3_header_length(39);
    });
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV6_LENGTH_INVALID")
    );
    let verdict = with(|layout| {
        layout.set_layer4_type(1);
        layout.set_layer4_header_length(22);
    });
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER4_TYPE_TCP_LENGTH_INVALID")
    );
    let verdict = with(|layout| {
        layout.set_layer4_type(2);
        layout.set_layer4_header_length(7);
    });
    assert_eq!(
        verdict,
        Err("INVALID_RING_RX_PACKET_LAYER4_TYPE_UDP_LENGTH_INVALID")
    );
}

#[test]
fn returned_fragments_lie_within_their_buffers() {
    let with = |change: fn(&mut NET_FRAGMENT)| {
        Bench::receive().judge(|rings| {
            receive_one(rings, good_packet(0, 1), 1);
            let mut fragment = rings.fragments.fragment(0);
            change(&mut fragment);
            rings.fragments.set_fragment(0, fragment);
        })
    };
    let verdict = with(|fragment| fragment.set_valid_length(2037));
    assert_eq!(verdict, Err("INVALID_RING_RX_FRAGMENT_LENGTH_INVALID"));
    let verdict = with(|fragment| fragment.set_os_reserved_bounced(1));
    assert_eq!(verdict, Err("INVALID_RING_MODIFIED_RX_FRAGMENT"));
    let verdict = with(|fragment| *fragment = poisoned_fragment(None));
    assert_eq!(verdict, Err("INVALID_RING_UNMODIFIED_RX_FRAGMENT"));
    assert_eq!(with(|fragment| fragment.set_valid_length(2036)), Ok(()));
}

#[test]
fn packets_to_be_sent_are_read_only_but_for_their_scratch_bits() {
    let scratch = Bench::new(Traffic::Transmit).judge(|rings| {
        let mut packet = rings.packets.packet(0);
        packet.set_scratch(1);
        rings.packets.set_packet(0, packet);
        let mut fragment = rings.fragments.fragment(0);
        fragment.set_scratch(1);
        rings.fragments.set_fragment(0, fragment);
    });
    assert_eq!(scratch, Ok(()));
    let verdict =
        Bench::new(Traffic::Transmit).judge(|rings| rings.packets.set_packet(2, good_packet(0, 1)));
    assert_eq!(verdict, Err("INVALID_RING_IMMUTABLE_DRIVER_TX_PACKET"));
    let verdict = Bench::new(Traffic::Transmit)
        .judge(|rings| rings.fragments.set_fragment(2, good_fragment()));
    assert_eq!(verdict, Err("INVALID_RING_IMMUTABLE_DRIVER_TX_FRAGMENT"));
}
