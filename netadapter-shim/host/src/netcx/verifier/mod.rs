//! The ring verifier: compares the rings before and after a callback.
//!
//! Windows does this for drivers under Driver Verifier, on every second Advance and every Cancel
//! (*Net ring element management*). Here headers, indices and everything that comes back are
//! checked every time; what should not have been touched at all is compared every
//! [`THOROUGH_EVERY`]th time and on every Cancel, because that costs a copy of the rings.

mod received;
#[cfg(test)]
mod tests;

use super::ring::{ImmutableHeader, Ring, Rings};
use super::rules;
use crate::executive::Rule;
use netadapter_abi::net::{NET_FRAGMENT, NET_PACKET, NET_PACKET_LAYOUT};

/// Every how many Advances the untouchable elements are compared.
const THOROUGH_EVERY: u32 = 64;

/// A rule that a callback broke.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) rule: &'static Rule,
    pub(super) detail: String,
}

/// What the rings carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    /// Packets to be sent.
    Transmit,
    /// Received packets, in buffers of the driver or of the system.
    Receive {
        /// The driver attaches its own buffers.
        driver_attaches: bool,
    },
}

/// A ring as it was before the callback.
struct Before {
    header: ImmutableHeader,
    begin: u32,
    end: u32,
    elements: Vec<u8>,
}

impl Before {
    fn new(ring: &Ring) -> Self {
        let bytes = ring.stride() * ring.count() as usize;
        Self {
            header: ring.immutable_header(),
            begin: 0,
            end: 0,
            elements: Vec::with_capacity(bytes),
        }
    }

    fn record(&mut self, ring: &Ring, thorough: bool) {
        self.header = ring.immutable_header();
        self.begin = ring.begin();
        self.end = ring.end();
        self.elements.clear();
        if thorough {
            (0..ring.count())
                .for_each(|index| self.elements.extend_from_slice(ring.element(index)));
        }
    }

    /// Number of elements that were the driver's.
    fn owned(&self, ring: &Ring) -> u32 {
        ring.distance(self.begin, self.end)
    }

    fn element<'a>(&'a self, ring: &Ring, index: u32) -> &'a [u8] {
        let start = index as usize * ring.stride();
        &self.elements[start..start + ring.stride()]
    }

    fn check_header(&self, ring: &Ring, name: &str) -> Result<(), Broken> {
        if ring.immutable_header() != self.header {
            return broken(
                &rules::INVALID_RING_IMMUTABLE,
                format!(
                    "the {name} ring's header changed beyond BeginIndex, NextIndex and Scratch"
                ),
            );
        }
        let begin = ring.begin();
        if begin >= ring.count() || ring.distance(self.begin, begin) > self.owned(ring) {
            return broken(
                &rules::INVALID_RING_BEGIN_INDEX,
                format!(
                    "the {name} ring's BeginIndex is {begin}, the driver owned {} up to {}",
                    self.begin, self.end
                ),
            );
        }
        Ok(())
    }

    /// Elements that were not the driver's must be as they were.
    fn check_foreign(&self, ring: &Ring, name: &str) -> Result<(), Broken> {
        let owned = self.owned(ring);
        let changed = (owned..ring.count())
            .map(|distance| ring.after(self.begin, distance))
            .find(|&index| ring.element(index) != self.element(ring, index));
        changed.map_or(Ok(()), |index| {
            broken(
                &rules::INVALID_RING_IMMUTABLE_FRAMEWORK_ELEMENT,
                format!(
                    "element {index} of the {name} ring changed, the driver owned {} up to {}",
                    self.begin, self.end
                ),
            )
        })
    }
}

impl Before {
    /// A data buffer ring is read-only for the driver.
    fn check_all(&self, ring: &Ring) -> Result<(), Broken> {
        let changed =
            (0..ring.count()).find(|&index| ring.element(index) != self.element(ring, index));
        changed.map_or(Ok(()), |index| {
            broken(
                &rules::INVALID_RING_IMMUTABLE,
                format!("element {index} of the data buffer ring changed"),
            )
        })
    }
}

/// Checks the callbacks of one queue.
pub(super) struct Verifier {
    traffic: Traffic,
    rounds: u32,
    thorough: bool,
    packets: Before,
    fragments: Before,
    data_buffers: Option<Before>,
}

impl Verifier {
    pub(super) fn new(traffic: Traffic, rings: &Rings) -> Self {
        Self {
            traffic,
            rounds: 0,
            thorough: false,
            packets: Before::new(&rings.packets),
            fragments: Before::new(&rings.fragments),
            data_buffers: rings
                .data_buffers
                .as_ref()
                .map(|buffers| Before::new(&buffers.ring)),
        }
    }

    /// Looks at the rings before an Advance.
    pub(super) fn before_advance(&mut self, rings: &Rings) {
        self.rounds = self.rounds.wrapping_add(1);
        self.record(rings, self.rounds.is_multiple_of(THOROUGH_EVERY));
    }

