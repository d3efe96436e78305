//! Receive rings of an adapter whose driver allocates and attaches the buffers.

use core::num::NonZeroUsize;

use netadapter_abi::net::{
    NET_FRAGMENT, NET_FRAGMENT_RETURN_CONTEXT, NET_FRAGMENT_VIRTUAL_ADDRESS, NET_PACKET,
    NET_PACKET_LAYOUT,
};

use super::{Extension, RawRing};
use crate::dma::VirtualAddress;

/// What a driver writes into a fragment to know its buffer again when it is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnContext(pub NonZeroUsize);

/// A received frame in one buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedFrame {
    /// Start of the buffer.
    pub buffer: VirtualAddress,
    /// Bytes of the buffer.
    pub capacity: u32,
    /// Where the frame starts in the buffer; below 1024.
    pub offset: u16,
    /// Bytes of the frame; with `offset` not more than `capacity`.
    pub length: u32,
    /// Comes back when the protocol stack has done with the buffer.
    pub return_context: ReturnContext,
}

/// The rings of a receive queue.
pub struct RxRings {
    packets: RawRing,
    fragments: RawRing,
    virtual_addresses: Extension<NET_FRAGMENT_VIRTUAL_ADDRESS>,
    return_contexts: Extension<NET_FRAGMENT_RETURN_CONTEXT>,
}

/// The empty packets and fragments that the driver owns: [Begin, End) of both rings.
pub struct RxRange<'a> {
    rings: &'a mut RxRings,
    packet: u32,
    fragment: u32,
    delivered: usize,
}

impl RxRings {
    pub(crate) fn new(
        packets: RawRing,
        fragments: RawRing,
        virtual_addresses: Extension<NET_FRAGMENT_VIRTUAL_ADDRESS>,
        return_contexts: Extension<NET_FRAGMENT_RETURN_CONTEXT>,
    ) -> Self {
        Self {
            packets,
            fragments,
            virtual_addresses,
            return_contexts,
        }
    }

    /// The part to fill.
    pub fn fill(&mut self) -> RxRange<'_> {
        let (packet, fragment) = (self.packets.begin(), self.fragments.begin());
        RxRange {
            rings: self,
            packet,
            fragment,
            delivered: 0,
        }
    }
}

impl RxRange<'_> {
    /// Whether there is an empty packet with a fragment. When the protocol stack holds all buffers there may be none.
    pub fn has_room(&self) -> bool {
        self.packet != self.rings.packets.end() && self.fragment != self.rings.fragments.end()
    }

    /// Writes a frame into the next empty packet; gives `false`, with nothing changed, when there is none.
    pub fn deliver(&mut self, frame: &ReceivedFrame) -> bool {
        if !self.has_room() {
            return false;
        }
        let mut fragment = NET_FRAGMENT::zeroed();
        fragment.set_valid_length(u64::from(frame.length));
        fragment.set_offset(u64::from(frame.offset));
        fragment.set_capacity(u64::from(frame.capacity));
        let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
            VirtualAddress: frame.buffer.0,
        };
        let handle = core::ptr::without_provenance_mut(frame.return_context.0.get());
        // SAFETY: `has_room` says that the fragment is the driver's; in driver attachment it writes all of it.
        unsafe { self.rings.fragments.element(self.fragment).write(fragment) };
        // SAFETY: extensions are part of the element.
        unsafe {
            self.rings
                .virtual_addresses
                .of(self.fragment)
                .write(address)
        };
        // SAFETY: as before.
        unsafe {
            self.rings
                .return_contexts
                .of(self.fragment)
                .write(NET_FRAGMENT_RETURN_CONTEXT { Handle: handle })
        };
        let packet = NET_PACKET {
            FragmentIndex: self.fragment,
            FragmentCount: 1,
            // All types unspecified, which is a statement too: the layout must be written in every packet
            // (*Receiving Network Data with Net Rings*).
            Layout: NET_PACKET_LAYOUT::zeroed(),
            ..NET_PACKET::zeroed()
        };
        // SAFETY: `has_room` says that the packet is the driver's.
        unsafe { self.rings.packets.element(self.packet).write(packet) };
        self.fragment = self.rings.fragments.after(self.fragment, 1);
        self.packet = self.rings.packets.after(self.packet, 1);
        self.delivered += 1;
        true
    }

    /// Hands the delivered frames over; gives their number.
    pub fn commit(self) -> usize {
        self.rings.packets.set_begin(self.packet);
        self.rings.fragments.set_begin(self.fragment);
        self.delivered
    }

    /// Hands the delivered frames over and everything that is still empty back, as a cancelled queue does
    /// (*Canceling Network Data with Net Rings*). Gives the number of frames.
    pub fn cancel(mut self) -> usize {
        let end = self.rings.packets.end();
        while self.packet != end {
            let mut packet = self.rings.packets.element::<NET_PACKET>(self.packet);
            // SAFETY: the packet is the driver's, and nobody else has a reference to it.
            unsafe { packet.as_mut() }.set_ignore(1);
            self.packet = self.rings.packets.after(self.packet, 1);
        }
        self.fragment = self.rings.fragments.end();
        self.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::super::RxStandIn;
    use super::*;

    fn frame(context: usize) -> ReceivedFrame {
        ReceivedFrame {
            buffer: VirtualAddress(core::ptr::without_provenance_mut(0x4000)),
            capacity: 2048,
            offset: 12,
            length: 60,
            return_context: ReturnContext(NonZeroUsize::new(context).unwrap()),
        }
    }

    #[test]
    fn a_frame_is_written_whole() {
        let (mut os, mut rings) = RxStandIn::new(8, 16);
        os.post(2, 2);
        let mut range = rings.fill();
        assert!(range.deliver(&frame(7)));
        assert_eq!(range.commit(), 1);
        assert_eq!(os.begins(), (1, 1));
        let seen = os.take();
        assert_eq!((seen.len(), seen[0].offset, seen[0].length), (1, 12, 60));
        assert_eq!(seen[0].return_context, frame(7).return_context);
    }

    #[test]
    fn no_frame_goes_beyond_the_drivers_part_of_either_ring() {
        for (packets, fragments, room) in [(0, 5, 0), (5, 0, 0), (2, 5, 2), (5, 3, 3)] {
            let (mut os, mut rings) = RxStandIn::new(8, 16);
            os.post(packets, fragments);
            let mut range = rings.fill();
            let delivered = (1..10)
                .take_while(|context| range.deliver(&frame(*context)))
                .count();
            assert_eq!(delivered, room);
            assert!(!range.has_room());
            assert_eq!(range.commit(), room);
            assert_eq!(os.begins(), (room as u32, room as u32));
        }
    }

    #[test]
    fn a_cancelled_queue_owns_nothing_and_its_empty_packets_are_ignored() {
        let (mut os, mut rings) = RxStandIn::new(8, 16);
        os.post(3, 7);
        let mut range = rings.fill();
        range.deliver(&frame(1));
        assert_eq!(range.cancel(), 1);
        assert!(os.is_drained());
        assert_eq!(os.take().len(), 1);
    }
}
