//! Transmit rings: packets to be sent, with their fragments.

use netadapter_abi::net::{NET_FRAGMENT, NET_FRAGMENT_LOGICAL_ADDRESS, NET_PACKET};

use super::{Extension, RawRing};

/// The rings of a transmit queue whose fragments are mapped for DMA.
pub struct TxRings {
    packets: RawRing,
    fragments: RawRing,
    logical_addresses: Extension<NET_FRAGMENT_LOGICAL_ADDRESS>,
}

/// A packet that the driver owns.
#[derive(Clone, Copy)]
pub struct TxPacket<'a> {
    rings: &'a TxRings,
    packet: NET_PACKET,
    slot: u32,
}

/// A stretch of memory of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxFragment {
    /// Where the device reads it.
    pub logical_address: u64,
    /// Length in bytes.
    pub length: u32,
}

/// The packets that were not yet posted: [Next, End).
pub struct TxPost<'a> {
    rings: &'a mut TxRings,
    cursor: u32,
    end: u32,
}

/// The packets that were posted and not yet handed back: [Begin, Next).
pub struct TxDrain<'a> {
    rings: &'a mut TxRings,
    cursor: u32,
    end: u32,
    fragments_begin: u32,
}

impl TxRings {
    pub(crate) fn new(
        packets: RawRing,
        fragments: RawRing,
        logical_addresses: Extension<NET_FRAGMENT_LOGICAL_ADDRESS>,
    ) -> Self {
        Self {
            packets,
            fragments,
            logical_addresses,
        }
    }

    /// Elements of the packet ring; [`TxPacket::slot`] is below it.
    pub fn packet_slots(&self) -> usize {
        self.packets.len()
    }

    /// The packets to post.
    pub fn post(&mut self) -> TxPost<'_> {
        let (cursor, end) = (self.packets.next(), self.packets.end());
        TxPost {
            rings: self,
            cursor,
            end,
        }
    }

    /// The packets to hand back.
    pub fn drain(&mut self) -> TxDrain<'_> {
        let (cursor, end) = (self.packets.begin(), self.packets.next());
        let fragments_begin = self.fragments.begin();
        TxDrain {
            rings: self,
            cursor,
            end,
            fragments_begin,
        }
    }

    /// Hands back everything, posted or not. The hardware must not read any of it any more.
    pub fn return_all(&mut self) {
        for ring in [&mut self.packets, &mut self.fragments] {
            let end = ring.end();
            ring.set_begin(end);
            ring.set_next(end);
        }
    }

    fn packet(&self, index: u32) -> TxPacket<'_> {
        // SAFETY: the callers' index lies in the driver's part, whose packets nobody writes.
        let packet = unsafe { self.packets.element::<NET_PACKET>(index).read() };
        TxPacket {
            rings: self,
            packet,
            slot: index,
        }
    }
}

impl<'a> TxPacket<'a> {
    /// The packet's place in the packet ring: its name as long as the driver owns it.
    pub fn slot(&self) -> usize {
        self.slot as usize
    }

    /// Whether it is not to be sent, but only handed back in its turn.
    pub fn is_ignored(&self) -> bool {
        self.packet.ignore() != 0
    }

    /// Its fragments, in order.
    pub fn fragments(&self) -> impl ExactSizeIterator<Item = TxFragment> + use<'a> {
        Fragments {
            rings: self.rings,
            index: self.packet.FragmentIndex,
            left: self.fragment_count(),
        }
    }

    /// Never more than the fragments in the ring.
    fn fragment_count(&self) -> u32 {
        u32::from(self.packet.FragmentCount).min(self.rings.fragments.len() as u32 - 1)
    }
}

struct Fragments<'a> {
    rings: &'a TxRings,
    index: u32,
    left: u32,
}