    /// Looks at the rings before a Cancel.
    pub(super) fn before_cancel(&mut self, rings: &Rings) {
        self.record(rings, true);
    }

    fn record(&mut self, rings: &Rings, thorough: bool) {
        self.thorough = thorough;
        self.packets.record(&rings.packets, thorough);
        self.fragments.record(&rings.fragments, thorough);
        if let (Some(before), Some(buffers)) = (&mut self.data_buffers, &rings.data_buffers) {
            before.record(&buffers.ring, true);
        }
    }

    /// Compares after the callback.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub(super) fn after(&self, rings: &Rings) -> Result<(), Broken> {
        self.packets.check_header(&rings.packets, "packet")?;
        self.fragments.check_header(&rings.fragments, "fragment")?;
        if let (Some(before), Some(buffers)) = (&self.data_buffers, &rings.data_buffers) {
            before.check_header(&buffers.ring, "data buffer")?;
            before.check_all(&buffers.ring)?;
        }
        if self.thorough {
            self.packets.check_foreign(&rings.packets, "packet")?;
            self.fragments.check_foreign(&rings.fragments, "fragment")?;
        }
        match self.traffic {
            Traffic::Transmit if self.thorough => self.check_transmit(rings),
            Traffic::Transmit => Ok(()),
            Traffic::Receive { driver_attaches } => received::check(self, rings, driver_attaches),
        }
    }

    /// In what is to be sent the driver may change the scratch bits only.
    fn check_transmit(&self, rings: &Rings) -> Result<(), Broken> {
        let ring = &rings.packets;
        for index in owned_indices(&self.packets, ring) {
            let mut now = ring.packet(index);
            let was = packet_at(self.packets.element(ring, index));
            now.set_scratch(was.scratch());
            if !same_packet(&now, &was) {
                let detail = format!("transmit packet {index} changed beyond its scratch bit");
                return broken(&rules::INVALID_RING_IMMUTABLE_DRIVER_TX_PACKET, detail);
            }
        }
        let ring = &rings.fragments;
        for index in owned_indices(&self.fragments, ring) {
            let mut now = ring.fragment(index);
            let was = fragment_at(self.fragments.element(ring, index));
            now.set_scratch(was.scratch());
            if now._bits0 != was._bits0 {
                let detail = format!("transmit fragment {index} changed beyond its scratch bit");
                return broken(&rules::INVALID_RING_IMMUTABLE_DRIVER_TX_FRAGMENT, detail);
            }
        }
        Ok(())
    }
}

fn broken(rule: &'static Rule, detail: String) -> Result<(), Broken> {
    Err(Broken { rule, detail })
}

fn owned_indices(before: &Before, ring: &Ring) -> impl Iterator<Item = u32> {
    (0..before.owned(ring)).map(|distance| ring.after(before.begin, distance))
}

fn packet_at(element: &[u8]) -> NET_PACKET {
    debug_assert!(element.len() >= size_of::<NET_PACKET>());
    // SAFETY: the element begins with a packet, and any bytes are one.
    unsafe { element.as_ptr().cast::<NET_PACKET>().read_unaligned() }
}

fn fragment_at(element: &[u8]) -> NET_FRAGMENT {
    debug_assert!(element.len() >= size_of::<NET_FRAGMENT>());
    // SAFETY: the element begins with a fragment, and any bytes are one.
    unsafe { element.as_ptr().cast::<NET_FRAGMENT>().read_unaligned() }
}

fn layout_bytes(layout: NET_PACKET_LAYOUT) -> [u8; 5] {
    let low = layout._bits0.to_le_bytes();
    [low[0], low[1], layout._bits1, layout._bits2, layout._bits3]
}

fn same_packet(one: &NET_PACKET, other: &NET_PACKET) -> bool {
    one.FragmentIndex == other.FragmentIndex
        && one.FragmentCount == other.FragmentCount
        && layout_bytes(one.Layout) == layout_bytes(other.Layout)
        && one._bits0 == other._bits0
}

/// A receive packet as it is posted: nothing in it is a legal value.
pub(super) fn poisoned_packet() -> NET_PACKET {
    NET_PACKET {
        FragmentIndex: u32::MAX,
        FragmentCount: u16::MAX,
        Layout: NET_PACKET_LAYOUT {
            _bits0: u16::MAX,
            _bits1: u8::MAX,
            _bits2: u8::MAX,
            _bits3: u8::MAX,
        },
        _bits0: 0,
    }
}

/// A receive fragment as it is posted; with a buffer of the system, `capacity` is its size.
pub(super) fn poisoned_fragment(capacity: Option<u64>) -> NET_FRAGMENT {
    let mut fragment = NET_FRAGMENT { _bits0: u64::MAX };
    fragment.set_scratch(0);
    fragment.set_os_reserved_bounced(0);
    if let Some(capacity) = capacity {
        fragment.set_capacity(capacity);
    }
    fragment
}
