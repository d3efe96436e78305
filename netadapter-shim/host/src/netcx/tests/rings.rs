//! Ring access as a driver has it: by raw pointers from the ring collection.

use netadapter_abi::net::{NET_FRAGMENT, NET_PACKET, NET_RING};
use std::mem::offset_of;

/// A ring in the hands of a driver, which uses it only in callbacks of its queue.
#[derive(Clone, Copy)]
pub struct DriverRing(pub *mut NET_RING);

// SAFETY: the pointer is used in callbacks of one queue only, which are serialised.
unsafe impl Send for DriverRing {}
// SAFETY: as above.
unsafe impl Sync for DriverRing {}

impl DriverRing {
    fn header(&self) -> NET_RING {
        // SAFETY: the ring lives as long as its queue.
        unsafe { *self.0 }
    }

    pub fn begin(&self) -> u32 {
        self.header().BeginIndex
    }

    pub fn end(&self) -> u32 {
        self.header().EndIndex
    }

    pub fn count(&self) -> u32 {
        self.header().NumberOfElements
    }

    pub fn after(&self, index: u32) -> u32 {
        (index + 1) & self.header().ElementIndexMask
    }

    pub fn distance(&self, from: u32, to: u32) -> u32 {
        to.wrapping_sub(from) & self.header().ElementIndexMask
    }

    /// A data buffer: its handle and where processors see it.
    pub fn data_buffer(&self, index: u32) -> (usize, usize) {
        let element = self.element(index).cast::<usize>();
        // SAFETY: an element of a data buffer ring begins with the handle.
        let handle = unsafe { element.read() };
        // SAFETY: the virtual address lies behind it in this host's layout.
        let address = unsafe { element.wrapping_add(1).read() };
        (handle, address)
    }

    pub fn set_begin(&self, index: u32) {
        // SAFETY: the ring lives as long as its queue.
        unsafe { (*self.0).BeginIndex = index };
    }

    pub fn set_end(&self, index: u32) {
        // SAFETY: the ring lives as long as its queue.
        unsafe { (*self.0).EndIndex = index };
    }

    fn element(&self, index: u32) -> *mut u8 {
        let offset = usize::from(self.header().ElementStride) * index as usize;
        self.0
            .cast::<u8>()
            .wrapping_add(offset_of!(NET_RING, Buffer) + offset)
    }

    pub fn packet(&self, index: u32) -> NET_PACKET {
        // SAFETY: the element begins with a packet.
        unsafe { self.element(index).cast::<NET_PACKET>().read() }
    }

    pub fn set_packet(&self, index: u32, packet: NET_PACKET) {
        // SAFETY: the element begins with a packet.
        unsafe { self.element(index).cast::<NET_PACKET>().write(packet) };
    }

    pub fn fragment(&self, index: u32) -> NET_FRAGMENT {
        // SAFETY: the element begins with a fragment.
        unsafe { self.element(index).cast::<NET_FRAGMENT>().read() }
    }

    pub fn set_fragment(&self, index: u32, fragment: NET_FRAGMENT) {
        // SAFETY: the element begins with a fragment.
        unsafe { self.element(index).cast::<NET_FRAGMENT>().write(fragment) };
    }
}
