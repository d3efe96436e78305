//! The system's side of receive rings: posting, indicating, giving buffers back.

use super::adapter::Adapter;
use super::extension::{LOGICAL_ADDRESS, RETURN_CONTEXT, VIRTUAL_ADDRESS};
use super::ring::Rings;
use super::settings::{ReceiveBuffers, ReceiveCapabilities};
use super::verifier::{poisoned_fragment, poisoned_packet};
use crate::executive::{ContiguousMemory, PAGE_SIZE, System};
use crate::upper_edge::{QueueTraffic, ReceiveBatch, UpperEdge};
use netadapter_abi::net::{
    NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_RETURN_CONTEXT, NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
    NET_FRAGMENT_VIRTUAL_ADDRESS, NET_PACKET, NETADAPTER,
};
use netadapter_abi::nt_fn;
use std::sync::Arc;

/// Frames that are handed up in one iteration, as in the class extension's own receive path.
const FRAMES_PER_POLL: usize = 32;

/// The buffers that fragments carry.
enum Buffers {
    /// The driver's: each goes back by this callback.
    Driver {
        give_back: nt_fn!(fn(NETADAPTER, NET_FRAGMENT_RETURN_CONTEXT_HANDLE)),
        return_context: usize,
    },
    /// The system's: the fragment at index `i` of the ring always has buffer `i`.
    System(SystemBuffers),
}

struct SystemBuffers {
    memory: ContiguousMemory,
    stride: usize,
    logical_address: Option<usize>,
    system: &'static System,
}

impl Drop for SystemBuffers {
    fn drop(&mut self) {
        self.system.memory().release(self.memory);
    }
}

/// The receive translation of one queue.
pub(super) struct Receiver {
    adapter: usize,
    buffers: Buffers,
    virtual_address: usize,
    maximum_frame_bytes: u64,
    /// A frame of several fragments is put together here.
    assembly: Vec<u8>,
    upper_edge: Arc<UpperEdge>,
    traffic: Arc<QueueTraffic>,
}

impl Receiver {
    /// Prepares the translation; nothing if memory for the system's buffers is missing.
    pub(super) fn new(
        adapter: &Adapter,
        id: u32,
        capabilities: &ReceiveCapabilities,
        rings: &Rings,
    ) -> Option<Self> {
        let layout = &rings.fragment_layout;
        let virtual_address = layout.offset(&VIRTUAL_ADDRESS)?;
        let frame_bytes = capabilities.maximum_frame_bytes;
        let buffers = match capabilities.buffers {
            ReceiveBuffers::Driver(give_back) => Buffers::Driver {
                give_back,
                return_context: layout.offset(&RETURN_CONTEXT)?,
            },
            ReceiveBuffers::System { .. } => {
                let stride = frame_bytes.next_multiple_of(PAGE_SIZE);
                let bytes = stride * rings.fragments.count() as usize;
                let system = adapter.system();
                let memory = system.memory().allocate(bytes, PAGE_SIZE)?;
                let logical_address = layout.offset(&LOGICAL_ADDRESS);
                Buffers::System(SystemBuffers {
                    memory,
                    stride,
                    logical_address,
                    system,
                })
            }
        };
        Some(Self {
            adapter: adapter.handle() as usize,
            buffers,
            virtual_address,
            maximum_frame_bytes: frame_bytes as u64,
            assembly: Vec::with_capacity(frame_bytes),
            upper_edge: adapter.upper_edge().clone(),
            traffic: adapter.upper_edge().queue_traffic(id),
        })
    }

    /// Gives the driver all elements that are free.
    pub(super) fn post(&self, rings: &Rings) {
        let packets = &rings.packets;
        let mut end = packets.end();
        while packets.after(end, 1) != packets.reclaimed() {
            packets.clear(end);
            packets.set_packet(end, poisoned_packet());
            end = packets.after(end, 1);
        }
        packets.set_end(end);
        let fragments = &rings.fragments;
        let mut end = fragments.end();
        while fragments.after(end, 1) != fragments.reclaimed() {
            fragments.clear(end);
            match &self.buffers {
                Buffers::Driver { .. } => fragments.set_fragment(end, poisoned_fragment(None)),
                Buffers::System(buffers) => self.post_buffer(rings, end, buffers),
            }
            end = fragments.after(end, 1);
        }
        fragments.set_end(end);
    }

