//! Claims about drivers that leave garbage in memory.

use crate::guest::{BUFFER_SIZE, Buffer, Guest, HEADER_LENGTH, MEMORY_SIZE, STATUS_DRIVER_OK};
use crate::{CONTROL, SIZE, config, generator, machine, offer_one, set_up};
use netadapter_nic::registers::common;
use netadapter_nic::vm_memory::{Bytes, GuestAddress};
use netadapter_nic::{Cable, DriverFault, SUPPORTED_FEATURES};
use virtio_bindings::virtio_config::VIRTIO_CONFIG_S_NEEDS_RESET;
use virtio_bindings::virtio_ring::{VRING_DESC_F_NEXT, VRING_DESC_F_WRITE};

/// Lets `break_rules` spoil a working machine; the device must give up, interrupt with the
/// configuration vector, and work again after a reset.
fn expect_fault(break_rules: impl FnOnce(&mut Guest)) -> DriverFault {
    let (mut guest, _) = machine(generator(1));
    break_rules(&mut guest);
    guest.settle();
    let fault = guest.nic.fault().expect("the device has not noticed");
    let status = guest.read(common::DEVICE_STATUS, 1);
    assert_eq!(
        status,
        STATUS_DRIVER_OK | u64::from(VIRTIO_CONFIG_S_NEEDS_RESET)
    );
    assert!(guest.interrupts.take().contains(&0));
    set_up(&mut guest, SUPPORTED_FEATURES);
    guest.driver_ok();
    guest.post(0, 0..2);
    guest.settle();
    assert_eq!(guest.nic.fault(), None);
    assert!(guest.receive(0).is_some());
    fault
}

#[test]
fn a_buffer_outside_memory_makes_the_device_give_up() {
    let address = MEMORY_SIZE as u64 - 64;
    for (queue, flags) in [(0, VRING_DESC_F_WRITE), (1, 0)] {
        let fault = expect_fault(|guest| {
            let buffer = Buffer {
                address,
                length: BUFFER_SIZE,
                flags,
                next: 0,
            };
            offer_one(guest, queue, buffer);
        });
        let expected = DriverFault::Buffer {
            queue,
            address,
            length: BUFFER_SIZE,
        };
        assert_eq!(fault, expected);
    }
}

#[test]
fn a_chain_that_loops_or_leaves_its_table_makes_the_device_give_up() {
    for (queue, next) in [(1, 0), (1, SIZE), (0, 0), (CONTROL, 0)] {
        let fault = expect_fault(|guest| {
            let buffer = Buffer {
                address: guest.buffer(queue, 0),
                length: 64,
                flags: VRING_DESC_F_NEXT | if queue == 0 { VRING_DESC_F_WRITE } else { 0 },
                next,
            };
            offer_one(guest, queue, buffer);
        });
        assert_eq!(fault, DriverFault::Chain { queue, head: 0 });
    }
}

#[test]
fn a_head_outside_the_table_makes_the_device_give_up() {
    let fault = expect_fault(|guest| {
        guest.offer(1, SIZE);
        guest.ring_doorbell(1);
    });
    let head = SIZE;
    assert_eq!(fault, DriverFault::Chain { queue: 1, head });
}

#[test]
fn an_available_index_too_far_ahead_makes_the_device_give_up() {
    let fault = expect_fault(|guest| {
        let index = GuestAddress(guest.rings[&1].available + 2);
        guest.memory.write_obj(SIZE + 1, index).unwrap();
        guest.ring_doorbell(1);
    });
    assert_eq!(fault, DriverFault::AvailableIndex { queue: 1 });
}

#[test]
fn a_chain_without_room_for_the_header_makes_the_device_give_up() {
    for (queue, flags) in [(0, VRING_DESC_F_WRITE), (1, 0)] {
        let fault = expect_fault(|guest| {
            let buffer = Buffer {
                address: guest.buffer(queue, 0),
                length: HEADER_LENGTH as u32 - 1,
                flags,
                next: 0,
            };
            offer_one(guest, queue, buffer);
        });
        assert!(matches!(fault, DriverFault::ChainLength { length: 11, .. }));
    }
}

#[test]
fn buffers_in_the_wrong_direction_make_the_device_give_up() {
    for (queue, flags) in [(0, 0), (1, VRING_DESC_F_WRITE)] {
        let fault = expect_fault(|guest| {
            let buffer = Buffer {
                address: guest.buffer(queue, 0),
                length: 64,
                flags,
                next: 0,
            };
            offer_one(guest, queue, buffer);
        });
        assert_eq!(fault, DriverFault::Direction { queue, head: 0 });
    }
}

#[test]
fn a_queue_outside_memory_makes_the_device_give_up_when_it_is_enabled() {
    let (cable, _) = Cable::new(generator(1));
    let mut guest = Guest::new(config(), Box::new(cable));
    assert!(guest.negotiate(SUPPORTED_FEATURES));
    guest.write(common::QUEUE_DESC, 8, MEMORY_SIZE as u64);
    guest.write(common::QUEUE_ENABLE, 2, 1);
    let fault = guest.nic.fault().unwrap();
    assert!(
        fault.to_string().starts_with("queue 0 was enabled"),
        "{fault}"
    );
    let status = guest.read(common::DEVICE_STATUS, 1);
    assert_ne!(status & u64::from(VIRTIO_CONFIG_S_NEEDS_RESET), 0);
}