impl Iterator for Fragments<'_> {
    type Item = TxFragment;

    fn next(&mut self) -> Option<TxFragment> {
        self.left = self.left.checked_sub(1)?;
        // SAFETY: the fragments of a packet in the driver's part are the driver's too, and nobody writes them.
        let fragment = unsafe {
            self.rings
                .fragments
                .element::<NET_FRAGMENT>(self.index)
                .read()
        };
        // SAFETY: as before; extensions are part of the element.
        let address = unsafe { self.rings.logical_addresses.of(self.index).read() };
        self.index = self.rings.fragments.after(self.index, 1);
        Some(TxFragment {
            logical_address: address.LogicalAddress.wrapping_add(fragment.offset()),
            length: fragment.valid_length() as u32,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Fragments<'_> {}

impl TxPost<'_> {
    /// The packet whose turn it is.
    pub fn front(&self) -> Option<TxPacket<'_>> {
        (self.cursor != self.end).then(|| self.rings.packet(self.cursor))
    }

    /// The front packet is posted; the next one's turn comes.
    pub fn advance(&mut self) {
        if self.cursor != self.end {
            self.cursor = self.rings.packets.after(self.cursor, 1);
        }
    }

    /// The packets before the front count as posted.
    pub fn commit(self) {
        self.rings.packets.set_next(self.cursor);
    }
}

impl TxDrain<'_> {
    /// The packet whose turn it is.
    pub fn front(&self) -> Option<TxPacket<'_>> {
        (self.cursor != self.end).then(|| self.rings.packet(self.cursor))
    }

    /// The front packet goes back, with its fragments; the next one's turn comes.
    pub fn advance(&mut self) {
        let Some(packet) = self.front() else { return };
        if !packet.is_ignored() {
            let (first, count) = (packet.packet.FragmentIndex, packet.fragment_count());
            self.fragments_begin = self.rings.fragments.after(first, count);
        }
        self.cursor = self.rings.packets.after(self.cursor, 1);
    }

    /// Hands back the packets before the front; tells whether there were any.
    pub fn commit(self) -> bool {
        let moved = self.cursor != self.rings.packets.begin();
        self.rings.packets.set_begin(self.cursor);
        self.rings.fragments.set_begin(self.fragments_begin);
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::super::TxStandIn;
    use super::*;
    use std::vec::Vec;

    fn post_all(rings: &mut TxRings) {
        let mut post = rings.post();
        while post.front().is_some() {
            post.advance();
        }
        post.commit();
    }

    #[test]
    fn a_packets_fragments_are_seen_with_their_offsets() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        os.send(&[60, 1400]);
        let post = rings.post();
        let fragments: Vec<_> = post.front().unwrap().fragments().collect();
        let expected = [(4, 60), (0x1004, 1400)];
        assert_eq!(
            fragments,
            expected.map(|(logical_address, length)| TxFragment {
                logical_address,
                length
            })
        );
    }

    #[test]
    fn only_posted_packets_can_be_drained() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        os.send(&[60]);
        os.send(&[60]);
        let mut post = rings.post();
        post.advance();
        post.commit();
        let mut drain = rings.drain();
        drain.advance();
        assert!(drain.front().is_none());
        drain.advance();
        assert!(drain.commit());
        assert_eq!(os.begins(), (1, 1));
        assert_eq!(rings.post().front().unwrap().slot(), 1);
    }

    #[test]
    fn fragments_go_back_with_their_packet_around_the_end_of_both_rings() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        for turn in 1..=20 {
            os.send(&[1, 2, 3]);
            assert_eq!(rings.post().front().unwrap().fragments().len(), 3);
            post_all(&mut rings);
            let mut drain = rings.drain();
            drain.advance();
            assert!(drain.commit());
            assert_eq!(os.begins(), (turn % 8, 3 * turn % 16));
        }
    }

    #[test]
    fn an_ignored_packet_goes_back_without_fragments() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        os.send(&[]);
        assert!(rings.post().front().unwrap().is_ignored());
        post_all(&mut rings);
        let mut drain = rings.drain();
        drain.advance();
        drain.commit();
        assert_eq!(os.begins(), (1, 0));
    }

    #[test]
    fn a_walk_without_commit_changes_nothing() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        os.send(&[60]);
        rings.post().advance();
        assert!(rings.post().front().is_some());
        assert!(!rings.drain().commit());
        assert_eq!(os.begins(), (0, 0));
    }

    #[test]
    fn everything_goes_back_at_once() {
        let (mut os, mut rings) = TxStandIn::new(8, 16);
        os.send(&[60]);
        os.send(&[60, 60]);
        rings.return_all();
        assert!(os.is_drained());
        assert!(rings.post().front().is_none() && rings.drain().front().is_none());
    }
}
