//! One ring, and one extension of its elements.

use core::mem::offset_of;
use core::ptr::NonNull;

use netadapter_abi::net::{NET_EXTENSION, NET_RING};

/// A ring.
///
/// # Invariants
///
/// `ring` is a ring of NetAdapterCx that lives as long as its queue; this value is used only while the driver may touch
/// it, by one thread at a time. `mask` is the number of elements less one; each element is `stride` bytes and starts
/// with the structure of the ring's kind.
pub(crate) struct RawRing {
    ring: NonNull<NET_RING>,
    mask: u32,
    stride: usize,
}

// SAFETY: by the invariant one thread at a time uses it; it does not matter which.
unsafe impl Send for RawRing {}

impl RawRing {
    /// # Safety
    ///
    /// `ring` keeps the invariants of the type.
    pub unsafe fn new(ring: NonNull<NET_RING>) -> Self {
        let mut raw = Self {
            ring,
            mask: 0,
            stride: 0,
        };
        // SAFETY: the ring is valid.
        raw.mask = unsafe {
            raw.field::<u32>(offset_of!(NET_RING, ElementIndexMask))
                .read()
        };
        // SAFETY: the ring is valid.
        raw.stride = unsafe { raw.field::<u16>(offset_of!(NET_RING, ElementStride)).read() }.into();
        raw
    }

    /// A field of the header.
    pub fn field<T>(&self, offset: usize) -> *mut T {
        self.ring.as_ptr().wrapping_byte_add(offset).cast()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.mask as usize + 1
    }

    /// The first element that the driver owns.
    pub fn begin(&self) -> u32 {
        // SAFETY: the ring is valid and not written meanwhile.
        (unsafe { self.field::<u32>(offset_of!(NET_RING, BeginIndex)).read() }) & self.mask
    }

    /// The driver's own cursor.
    pub fn next(&self) -> u32 {
        // SAFETY: as in `begin`.
        (unsafe { self.field::<u32>(offset_of!(NET_RING, NextIndex)).read() }) & self.mask
    }

    /// One past the last element that the driver owns.
    pub fn end(&self) -> u32 {
        // SAFETY: as in `begin`.
        (unsafe { self.field::<u32>(offset_of!(NET_RING, EndIndex)).read() }) & self.mask
    }

    /// Hands back everything before `index`, which lies between begin and end.
    pub fn set_begin(&mut self, index: u32) {
        debug_assert!(
            self.distance(self.begin(), index) <= self.distance(self.begin(), self.end())
        );
        // SAFETY: the ring is valid; this field is the driver's to write.
        unsafe {
            self.field::<u32>(offset_of!(NET_RING, BeginIndex))
                .write(index & self.mask)
        };
    }

    /// Moves the driver's own cursor.
    pub fn set_next(&mut self, index: u32) {
        // SAFETY: as in `set_begin`.
        unsafe {
            self.field::<u32>(offset_of!(NET_RING, NextIndex))
                .write(index & self.mask)
        };
    }

    /// The index that lies `count` elements further.
    pub fn after(&self, index: u32, count: u32) -> u32 {
        index.wrapping_add(count) & self.mask
    }

    /// The number of elements from one index to another.
    pub fn distance(&self, from: u32, to: u32) -> u32 {
        to.wrapping_sub(from) & self.mask
    }

    /// The element at an index, as the structure of the ring's kind.
    pub fn element<T>(&self, index: u32) -> NonNull<T> {
        let first = self.field::<u8>(offset_of!(NET_RING, Buffer));
        let element = first.wrapping_add(self.stride * (index & self.mask) as usize);
        // SAFETY: an address inside the ring's memory is not null.
        unsafe { NonNull::new_unchecked(element.cast()) }
    }
}

/// One extension of a ring's elements.
///
/// # Invariants
///
/// `first` is the extension of element 0 of a ring that lives as long as its queue, `stride` the ring's stride, `mask`
/// the ring's mask. It is used only together with that ring.
pub(crate) struct Extension<T> {
    first: NonNull<T>,
    stride: usize,
    mask: u32,
}

// SAFETY: as for `RawRing`.
unsafe impl<T> Send for Extension<T> {}

impl<T> Extension<T> {
    /// `None` when the queue does not have the extension.
    ///
    /// # Safety
    ///
    /// `extension` is what the queue of `ring` answered to a query for the extension whose data is `T`.
    pub unsafe fn new(extension: &NET_EXTENSION, ring: &RawRing) -> Option<Self> {
        // SAFETY: the class extension writes this member of the union; every byte is a valid value.
        let enabled = unsafe { extension.Anonymous.Enabled } != 0;
        let first = NonNull::new(extension.Reserved[0].cast()).filter(|_| enabled)?;
        Some(Self {
            first,
            stride: extension.Reserved[1] as usize,
            mask: ring.mask,
        })
    }

    /// The extension of the element at an index.
    pub fn of(&self, index: u32) -> NonNull<T> {
        let place = self
            .first
            .as_ptr()
            .wrapping_byte_add(self.stride * (index & self.mask) as usize);
        // SAFETY: an address inside the ring's memory is not null.
        unsafe { NonNull::new_unchecked(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stand_in::Ring;
    use super::*;

    #[test]
    fn distances_wrap_with_the_ring() {
        let ring = Ring::new(8, 32);
        let raw = ring.raw();
        assert_eq!(raw.distance(6, 1), 3);
        assert_eq!(raw.distance(3, 3), 0);
        assert_eq!(raw.after(6, 3), 1);
    }

    #[test]
    fn a_disabled_extension_is_none() {
        let ring = Ring::new(8, 32);
        // SAFETY: a disabled extension describes nothing.
        assert!(unsafe { Extension::<u64>::new(&NET_EXTENSION::zeroed(), &ring.raw()) }.is_none());
    }
}
