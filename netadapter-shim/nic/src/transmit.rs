//! The transmit path: from buffers of the driver to the wire.

use crate::counters::{Counters, QueueCounters};
use crate::headers::ETHERNET_HEADER_LENGTH;
use crate::queue::{Chain, DeviceQueue, DriverFault, total_length};
use crate::receive::{BATCH, HEADER_LENGTH};
use crate::wire::Wire;
use std::mem::offset_of;
use virtio_bindings::virtio_net::{
    VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_NONE, virtio_net_hdr_v1,
};
use vm_memory::GuestMemoryMmap;

/// Longest chain: the largest frame there is and its header.
const CHAIN_LENGTH_MAX: u64 = 65_550;

/// The transmit path's own state: room for one chain.
pub(crate) struct Transmitter {
    chain: Chain,
    packet: Vec<u8>,
}

impl Transmitter {
    pub fn new() -> Self {
        Self {
            chain: Chain::default(),
            packet: vec![0; CHAIN_LENGTH_MAX as usize],
        }
    }

    /// Sends up to a batch of frames of one queue. True if there may be more.
    pub fn run(
        &mut self,
        index: u16,
        queue: &mut DeviceQueue,
        memory: &GuestMemoryMmap,
        wire: &mut dyn Wire,
        counters: &mut Counters,
    ) -> Result<bool, DriverFault> {
        for _ in 0..BATCH {
            if !queue.next_chain(memory, &mut self.chain)? {
                return queue.ask_for_doorbell(memory);
            }
            let packet = self.read_packet(index, queue, memory)?;
            let transmit = &mut counters.transmit[usize::from(index / 2)];
            if !send(packet, wire, transmit) {
                counters.transmit_malformed += 1;
            }
            queue.complete(memory, self.chain.head, 0)?;
        }
        Ok(true)
    }

    /// Header and frame of the chain at hand.
    fn read_packet(
        &mut self,
        index: u16,
        queue: &DeviceQueue,
        memory: &GuestMemoryMmap,
    ) -> Result<&[u8], DriverFault> {
        let head = self.chain.head;
        if !self.chain.writable().is_empty() {
            return Err(DriverFault::Direction { queue: index, head });
        }
        let buffers = self.chain.readable();
        let length = total_length(buffers);
        let least = HEADER_LENGTH as u64;
        if !(least..=CHAIN_LENGTH_MAX).contains(&length) {
            return Err(DriverFault::ChainLength {
                queue: index,
                head,
                length,
                least,
                most: CHAIN_LENGTH_MAX,
            });
        }
        let packet = &mut self.packet[..length as usize];
        queue.read_buffers(memory, buffers, packet)?;
        Ok(packet)
    }
}

/// Sends what is behind the header; false if it cannot be sent.
fn send(packet: &[u8], wire: &mut dyn Wire, counters: &mut QueueCounters) -> bool {
    let (header, frame) = packet.split_at(HEADER_LENGTH);
    let flags = header[offset_of!(virtio_net_hdr_v1, flags)];
    let segmentation = header[offset_of!(virtio_net_hdr_v1, gso_type)];
    // VIRTIO 1.2 section 5.1.6.2.1: neither is allowed without its feature.
    let offload = u32::from(flags) & VIRTIO_NET_HDR_F_NEEDS_CSUM != 0
        || u32::from(segmentation) != VIRTIO_NET_HDR_GSO_NONE;
    if offload || frame.len() < ETHERNET_HEADER_LENGTH {
        return false;
    }
    wire.transmitted(frame);
    counters.add_frame(frame.len());
    true
}
