//! Claims about when the driver is interrupted and when it rings.

use crate::guest::Guest;
use crate::{SIZE, config, generator, machine, set_up};
use netadapter_nic::registers::bar2;
use netadapter_nic::vm_memory::{Bytes, GuestAddress};
use netadapter_nic::{Cable, SUPPORTED_FEATURES, feature};
use virtio_bindings::virtio_ring::{VIRTIO_RING_F_EVENT_IDX, VRING_AVAIL_F_NO_INTERRUPT};

#[test]
fn a_masked_vector_is_pending_until_it_is_unmasked() {
    let (mut guest, handle) = machine(generator(1));
    handle.set_limit(Some(5));
    guest.mask(1, true);
    guest.post(0, 0..4);
    guest.settle();
    assert!(guest.interrupts.take().is_empty());
    let pending = guest.nic.bar_read(bar2::INDEX, 0x1000, 8);
    assert_eq!(pending, 1 << 1);
    guest.mask(1, false);
    assert_eq!(guest.interrupts.take(), [1]);
    assert_eq!(guest.nic.bar_read(bar2::INDEX, 0x1000, 8), 0);
}

#[test]
fn the_event_index_decides_about_interrupts() {
    let (mut guest, handle) = machine(generator(1));
    handle.set_limit(Some(16));
    let used_event = guest.rings[&0].available + 4 + 2 * u64::from(SIZE);
    // One interrupt when the buffer of this index is used, no other.
    guest
        .memory
        .write_obj(7u16, GuestAddress(used_event))
        .unwrap();
    for (posted, interrupts) in [(0..7, 0), (7..8, 1), (8..16, 0)] {
        guest.post(0, posted.clone());
        guest.settle();
        assert_eq!(guest.interrupts.take().len(), interrupts, "{posted:?}");
    }
    assert_eq!(guest.nic.counters().receive[0].interrupts, 1);
}

#[test]
fn without_the_event_index_the_flag_decides() {
    let (cable, handle) = Cable::new(generator(1));
    handle.set_limit(Some(8));
    let mut guest = Guest::new(config(), Box::new(cable));
    set_up(
        &mut guest,
        SUPPORTED_FEATURES & !feature(VIRTIO_RING_F_EVENT_IDX),
    );
    guest.driver_ok();
    let flags = GuestAddress(guest.rings[&0].available);
    guest
        .memory
        .write_obj(VRING_AVAIL_F_NO_INTERRUPT as u16, flags)
        .unwrap();
    guest.post(0, 0..4);
    guest.settle();
    assert!(guest.interrupts.take().is_empty());
    guest.memory.write_obj(0u16, flags).unwrap();
    guest.post(0, 4..8);
    guest.settle();
    assert_eq!(guest.interrupts.take(), [1]);
}

#[test]
fn a_device_that_waits_for_buffers_asks_for_the_doorbell_of_the_next_one() {
    let (mut guest, _) = machine(generator(1));
    guest.post(0, 0..3);
    guest.settle();
    let avail_event = guest.rings[&0].used + 4 + 8 * u64::from(SIZE);
    let asked: u16 = guest.memory.read_obj(GuestAddress(avail_event)).unwrap();
    assert_eq!(asked, 3);
}
