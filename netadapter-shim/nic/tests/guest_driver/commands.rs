//! Claims about the control queue: steering and filter.

use crate::guest::Guest;
use crate::{CONTROL, KEY, PAIRS, SIZE, config, consume, frame, generator, machine, rss_command};
use netadapter_nic::registers::bar0;
use netadapter_nic::toeplitz::Toeplitz;
use netadapter_nic::{Cable, Replay, feature};
use std::sync::Arc;
use virtio_bindings::virtio_config::VIRTIO_F_VERSION_1;

#[test]
fn rss_sends_each_frame_where_the_toeplitz_hash_and_the_table_say() {
    let frames = generator(200);
    let (mut guest, _) = machine(frames.clone());
    let table = [0, 1, 2, 3, 3, 2, 1, 0];
    assert_eq!(guest.command(CONTROL, &rss_command(&table)), 0);
    for queue in 0..PAIRS {
        guest.post(2 * queue, 0..SIZE);
    }
    let toeplitz = Toeplitz::new(&KEY);
    let mut spread = [0; PAIRS as usize];
    for _ in 0..20 {
        guest.settle();
        for (queue, frame) in consume(&mut guest) {
            // Addresses and ports lie together, as the hash wants them.
            let input = match frame[14] >> 4 {
                4 => &frame[26..38],
                _ => &frame[22..58],
            };
            let slot = toeplitz.hash(input) as usize % table.len();
            assert_eq!(queue, table[slot]);
            spread[usize::from(queue)] += 1;
        }
    }
    assert!(spread.iter().all(|frames| *frames > 0), "{spread:?}");
    let totals = guest.nic.ledger().totals();
    assert!(totals.is_clean(), "{totals:?}");
    assert_eq!(totals.delivered, spread.iter().sum::<u64>());
}

#[test]
fn a_change_of_the_table_is_an_epoch_of_the_ledger() {
    let (mut guest, _) = machine(generator(1));
    let ledger = guest.nic.ledger();
    let epoch = ledger.epoch();
    guest.post(0, 0..4);
    guest.settle();
    consume(&mut guest);
    assert_eq!(guest.command(CONTROL, &rss_command(&[3])), 0);
    assert_eq!(ledger.epoch(), epoch + 1);
    guest.post(6, 0..4);
    guest.settle();
    let received = consume(&mut guest);
    assert!(received.iter().any(|(queue, _)| *queue == 3));
    assert!(ledger.totals().is_clean());
}

#[test]
fn malformed_commands_are_refused_and_change_nothing() {
    let (mut guest, _) = machine(generator(1));
    let epoch = guest.nic.ledger().epoch();
    let mut wrong_queue = rss_command(&[0, PAIRS]);
    for command in [
        &[4, 0, 0, 0][..],
        &[4, 0, PAIRS as u8 + 1, 0],
        &[0, 0, 7],
        &[1, 1, 2, 3],
        &[99, 0],
        &rss_command(&[0, 1])[..40],
        &wrong_queue,
    ] {
        assert_eq!(guest.command(CONTROL, command), 1, "{command:?}");
    }
    wrong_queue.truncate(3);
    assert_eq!(guest.command(CONTROL, &wrong_queue), 1);
    assert_eq!(guest.nic.ledger().epoch(), epoch);
    assert_eq!(guest.nic.counters().commands_refused, 8);
    assert_eq!(guest.command(CONTROL, &[4, 0, 2, 0]), 0);
    assert_eq!(guest.nic.fault(), None);
}

#[test]
fn the_mac_filter_refuses_frames_for_others_until_told_otherwise() {
    let replay = Replay::from_bytes(
        include_bytes!("../data/mixed-traffic-small.pcap"),
        1500,
        true,
    )
    .unwrap();
    let destination = replay.destinations()[0];
    let replay = Arc::new(replay);
    let (mut guest, handle) = machine(replay.clone());
    handle.set_limit(Some(10));
    guest.post(0, 0..SIZE);
    guest.settle();
    assert_eq!(guest.nic.counters().filtered, 10);
    assert_eq!(guest.command(CONTROL, &[0, 0, 1]), 0, "promiscuous");
    handle.set_limit(Some(20));
    guest.settle();
    assert_eq!(guest.command(CONTROL, &[0, 0, 0]), 0);
    let set_mac = [&[1, 1], &destination[..]].concat();
    assert_eq!(guest.command(CONTROL, &set_mac), 0);
    handle.set_limit(Some(30));
    guest.settle();
    assert_eq!(guest.nic.counters().filtered, 10);
    let received = consume(&mut guest);
    let expected: Vec<_> = (10..30).map(|id| (0, frame(&*replay, id))).collect();
    assert_eq!(received, expected);
    let low = guest.nic.bar_read(bar0::INDEX, bar0::DEVICE, 4) as u32;
    assert_eq!(low.to_le_bytes(), destination[..4], "the address shows");
}

#[test]
fn a_driver_without_multiqueue_has_its_control_queue_behind_the_first_pair() {
    let (cable, _) = Cable::new(generator(1));
    let mut guest = Guest::new(config(), Box::new(cable));
    let control_rx = virtio_bindings::virtio_net::VIRTIO_NET_F_CTRL_RX;
    let control_vq = virtio_bindings::virtio_net::VIRTIO_NET_F_CTRL_VQ;
    let features = feature(VIRTIO_F_VERSION_1) | feature(control_rx) | feature(control_vq);
    assert!(guest.negotiate(features));
    for queue in 0..3 {
        guest.set_up_queue(queue, SIZE, 1);
    }
    guest.driver_ok();
    assert_eq!(guest.command(2, &[0, 0, 1]), 0);
    assert_eq!(guest.command(2, &[4, 0, 1, 0]), 1, "MQ was not negotiated");
    guest.post(0, 0..4);
    guest.settle();
    assert_eq!(guest.nic.counters().received(), 4);
}
