//! The system's side of transmit rings: posting what waits, completing what came back.

use super::extension::{LOGICAL_ADDRESS, VIRTUAL_ADDRESS};
use super::frame_layout::frame_layout;
use super::ring::Rings;
use super::send_queue::{Send, SendQueue};
use netadapter_abi::net::{
    NET_FRAGMENT, NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_VIRTUAL_ADDRESS, NET_PACKET,
};
use std::sync::Arc;

/// Sends that are posted, and sends that are completed, in one iteration, as in the class
/// extension's own transmit path.
const SENDS_PER_POLL: usize = 64;

/// The transmit translation of one queue.
pub(super) struct Transmitter {
    sends: Arc<SendQueue>,
    virtual_address: usize,
    logical_address: Option<usize>,
    /// By index in the packet ring: what the packet there sends.
    posted: Vec<Option<Send>>,
}

impl Transmitter {
    pub(super) fn new(sends: Arc<SendQueue>, rings: &Rings) -> Option<Self> {
        Some(Self {
            sends,
            virtual_address: rings.fragment_layout.offset(&VIRTUAL_ADDRESS)?,
            logical_address: rings.fragment_layout.offset(&LOGICAL_ADDRESS),
            posted: vec![None; rings.packets.count() as usize],
        })
    }

    /// The queue begins with empty rings.
    pub(super) fn reset(&mut self) {
        self.posted.fill(None);
    }

    /// Posts what waits, as far as there is room; the number of packets.
    pub(super) fn post(&mut self, rings: &Rings) -> usize {
        let (packets, fragments) = (&rings.packets, &rings.fragments);
        let mut count = 0;
        while count < SENDS_PER_POLL {
            let (packet, fragment) = (packets.end(), fragments.end());
            let room = packets.after(packet, 1) != packets.reclaimed()
                && fragments.after(fragment, 1) != fragments.reclaimed();
            if !room {
                break;
            }
            let Some(send) = self.sends.take() else { break };
            packets.clear(packet);
            if send.bytes == 0 {
                let mut ignored = NET_PACKET::zeroed();
                ignored.set_ignore(1);
                packets.set_packet(packet, ignored);
            } else {
                packets.set_packet(packet, self.packet(&send, fragment));
                self.post_fragment(rings, fragment, &send);
                fragments.set_end(fragments.after(fragment, 1));
            }
            self.posted[packet as usize] = Some(send);
            packets.set_end(packets.after(packet, 1));
            count += 1;
        }
        count
    }

    fn packet(&self, send: &Send, fragment: u32) -> NET_PACKET {
        let backfill = self.sends.backfill();
        let start = self
            .sends
            .buffer(send.buffer)
            .virtual_address
            .wrapping_add(backfill);
        // SAFETY: the frame was copied there when it was submitted, and stays until completion.
        let frame = unsafe { std::slice::from_raw_parts(start, send.bytes as usize) };
        NET_PACKET {
            FragmentIndex: fragment,
            FragmentCount: 1,
            Layout: frame_layout(frame),
            ..NET_PACKET::zeroed()
        }
    }

    fn post_fragment(&self, rings: &Rings, index: u32, send: &Send) {
        let buffer = self.sends.buffer(send.buffer);
        let backfill = self.sends.backfill() as u64;
        let mut fragment = NET_FRAGMENT::zeroed();
        fragment.set_valid_length(u64::from(send.bytes));
        fragment.set_capacity(backfill + u64::from(send.bytes));
        fragment.set_offset(backfill);
        rings.fragments.clear(index);
        rings.fragments.set_fragment(index, fragment);
        let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
            VirtualAddress: buffer.virtual_address.cast(),
        };
        rings
            .fragments
            .set_data(index, self.virtual_address, address);
        if let Some(place) = self.logical_address {
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: buffer.logical_address,
            };
            rings.fragments.set_data(index, place, address);
        }
    }

    /// Completes what came back, in order; the number of packets.
    pub(super) fn complete(&mut self, rings: &Rings) -> usize {
        let packets = &rings.packets;
        let mut count = 0;
        while packets.reclaimed() != packets.begin() && count < SENDS_PER_POLL {
            let index = packets.reclaimed();
            if let Some(send) = self.posted[index as usize].take() {
                self.sends.complete(send);
            }
            packets.set_reclaimed(packets.after(index, 1));
            count += 1;
        }
        rings.fragments.set_reclaimed(rings.fragments.begin());
        count
    }
}
