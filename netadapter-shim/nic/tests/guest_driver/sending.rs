//! Claims about frames to send.

use crate::guest::Buffer;
use crate::{generator, machine};
use netadapter_nic::vm_memory::{Bytes, GuestAddress};
use virtio_bindings::virtio_ring::VRING_DESC_F_INDIRECT;

#[test]
fn frames_are_sent_and_their_buffers_come_back() {
    let (mut guest, handle) = machine(generator(1));
    guest.send(1, 0, &[0xab; 60]);
    guest.send(1, 2, &[0xcd; 1514]);
    guest.ring_doorbell(1);
    guest.settle();
    assert_eq!(guest.next_used(1), Some((0, 0)));
    assert_eq!(guest.next_used(1), Some((2, 0)));
    assert_eq!(handle.transmitted(), (2, 1574));
    let counters = guest.nic.counters();
    assert_eq!(
        (counters.transmit[0].frames, counters.transmit[0].bytes),
        (2, 1574)
    );
}

#[test]
fn a_frame_to_send_that_asks_for_an_offload_is_dropped_and_its_buffer_comes_back() {
    let (mut guest, handle) = machine(generator(1));
    guest.send(1, 0, &[0xab; 60]);
    let flags = GuestAddress(guest.buffer(1, 0));
    guest.memory.write_obj(1u8, flags).unwrap();
    guest.ring_doorbell(1);
    guest.settle();
    assert_eq!(guest.next_used(1), Some((0, 0)));
    assert_eq!(handle.transmitted(), (0, 0));
    assert_eq!(guest.nic.counters().transmit_malformed, 1);
}

#[test]
fn an_indirect_table_holds_a_frame_as_well() {
    let (mut guest, handle) = machine(generator(1));
    let table = guest.allocate(32);
    let data = guest.buffer(1, 0);
    let mut entries = Vec::new();
    for (address, length, flags, next) in [(data, 12u32, 1u16, 1u16), (data + 12, 60, 0, 0)] {
        entries.extend(address.to_le_bytes());
        entries.extend(length.to_le_bytes());
        entries.extend(flags.to_le_bytes());
        entries.extend(next.to_le_bytes());
    }
    guest
        .memory
        .write_slice(&entries, GuestAddress(table))
        .unwrap();
    let indirect = Buffer {
        address: table,
        length: 32,
        flags: VRING_DESC_F_INDIRECT,
        next: 0,
    };
    guest.write_descriptor(1, 5, indirect);
    guest.offer(1, 5);
    guest.ring_doorbell(1);
    guest.settle();
    assert_eq!(guest.next_used(1), Some((5, 0)));
    assert_eq!(handle.transmitted(), (1, 60));
}