    fn post_buffer(&self, rings: &Rings, index: u32, buffers: &SystemBuffers) {
        let fragments = &rings.fragments;
        fragments.set_fragment(index, poisoned_fragment(Some(self.maximum_frame_bytes)));
        let offset = buffers.stride * index as usize;
        let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
            VirtualAddress: buffers.memory.virtual_address.wrapping_add(offset).cast(),
        };
        fragments.set_data(index, self.virtual_address, address);
        if let Some(place) = buffers.logical_address {
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: buffers.memory.logical_address + offset as u64,
            };
            fragments.set_data(index, place, address);
        }
    }

    /// Hands up what came back and reclaims its elements; the number of packets.
    pub(super) fn indicate(&mut self, rings: &Rings, accepting: bool) -> usize {
        let (packets, fragments) = (&rings.packets, &rings.fragments);
        let returned = packets.begin();
        let mut index = packets.reclaimed();
        if index == returned {
            fragments.set_reclaimed(fragments.begin());
            return 0;
        }
        let mut assembly = std::mem::take(&mut self.assembly);
        let mut batch = self.upper_edge.receive_batch(&self.traffic, accepting);
        let mut count = 0;
        while index != returned && count < FRAMES_PER_POLL {
            let packet = packets.packet(index);
            if packet.ignore() == 0 {
                self.indicate_packet(rings, &packet, &mut batch, &mut assembly);
                let behind = u32::from(packet.FragmentCount);
                fragments.set_reclaimed(fragments.after(packet.FragmentIndex, behind));
            }
            index = packets.after(index, 1);
            count += 1;
        }
        drop(batch);
        self.assembly = assembly;
        packets.set_reclaimed(index);
        if index == returned {
            // With the last packet, fragments that no packet used come back as well.
            fragments.set_reclaimed(fragments.begin());
        }
        count
    }

    fn indicate_packet(
        &self,
        rings: &Rings,
        packet: &NET_PACKET,
        batch: &mut ReceiveBatch,
        assembly: &mut Vec<u8>,
    ) {
        let count = u32::from(packet.FragmentCount);
        if !self.is_acceptable(rings, packet) {
            batch.refuse();
        } else if count == 1 {
            batch.receive(self.payload(rings, packet.FragmentIndex));
        } else {
            assembly.clear();
            for distance in 0..count {
                let index = rings.fragments.after(packet.FragmentIndex, distance);
                assembly.extend_from_slice(self.payload(rings, index));
            }
            batch.receive(assembly);
        }
        self.give_back(rings, packet);
    }

    /// The stack drops a packet if a fragment behind the first does not begin at its buffer's
    /// start, or if a buffer is larger than the largest frame that was announced.
    fn is_acceptable(&self, rings: &Rings, packet: &NET_PACKET) -> bool {
        (0..u32::from(packet.FragmentCount)).all(|distance| {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            let fragment = rings.fragments.fragment(index);
            let address: NET_FRAGMENT_VIRTUAL_ADDRESS =
                rings.fragments.data(index, self.virtual_address);
            fragment.capacity() <= self.maximum_frame_bytes
                && (distance == 0 || fragment.offset() == 0)
                && !address.VirtualAddress.is_null()
        })
    }

    fn payload<'a>(&'a self, rings: &'a Rings, index: u32) -> &'a [u8] {
        let fragment = rings.fragments.fragment(index);
        let address: NET_FRAGMENT_VIRTUAL_ADDRESS =
            rings.fragments.data(index, self.virtual_address);
        let start = address
            .VirtualAddress
            .cast::<u8>()
            .wrapping_add(fragment.offset() as usize);
        // SAFETY: a returned fragment names a buffer with that many valid bytes (*NET_FRAGMENT
        // structure*), which stays as it is until it is given back.
        unsafe { std::slice::from_raw_parts(start, fragment.valid_length() as usize) }
    }

    /// Once for each fragment of a packet, also of one that was dropped, but not of an ignored one
    /// (*EVT_NET_ADAPTER_RETURN_RX_BUFFER callback function*).
    fn give_back(&self, rings: &Rings, packet: &NET_PACKET) {
        let Buffers::Driver {
            give_back,
            return_context,
        } = &self.buffers
        else {
            return;
        };
        for distance in 0..u32::from(packet.FragmentCount) {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            let context: NET_FRAGMENT_RETURN_CONTEXT = rings.fragments.data(index, *return_context);
            // SAFETY: the driver's callback, on the execution context of the queue that the buffer
            // came from, once for each buffer.
            unsafe { give_back(self.adapter as NETADAPTER, context.Handle) };
        }
    }
}
