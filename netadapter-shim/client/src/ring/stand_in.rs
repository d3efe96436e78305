//! The framework's side of rings, for tests of drivers where they are built.

use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::ptr::NonNull;

use netadapter_abi::net::{
    NET_EXTENSION, NET_FRAGMENT, NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_RETURN_CONTEXT,
    NET_PACKET, NET_RING,
};

use super::{Extension, RawRing, ReturnContext, RxRings, TxRings};

const PACKET_STRIDE: usize = 32;
const FRAGMENT_STRIDE: usize = 24;
/// Extensions lie behind the 8 bytes of a fragment.
const FIRST_EXTENSION: usize = 8;
const SECOND_EXTENSION: usize = 16;

/// A ring in leaked memory of the process, so that views of it are valid for ever.
pub(crate) struct Ring {
    memory: NonNull<NET_RING>,
    stride: usize,
}

impl Ring {
    /// `elements` is a power of two above 1; a stride covers an element and its extensions.
    pub fn new(elements: u32, stride: usize) -> Self {
        assert!(
            elements.is_power_of_two() && elements > 1,
            "rings have a power of two of elements"
        );
        let bytes = offset_of!(NET_RING, Buffer) + stride * elements as usize;
        let memory = vec![NET_RING::zeroed(); bytes.div_ceil(size_of::<NET_RING>())].leak();
        memory[0].ElementStride = stride as u16;
        memory[0].NumberOfElements = elements;
        memory[0].ElementIndexMask = elements - 1;
        Self {
            memory: NonNull::from(memory).cast(),
            stride,
        }
    }

    pub fn raw(&self) -> RawRing {
        // SAFETY: the memory is a ring and lives for ever; views of one ring stay on one thread.
        unsafe { RawRing::new(self.memory) }
    }

    pub fn read<T>(&self, index: u32) -> T {
        // SAFETY: the element lies in the ring's memory; its type is the caller's to know, as for the framework.
        unsafe { self.raw().element::<T>(index).read() }
    }

    pub fn write<T>(&self, index: u32, element: T) {
        // SAFETY: as in `read`.
        unsafe { self.raw().element::<T>(index).write(element) };
    }

    pub fn extension<T>(&self, offset: usize) -> Extension<T> {
        let raw = self.raw();
        let mut answer = NET_EXTENSION::zeroed();
        answer.Reserved[0] = raw.element::<u8>(0).as_ptr().wrapping_add(offset).cast();
        answer.Reserved[1] = core::ptr::without_provenance_mut(self.stride);
        answer.Anonymous.Enabled = 1;
        // SAFETY: the answer describes this ring.
        unsafe { Extension::new(&answer, &raw) }.expect("the extension is enabled")
    }

    pub fn set_end(&self, index: u32) {
        let raw = self.raw();
        // SAFETY: the ring is valid, and this is the framework's field.
        unsafe {
            raw.field::<u32>(offset_of!(NET_RING, EndIndex))
                .write(raw.after(index, 0))
        };
    }

    /// Empties the ring, as before EvtPacketQueueStart.
    fn restart(&self) {
        self.set_end(0);
        let mut raw = self.raw();
        raw.set_next(0);
        // SAFETY: as in `set_end`.
        unsafe { raw.field::<u32>(offset_of!(NET_RING, BeginIndex)).write(0) };
    }
}

/// The framework's side of transmit rings.
pub struct TxStandIn {
    packets: Ring,
    fragments: Ring,
    logical_addresses: Extension<NET_FRAGMENT_LOGICAL_ADDRESS>,
}

impl TxStandIn {
    /// Rings with so many elements, and the driver's view of them.
    pub fn new(packets: u32, fragments: u32) -> (Self, TxRings) {
        let (packets, fragments) = (
            Ring::new(packets, PACKET_STRIDE),
            Ring::new(fragments, FRAGMENT_STRIDE),
        );
        let rings = TxRings::new(
            packets.raw(),
            fragments.raw(),
            fragments.extension(FIRST_EXTENSION),
        );
        let logical_addresses = fragments.extension(FIRST_EXTENSION);
        (
            Self {
                packets,
                fragments,
                logical_addresses,
            },
            rings,
        )
    }

