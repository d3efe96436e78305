//! Claims about received frames on their way into buffers.

use crate::guest::{Buffer, Guest, HEADER_LENGTH};
use crate::{
    CONTROL, PAIRS, SIZE, config, consume, frame, generator, machine, offer_one, rss_command,
    set_up,
};
use netadapter_nic::{Cable, Replay, SUPPORTED_FEATURES};
use std::sync::Arc;
use virtio_bindings::virtio_ring::VRING_DESC_F_WRITE;

#[test]
fn nothing_is_offered_before_the_driver_is_ready() {
    let (cable, handle) = Cable::new(generator(1));
    let mut guest = Guest::new(config(), Box::new(cable));
    set_up(&mut guest, SUPPORTED_FEATURES);
    guest.post(0, 0..SIZE);
    guest.settle();
    assert_eq!(handle.offered(), 0);
    guest.driver_ok();
    guest.settle();
    assert_eq!(guest.nic.counters().received(), u64::from(SIZE));
}

#[test]
fn frames_wait_at_the_wire_for_buffers_and_arrive_byte_for_byte() {
    let frames = generator(8);
    let (mut guest, handle) = machine(frames.clone());
    guest.settle();
    assert_eq!(handle.offered(), 1, "one frame waits for the first buffer");
    guest.post(0, 0..10);
    guest.settle();
    for id in 0..10 {
        assert_eq!(guest.receive(0).unwrap().1, frame(&*frames, id));
    }
    assert_eq!(guest.receive(0), None);
    let counters = guest.nic.counters();
    assert_eq!(
        (counters.received(), counters.dropped_while_paused),
        (10, 0)
    );
    assert_eq!(handle.offered(), 11);
}

#[test]
fn a_whole_capture_arrives_byte_for_byte() {
    let capture = include_bytes!("../data/mixed-traffic-small.pcap");
    let replay = Arc::new(Replay::from_bytes(capture, 1500, false).unwrap());
    let count = replay.recorded_count();
    let (mut guest, handle) = machine(replay);
    assert_eq!(guest.command(CONTROL, &[0, 0, 1]), 0);
    assert_eq!(guest.command(CONTROL, &rss_command(&[0, 1, 2, 3])), 0);
    // The frame that waited in between was refused by the filter as it was then.
    let filtered = guest.nic.counters().filtered;
    for queue in 0..PAIRS {
        guest.post(2 * queue, 0..SIZE);
    }
    while !handle.exhausted() {
        guest.settle();
        consume(&mut guest);
    }
    guest.settle();
    consume(&mut guest);
    let totals = guest.nic.ledger().totals();
    assert_eq!(totals.delivered + filtered, count);
    assert!(totals.is_clean());
}

#[test]
fn a_frame_longer_than_the_buffer_is_dropped_and_the_buffer_kept() {
    let (mut guest, handle) = machine(generator(1));
    handle.set_limit(Some(2));
    let address = guest.buffer(0, 0);
    let buffer = Buffer {
        address,
        length: HEADER_LENGTH as u32 + 127,
        flags: VRING_DESC_F_WRITE,
        next: 0,
    };
    offer_one(&mut guest, 0, buffer);
    guest.settle();
    assert_eq!(guest.nic.counters().dropped_too_long, 2);
    assert_eq!(guest.next_used(0), None);
    assert_eq!(guest.nic.fault(), None);
}
