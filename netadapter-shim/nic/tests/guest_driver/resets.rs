//! Claims about resets of the device and of single queues.

use crate::guest::{BUFFER_SIZE, Guest};
use crate::{CONTROL, SIZE, config, consume, generator, machine, rss_command, set_up};
use netadapter_nic::registers::common;
use netadapter_nic::vm_memory::{Bytes, GuestAddress};
use netadapter_nic::{Cable, SUPPORTED_FEATURES};

#[test]
fn a_queue_reset_ends_all_writes_and_the_queue_can_start_again() {
    let (mut guest, handle) = machine(generator(1));
    guest.post(0, 0..SIZE);
    handle.set_limit(Some(8));
    guest.settle();
    consume(&mut guest);
    guest.write(common::QUEUE_SELECT, 2, 0);
    guest.write(common::QUEUE_RESET, 2, 1);
    assert_eq!(guest.read(common::QUEUE_RESET, 2), 0);
    assert_eq!(guest.read(common::QUEUE_ENABLE, 2), 0);
    let memory = |guest: &Guest| {
        let ring = &guest.rings[&0];
        let mut bytes = vec![0; (BUFFER_SIZE * u32::from(SIZE)) as usize];
        guest
            .memory
            .read_slice(&mut bytes, GuestAddress(ring.buffers))
            .unwrap();
        bytes
    };
    let before = memory(&guest);
    handle.set_limit(Some(9));
    guest.nic.step();
    guest.ring_doorbell(0);
    guest.nic.step();
    assert_eq!(memory(&guest), before);
    assert_eq!(guest.receive(0), None);
    let accepted = guest.nic.counters().received();
    guest.set_up_queue(0, 32, 2);
    guest.post(0, 0..32);
    handle.set_limit(None);
    guest.settle();
    assert_eq!(guest.nic.counters().received(), accepted + 32);
    assert_eq!(guest.nic.counters().queue_resets, 1);
    assert_eq!(consume(&mut guest).len(), 32);
    assert!(guest.nic.ledger().totals().is_clean());
}

#[test]
fn a_device_reset_ends_all_use_of_memory_and_loses_no_accepted_frame() {
    let (mut guest, handle) = machine(generator(16));
    assert_eq!(guest.command(CONTROL, &rss_command(&[1])), 0);
    guest.post(2, 0..SIZE);
    guest.settle();
    assert_eq!(consume(&mut guest).len(), usize::from(SIZE));
    guest.settle();
    consume(&mut guest);
    handle.pause();
    guest.reset();
    guest.nic.step();
    set_up(&mut guest, SUPPORTED_FEATURES);
    guest.driver_ok();
    guest.post(0, 0..SIZE);
    handle.resume();
    guest.settle();
    let received = consume(&mut guest);
    assert!(
        received.iter().all(|(queue, _)| *queue == 0),
        "RSS is off again"
    );
    let totals = guest.nic.ledger().totals();
    assert_eq!(totals.lost + totals.wrong_bytes + totals.misordered, 0);
    // The first and the last are part of negotiation.
    assert_eq!(guest.nic.counters().device_resets, 3);
}

#[test]
fn traffic_goes_on_while_the_device_is_reset_and_is_lost() {
    let (mut guest, handle) = machine(generator(16));
    guest.post(0, 0..SIZE);
    for _ in 0..4 {
        guest.settle();
        assert_eq!(consume(&mut guest).len(), usize::from(SIZE));
    }
    guest.settle();
    while let Some((_, frame)) = guest.receive(0) {
        guest.nic.ledger().delivered(0, &frame).unwrap();
    }
    let accepted = guest.nic.counters().received();
    guest.reset();
    // Time passes by itself; how much does not matter.
    while guest.nic.counters().dropped_while_paused < 10 {
        guest.nic.step();
    }
    set_up(&mut guest, SUPPORTED_FEATURES);
    guest.driver_ok();
    guest.settle();
    let counters = guest.nic.counters();
    assert_eq!(counters.received(), accepted);
    let waiting = 1;
    assert_eq!(
        handle.offered(),
        accepted + counters.dropped_while_paused + waiting
    );
    guest.post(0, 0..1);
    guest.settle();
    consume(&mut guest);
    assert!(guest.nic.ledger().totals().is_clean());
}

#[test]
fn frames_for_a_queue_that_is_not_enabled_are_lost_and_do_not_stop_the_rest() {
    let (cable, _) = Cable::new(generator(64));
    let mut guest = Guest::new(config(), Box::new(cable));
    assert!(guest.negotiate(SUPPORTED_FEATURES));
    guest.set_up_queue(0, SIZE, 1);
    guest.set_up_queue(CONTROL, SIZE, common::NO_VECTOR);
    guest.driver_ok();
    assert_eq!(guest.command(CONTROL, &rss_command(&[0, 1])), 0);
    guest.post(0, 0..SIZE);
    // Time passes by itself; how much does not matter.
    while guest.nic.counters().received() < u64::from(SIZE) {
        guest.nic.step();
    }
    assert!(guest.nic.counters().dropped_while_paused > 0);
    assert_eq!(guest.nic.counters().receive[1].frames, 0);
}