    /// Sends a packet with fragments of these lengths; without fragments it is one to ignore. Fragment *i* of the ring
    /// has the logical address *i* × 4096, and starts 4 bytes behind it.
    pub fn send(&mut self, lengths: &[u32]) {
        let first = self.fragments.raw().end();
        for (length, index) in lengths.iter().zip(first..) {
            let mut fragment = NET_FRAGMENT::zeroed();
            fragment.set_valid_length(u64::from(*length));
            fragment.set_offset(4);
            self.fragments.write(index, fragment);
            let place = self.fragments.raw().after(index, 0);
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: u64::from(place) << 12,
            };
            // SAFETY: the place lies in the ring's memory.
            unsafe { self.logical_addresses.of(index).write(address) };
            self.fragments.set_end(index + 1);
        }
        let mut packet = NET_PACKET::zeroed();
        (packet.FragmentIndex, packet.FragmentCount) = (first, lengths.len() as u16);
        packet.set_ignore(lengths.is_empty().into());
        let end = self.packets.raw().end();
        self.packets.write(end, packet);
        self.packets.set_end(end + 1);
    }

    /// Whether a packet of so many fragments can be sent now.
    pub fn has_room(&self, fragments: u32) -> bool {
        let room = |ring: &Ring| {
            let raw = ring.raw();
            raw.distance(raw.end(), raw.after(raw.begin(), raw.len() as u32 - 1))
        };
        room(&self.packets) > 0 && room(&self.fragments) >= fragments
    }

    /// The first packet and the first fragment that were not handed back.
    pub fn begins(&self) -> (u32, u32) {
        (self.packets.raw().begin(), self.fragments.raw().begin())
    }

    /// Whether everything was handed back.
    pub fn is_drained(&self) -> bool {
        [&self.packets, &self.fragments]
            .iter()
            .all(|ring| ring.raw().begin() == ring.raw().end())
    }
}

/// The framework's side of receive rings.
pub struct RxStandIn {
    packets: Ring,
    fragments: Ring,
    return_contexts: Extension<NET_FRAGMENT_RETURN_CONTEXT>,
    /// The first packet that was not looked at.
    seen: u32,
}

/// A frame as the framework finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFrame {
    /// Where it starts in its buffer.
    pub offset: u16,
    /// Its bytes.
    pub length: u32,
    /// What it was delivered with.
    pub return_context: ReturnContext,
}

impl RxStandIn {
    /// Rings with so many elements, none of which the driver has yet, and the driver's view of them.
    pub fn new(packets: u32, fragments: u32) -> (Self, RxRings) {
        let (packets, fragments) = (
            Ring::new(packets, PACKET_STRIDE),
            Ring::new(fragments, FRAGMENT_STRIDE),
        );
        let return_contexts = fragments.extension(SECOND_EXTENSION);
        let rings = RxRings::new(
            packets.raw(),
            fragments.raw(),
            fragments.extension(FIRST_EXTENSION),
            fragments.extension(SECOND_EXTENSION),
        );
        (
            Self {
                packets,
                fragments,
                return_contexts,
                seen: 0,
            },
            rings,
        )
    }

    /// Gives the driver more empty packets and fragments, filled with what must not stay.
    pub fn post(&mut self, packets: u32, fragments: u32) {
        let mut poison = NET_PACKET::zeroed();
        (poison.FragmentIndex, poison.FragmentCount) = (u32::MAX, u16::MAX);
        poison.Layout.set_layer2_type(u8::MAX);
        poison.Layout.set_layer3_type(u8::MAX);
        poison.Layout.set_layer4_type(u8::MAX);
        for _ in 0..packets {
            let end = self.packets.raw().end();
            self.packets.write(end, poison);
            self.packets.set_end(end + 1);
        }
        let end = self.fragments.raw().end();
        self.fragments.set_end(end + fragments);
    }

    /// The frames that were delivered since the last look; ignored packets are passed over.
    pub fn take(&mut self) -> Vec<SeenFrame> {
        let mut frames = vec![];
        while self.seen != self.packets.raw().begin() {
            let packet: NET_PACKET = self.packets.read(self.seen);
            self.seen = self.packets.raw().after(self.seen, 1);
            if packet.ignore() == 0 {
                frames.push(self.frame(&packet));
            }
        }
        frames
    }

    fn frame(&self, packet: &NET_PACKET) -> SeenFrame {
        let types = [
            packet.Layout.layer2_type(),
            packet.Layout.layer3_type(),
            packet.Layout.layer4_type(),
        ];
        assert_eq!(
            (packet.FragmentCount, types),
            (1, [0; 3]),
            "one fragment, and a layout that was written"
        );
        let fragment: NET_FRAGMENT = self.fragments.read(packet.FragmentIndex);
        assert!(
            fragment.offset() + fragment.valid_length() <= fragment.capacity(),
            "the frame lies in its buffer"
        );
        // SAFETY: the extension lies in the ring's memory.
        let context = unsafe { self.return_contexts.of(packet.FragmentIndex).read() };
        SeenFrame {
            offset: fragment.offset() as u16,
            length: fragment.valid_length() as u32,
            return_context: ReturnContext(
                core::num::NonZeroUsize::new(context.Handle.addr()).expect("a context"),
            ),
        }
    }

    /// The first packet and the first fragment that were not handed back.
    pub fn begins(&self) -> (u32, u32) {
        (self.packets.raw().begin(), self.fragments.raw().begin())
    }

    /// Whether everything was handed back.
    pub fn is_drained(&self) -> bool {
        [&self.packets, &self.fragments]
            .iter()
            .all(|ring| ring.raw().begin() == ring.raw().end())
    }

    /// Empties the rings, as before EvtPacketQueueStart.
    pub fn restart(&mut self) {
        self.packets.restart();
        self.fragments.restart();
        self.seen = 0;
    }
}
