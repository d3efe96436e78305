//! Net rings: their memory, and access to it from the system's side.

use super::extension::ElementLayout;
use netadapter_abi::net::{
    NET_FRAGMENT, NET_PACKET, NET_RING, NET_RING_COLLECTION, NetRingTypeDataBuffer,
    NetRingTypeFragment, NetRingTypePacket,
};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::offset_of;
use std::ptr::NonNull;

/// Where the elements begin, in bytes.
const ELEMENTS: usize = offset_of!(NET_RING, Buffer);

/// Bytes at the start of a ring that only the system writes.
const IMMUTABLE_BYTES: usize = offset_of!(NET_RING, BeginIndex);

/// The part of a ring's header that only the system writes.
pub(super) type ImmutableHeader = [u64; IMMUTABLE_BYTES / 8];

/// A ring shared with the driver.
///
/// # Invariants
/// `header` points to an allocation of `layout`, which holds the header and `count` elements of
/// `stride` bytes. The driver writes it only during callbacks of the queue, which run on the
/// execution context that also runs every method of this type.
pub(super) struct Ring {
    header: NonNull<NET_RING>,
    layout: Layout,
    stride: usize,
    count: u32,
}

// SAFETY: by the invariants, one execution context at a time touches the memory, and it orders
// its users.
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Ring {
    /// Makes an empty ring of `count` elements, a power of two above 1.
    pub(super) fn new(count: u32, stride: usize) -> Self {
        assert!(
            count.is_power_of_two() && count > 1,
            "a ring of {count} elements"
        );
        let bytes = (ELEMENTS + stride * count as usize).max(size_of::<NET_RING>());
        let layout = Layout::from_size_align(bytes, align_of::<NET_RING>())
            .expect("a ring's size fits the address space");
        // SAFETY: the size is not 0.
        let memory = unsafe { alloc_zeroed(layout) };
        let Some(header) = NonNull::new(memory.cast::<NET_RING>()) else {
            handle_alloc_error(layout)
        };
        let initial = NET_RING {
            ElementStride: stride as u16,
            NumberOfElements: count,
            ElementIndexMask: count - 1,
            ..NET_RING::zeroed()
        };
        // SAFETY: the allocation has at least the size and alignment of the header.
        unsafe { header.write(initial) };
        Self {
            header,
            layout,
            stride,
            count,
        }
    }

    pub(super) fn as_ptr(&self) -> *mut NET_RING {
        self.header.as_ptr()
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The element that is `distance` behind `index`.
    pub(super) fn after(&self, index: u32, distance: u32) -> u32 {
        index.wrapping_add(distance) & (self.count - 1)
    }

    /// Number of elements from `from` up to, not including, `to`.
    pub(super) fn distance(&self, from: u32, to: u32) -> u32 {
        to.wrapping_sub(from) & (self.count - 1)
    }

    /// The first element that the driver owns.
    pub(super) fn begin(&self) -> u32 {
        // SAFETY: the header is valid, see the type's invariants.
        unsafe { (*self.as_ptr()).BeginIndex }
    }

    /// One past the last element that the driver owns.
    pub(super) fn end(&self) -> u32 {
        // SAFETY: the header is valid, see the type's invariants.
        unsafe { (*self.as_ptr()).EndIndex }
    }

    pub(super) fn set_end(&self, index: u32) {
        // SAFETY: the header is valid, see the type's invariants.
        unsafe { (*self.as_ptr()).EndIndex = index };
    }

    fn reclaimed_place(&self) -> *mut u32 {
        let header = self.as_ptr().cast::<u8>();
        header.wrapping_add(offset_of!(NET_RING, Anonymous)).cast()
    }

    /// The first element that the system has not reclaimed yet: `OSReserved0`.
    pub(super) fn reclaimed(&self) -> u32 {
        // SAFETY: the header is valid, and the member begins its union.
        unsafe { self.reclaimed_place().read() }
    }

    pub(super) fn set_reclaimed(&self, index: u32) {
        // SAFETY: the header is valid, and the member begins its union.
        unsafe { self.reclaimed_place().write(index) };
    }

    /// Whether the driver owns nothing.
    pub(super) fn is_drained(&self) -> bool {
        self.begin() == self.end()
    }

    /// Whether the system waits for nothing either: all that came back is reclaimed.
    pub(super) fn is_idle(&self) -> bool {
        self.is_drained() && self.reclaimed() == self.begin()
    }

    /// Empties the ring as a queue's start finds it; `Scratch` stays.
    pub(super) fn reset(&self) {
        self.set_end(0);
        self.set_reclaimed(0);
        // SAFETY: the header is valid, see the type's invariants.
        unsafe { (*self.as_ptr()).BeginIndex = 0 };
        // SAFETY: the header is valid, see the type's invariants.
        unsafe { (*self.as_ptr()).NextIndex = 0 };
    }

    /// What only the system writes.
    pub(super) fn immutable_header(&self) -> ImmutableHeader {
        // SAFETY: the header is valid and all its bytes are initialised.
        unsafe { self.as_ptr().cast::<ImmutableHeader>().read() }
    }

    /// The address of a byte of an element.
    pub(super) fn address(&self, index: u32, offset: usize) -> *mut u8 {
        debug_assert!(offset < self.stride);
        let element = self.stride * (index & (self.count - 1)) as usize;
        self.as_ptr()
            .cast::<u8>()
            .wrapping_add(ELEMENTS + element + offset)
    }

    /// The bytes of an element.
    pub(super) fn element(&self, index: u32) -> &[u8] {
        // SAFETY: the element lies in the allocation, which is initialised; the driver does not
        // run while the execution context is here.
        unsafe { std::slice::from_raw_parts(self.address(index, 0), self.stride) }
    }

    /// Makes all bytes of an element 0.
    pub(super) fn clear(&self, index: u32) {
        // SAFETY: the element lies in the allocation.
        unsafe { self.address(index, 0).write_bytes(0, self.stride) };
    }

    pub(super) fn packet(&self, index: u32) -> NET_PACKET {
        self.data(index, 0)
    }

    pub(super) fn set_packet(&self, index: u32, packet: NET_PACKET) {
        self.set_data(index, 0, packet);
    }

    pub(super) fn fragment(&self, index: u32) -> NET_FRAGMENT {
        self.data(index, 0)
    }

    pub(super) fn set_fragment(&self, index: u32, fragment: NET_FRAGMENT) {
        self.set_data(index, 0, fragment);
    }

    /// A part of an element: its structure or an extension of it, which are plain integers and
    /// addresses.
    pub(super) fn data<T: Copy>(&self, index: u32, offset: usize) -> T {
        debug_assert!(offset + size_of::<T>() <= self.stride);
        // SAFETY: the part lies in the element, aligned by the element layout, and any bytes are
        // a value of it.
        unsafe { self.address(index, offset).cast::<T>().read() }
    }

    pub(super) fn set_data<T: Copy>(&self, index: u32, offset: usize, value: T) {
        debug_assert!(offset + size_of::<T>() <= self.stride);
        // SAFETY: the part lies in the element, aligned by the element layout.
        unsafe { self.address(index, offset).cast::<T>().write(value) };
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the memory was allocated with this layout, and nobody uses it any more.
        unsafe { dealloc(self.as_ptr().cast(), self.layout) };
    }
}

/// A ring of handles of receive buffers, each with its addresses.
pub(super) struct DataBufferRing {
    pub(super) ring: Ring,
    pub(super) layout: ElementLayout,
}

/// The rings of a queue.
pub(super) struct Rings {
    pub(super) packets: Ring,
    pub(super) fragments: Ring,
    pub(super) packet_layout: ElementLayout,
    pub(super) fragment_layout: ElementLayout,
    /// Only if the driver attaches buffers of the system.
    pub(super) data_buffers: Option<DataBufferRing>,
    collection: Box<Collection>,
}

struct Collection(NET_RING_COLLECTION);

// SAFETY: the pointers are those of the rings next to it, and are only handed to the driver.
unsafe impl Send for Collection {}
// SAFETY: as above.
unsafe impl Sync for Collection {}

impl Rings {
    pub(super) fn new(
        packets: u32,
        packet_layout: ElementLayout,
        fragments: u32,
        fragment_layout: ElementLayout,
    ) -> Self {
        let packets = Ring::new(packets, packet_layout.stride());
        let fragments = Ring::new(fragments, fragment_layout.stride());
        let mut collection = NET_RING_COLLECTION::zeroed();
        collection.Rings[NetRingTypePacket as usize] = packets.as_ptr();
        collection.Rings[NetRingTypeFragment as usize] = fragments.as_ptr();
        let collection = Box::new(Collection(collection));
        Self {
            packets,
            fragments,
            packet_layout,
            fragment_layout,
            data_buffers: None,
            collection,
        }
    }

    /// Adds the ring of data buffers. Before the driver sees the rings.
    pub(super) fn with_data_buffers(mut self, count: u32, layout: ElementLayout) -> Self {
        let ring = Ring::new(count, layout.stride());
        self.collection.0.Rings[NetRingTypeDataBuffer as usize] = ring.as_ptr();
        self.data_buffers = Some(DataBufferRing { ring, layout });
        self
    }

    /// What the driver is given.
    pub(super) fn collection(&self) -> *const NET_RING_COLLECTION {
        &raw const self.collection.0
    }

    /// Whether the driver owns nothing in either ring.
    pub(super) fn are_drained(&self) -> bool {
        self.packets.is_drained() && self.fragments.is_drained()
    }

    pub(super) fn reset(&self) {
        self.packets.reset();
        self.fragments.reset();
        if let Some(buffers) = &self.data_buffers {
            buffers.ring.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_ring_is_empty_and_aligned_to_a_cache_line() {
        let ring = Ring::new(8, 24);
        assert_eq!(ring.as_ptr() as usize % 64, 0);
        assert!(ring.is_idle());
        assert_eq!(ring.after(7, 2), 1);
        assert_eq!(ring.distance(7, 1), 2);
        // SAFETY: the ring is valid.
        let header = unsafe { &*ring.as_ptr() };
        assert_eq!(
            (
                header.ElementStride,
                header.NumberOfElements,
                header.ElementIndexMask
            ),
            (24, 8, 7)
        );
    }

    #[test]
    fn elements_are_stride_bytes_apart_and_wrap() {
        let ring = Ring::new(4, 24);
        assert_eq!(ring.address(5, 0), ring.address(1, 0));
        assert_eq!(
            ring.address(1, 12) as usize - ring.address(0, 0) as usize,
            36
        );
    }
}
