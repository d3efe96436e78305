//! Rings and what is in them.

use super::Hands;
use netadapter_abi::net::NET_RING;

pub fn move_begin_past_end(hands: Hands, wrong: bool) {
    // SAFETY: the host gave the ring.
    let ring = unsafe { &mut *hands.object.cast::<NET_RING>() };
    if wrong {
        // The driver may write BeginIndex, but not this value.
        ring.BeginIndex = ring.EndIndex.wrapping_add(1) & ring.ElementIndexMask;
    }
}

pub fn change_ring_header(hands: Hands, wrong: bool) {
    // SAFETY: the host gave the ring.
    let ring = unsafe { &mut *hands.object.cast::<NET_RING>() };
    if wrong {
        ring.ElementStride = 1;
    } else {
        ring.NextIndex = ring.BeginIndex;
    }
}
