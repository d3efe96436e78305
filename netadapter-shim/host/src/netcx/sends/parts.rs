//! How a frame that a protocol sends lies in memory: in one piece or, as the memory descriptors
//! of a NET_BUFFER chain, in several.

use super::SendShape;
use crate::upper_edge::SendLayout;

/// Parts of a frame do not share cache lines.
const CACHE_LINE: usize = 64;

/// The most parts that a frame is cut into.
const MOST_PARTS: usize = 64;

/// One part of a frame: what one memory descriptor describes.
#[derive(Clone, Copy, Debug)]
pub(in crate::netcx) struct Part {
    /// Where processors see its first byte.
    pub(in crate::netcx) virtual_address: *mut u8,
    /// Where the device sees it.
    pub(in crate::netcx) logical_address: u64,
    pub(in crate::netcx) bytes: usize,
    /// Bytes from its first one to the end of the descriptor.
    pub(in crate::netcx) capacity: usize,
    /// Bytes in front of it that may be used.
    pub(in crate::netcx) headroom: usize,
}

/// Where a part lies in a packet's room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) bytes: usize,
    pub(super) capacity: usize,
    pub(super) headroom: usize,
}

/// How all frames of an adapter are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    layout: SendLayout,
    /// In front of the first part.
    headroom: usize,
    alignment: usize,
}

impl Plan {
    pub(super) fn new(shape: &SendShape) -> Self {
        Self {
            layout: shape.layout,
            headroom: shape.backfill.min(shape.layout.headroom),
            alignment: shape.alignment.max(CACHE_LINE),
        }
    }

    /// The parts of a frame.
    pub(super) fn parts(self, bytes: usize) -> impl Iterator<Item = Place> {
        let SendLayout {
            header_bytes,
            parts,
            shift,
            ..
        } = self.layout;
        let header = if header_bytes < bytes {
            header_bytes
        } else {
            0
        };
        let rest = bytes - header;
        let step = rest.div_ceil(parts.clamp(1, MOST_PARTS - 1)).max(1);
        let first = (header > 0).then_some(header);
        let others = (0..rest).step_by(step).map(move |at| step.min(rest - at));
        let mut end = 0;
        let mut headroom = self.headroom;
        first.into_iter().chain(others).map(move |bytes| {
            let offset = (end + headroom).next_multiple_of(self.alignment) + shift;
            end = offset + bytes;
            Place {
                offset,
                bytes,
                capacity: bytes,
                headroom: std::mem::take(&mut headroom),
            }
        })
    }

    /// Bytes of the room for frames of up to `bytes`.
    pub(super) fn bytes_for(self, bytes: usize) -> usize {
        let parts = 1 + self.layout.parts.clamp(1, MOST_PARTS - 1);
        let gaps = parts * (self.alignment + self.layout.shift);
        let gaps = if self.layout == SendLayout::default() {
            0
        } else {
            gaps
        };
        (self.headroom.next_multiple_of(self.alignment) + bytes + gaps)
            .next_multiple_of(self.alignment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(layout: SendLayout, backfill: usize) -> Plan {
        Plan {
            layout,
            headroom: backfill.min(layout.headroom),
            alignment: CACHE_LINE,
        }
    }

    #[test]
    fn a_frame_lies_in_one_piece_unless_it_is_to_be_cut() {
        let parts: Vec<Place> = plan(SendLayout::default(), 0).parts(1514).collect();
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].offset, parts[0].bytes), (0, 1514));
    }

    proptest! {
        #[test]
        fn parts_make_up_the_frame_and_fit_its_room(
            header_bytes in 0usize..100,
            parts in 0usize..80,
            shift in 0usize..64,
            headroom in 0usize..200,
            backfill in 0usize..200,
            bytes in 1usize..2000,
        ) {
            let layout = SendLayout { header_bytes, parts, shift, headroom };
            let plan = plan(layout, backfill);
            let places: Vec<Place> = plan.parts(bytes).collect();
            prop_assert!(!places.is_empty() && places.len() <= MOST_PARTS);
            prop_assert_eq!(places.iter().map(|place| place.bytes).sum::<usize>(), bytes);
            let mut end = 0;
            for place in &places {
                prop_assert!(place.offset >= end + place.headroom);
                end = place.offset + place.capacity;
            }
            prop_assert!(end <= plan.bytes_for(bytes));
            prop_assert_eq!(places[0].headroom, backfill.min(headroom));
        }
    }
}
