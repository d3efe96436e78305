//! Memory that the driver and its device share.

use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicU16, Ordering};

use netadapter_abi::wdf::{
    WDF_DMA_ENABLER_CONFIG, WDFDMAENABLER, WDFOBJECT, WdfDmaProfileScatterGather64Duplex,
};
use netadapter_abi::wdf_call;

use crate::device::DeviceHandle;
use crate::{Result, Status};

/// NetAdapterCx asks for enablers of DMA version 3 (*Network Data Buffer Management*).
const DMA_VERSION_3: u32 = 3;

/// The device's way to memory. It lives as long as the device.
#[derive(Clone, Copy)]
pub struct DmaEnabler(WDFDMAENABLER);

// SAFETY: WDF handles may be used on any thread.
unsafe impl Send for DmaEnabler {}
// SAFETY: as for `Send`; WDF synchronises what it does with the enabler.
unsafe impl Sync for DmaEnabler {}

impl DmaEnabler {
    /// An enabler for a bus master with 64-bit addresses and scatter/gather lists, duplex, of DMA version 3.
    ///
    /// `maximum_length`: bytes of the longest transfer; not 0.
    ///
    /// IRQL: PASSIVE_LEVEL, in `EvtDriverDeviceAdd` or `EvtDevicePrepareHardware`.
    ///
    /// # Errors
    ///
    /// That of `WdfDmaEnablerCreate`.
    pub fn create(device: DeviceHandle, maximum_length: usize) -> Result<Self> {
        let mut config = WDF_DMA_ENABLER_CONFIG {
            WdmDmaVersionOverride: DMA_VERSION_3,
            ..WDF_DMA_ENABLER_CONFIG::init(WdfDmaProfileScatterGather64Duplex, maximum_length)
        };
        let mut enabler = null_mut();
        // SAFETY: the device handle is valid; the configuration and the result outlive the call.
        let status = unsafe {
            wdf_call!(
                WdfDmaEnablerCreate,
                device.raw(),
                &mut config,
                null_mut(),
                &mut enabler
            )
        };
        Status::check(status).map(|()| Self(enabler))
    }

    /// Zeroed memory that the device can reach, physically contiguous, page aligned.
    ///
    /// It lives until [`DmaMemory::free`], at most as long as the enabler, and keeps its contents over power states and
    /// resource rebalances.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of `WdfCommonBufferCreate`.
    pub fn common_buffer(&self, length: usize) -> Result<DmaMemory> {
        let memory = self.unzeroed_common_buffer(length)?;
        memory.zero();
        Ok(memory)
    }

    /// The same with whatever was there before, for memory that the device writes before anybody reads it.
    ///
    /// # Errors
    ///
    /// That of `WdfCommonBufferCreate`.
    pub fn unzeroed_common_buffer(&self, length: usize) -> Result<DmaMemory> {
        let mut buffer = null_mut();
        // SAFETY: the enabler lives; the result outlives the call.
        Status::check(unsafe {
            wdf_call!(
                WdfCommonBufferCreate,
                self.0,
                length,
                null_mut(),
                &mut buffer
            )
        })?;
        // SAFETY: the buffer was created above.
        let base = unsafe { wdf_call!(WdfCommonBufferGetAlignedVirtualAddress, buffer) };
        // SAFETY: as before.
        let logical_address = unsafe { wdf_call!(WdfCommonBufferGetAlignedLogicalAddress, buffer) };
        let base = NonNull::new(base.cast()).ok_or(Status::INSUFFICIENT_RESOURCES)?;
        Ok(DmaMemory {
            base,
            length,
            logical_address: logical_address as u64,
            object: buffer.cast(),
        })
    }

    pub(crate) fn raw(&self) -> WDFDMAENABLER {
        self.0
    }
}

/// An address in memory of the driver, as NetAdapterCx takes it in fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualAddress(pub(crate) *mut c_void);

/// Values that every bit pattern is valid for, and that the device and the driver read and write.
pub trait Plain: Copy + private::Sealed {}

mod private {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($type:ty),*) => { $(
        impl private::Sealed for $type {}
        impl Plain for $type {}
    )* };
}
plain!(u8, u16, u32, u64);

/// A stretch of shared memory.
///
/// The device may write at any time, so every access is a volatile one of a plain value, never a reference. Offsets
/// are the driver's own: one that lies outside, or is not aligned to the value, is an error in the driver and stops
/// the machine rather than touch foreign memory.
///
/// # Invariants
///
/// `base` to `base + length` is memory that lives as long as this value, reached by nothing but this type and the
/// device. `base` is aligned to 8 bytes. `object` is the framework object that holds the memory, a child of the enabler;
/// null for a stand-in.
pub struct DmaMemory {
    base: NonNull<u8>,
    length: usize,
    logical_address: u64,
    object: WDFOBJECT,
}

// SAFETY: the memory belongs to no thread.
unsafe impl Send for DmaMemory {}
// SAFETY: all accesses are volatile or atomic, single values; a race gives an old or a new value.
unsafe impl Sync for DmaMemory {}

#[allow(
    clippy::len_without_is_empty,
    reason = "there is no empty common buffer"
)]
impl DmaMemory {
    /// Gives the memory back to the system before the enabler's end, which is when memory that is merely dropped goes.
    /// The device must not use it any more.
    ///
    /// IRQL: PASSIVE_LEVEL, while the enabler lives.
    pub fn free(self) {
        if !self.object.is_null() {
            // SAFETY: by the invariant the object is alive, and nobody reaches its memory after this value.
            unsafe { wdf_call!(WdfObjectDelete, self.object) };
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The address of the byte at `offset`, as the device sees it.
    pub fn logical_address(&self, offset: usize) -> u64 {
        assert!(offset < self.length, "offset within shared memory");
        self.logical_address + offset as u64
    }

    /// The address of the byte at `offset`, for the fragment of a received frame.
    pub fn virtual_address(&self, offset: usize) -> VirtualAddress {
        assert!(offset < self.length, "offset within shared memory");
        VirtualAddress(self.base.as_ptr().wrapping_add(offset).cast())
    }

    /// Reads a value.
    pub fn read<T: Plain>(&self, offset: usize) -> T {
        // SAFETY: `place` gives a valid, aligned address; every bit pattern is a `T`.
        unsafe { self.place::<T>(offset).read_volatile() }
    }

    /// Writes a value.
    pub fn write<T: Plain>(&self, offset: usize, value: T) {
        // SAFETY: `place` gives a valid, aligned address.
        unsafe { self.place::<T>(offset).write_volatile(value) };
    }

    /// Reads an index with an order against other accesses.
    pub fn load_u16(&self, offset: usize, order: Ordering) -> u16 {
        self.atomic(offset).load(order)
    }

    /// Writes an index with an order against other accesses.
    pub fn store_u16(&self, offset: usize, value: u16, order: Ordering) {
        self.atomic(offset).store(value, order);
    }

    /// Writes bytes.
    pub fn copy_from(&self, offset: usize, bytes: &[u8]) {
        assert!(
            offset <= self.length && bytes.len() <= self.length - offset,
            "bytes within shared memory"
        );
        for (at, byte) in (offset..).zip(bytes) {
            self.write(at, *byte);
        }
    }

    /// Writes 0 everywhere.
    pub fn zero(&self) {
        // SAFETY: by the invariant the memory is valid for its length; while it is cleared nobody relies on it.
        unsafe { self.base.as_ptr().write_bytes(0, self.length) };
    }

    fn place<T: Plain>(&self, offset: usize) -> *mut T {
        let inside = offset <= self.length && size_of::<T>() <= self.length - offset;
        assert!(
            inside && offset.is_multiple_of(align_of::<T>()),
            "value within shared memory"
        );
        self.base.as_ptr().wrapping_add(offset).cast()
    }

    fn atomic(&self, offset: usize) -> &AtomicU16 {
        // SAFETY: `place` gives a valid, aligned address that lives as long as `self`; accesses are atomic or volatile.
        unsafe { AtomicU16::from_ptr(self.place(offset)) }
    }
}

/// Stand-ins for tests of drivers where they are built.
#[cfg(not(target_os = "windows"))]
impl DmaMemory {
    /// Zeroed memory of the process, leaked, at a made-up logical address.
    pub fn on_build_machine(length: usize, logical_address: u64) -> Self {
        let words = alloc::vec![0_u64; length.div_ceil(8)].leak();
        let base = NonNull::from(words).cast();
        Self {
            base,
            length,
            logical_address,
            object: null_mut(),
        }
    }

    /// The same memory as the device sees it.
    pub fn alias_for_device(&self) -> Self {
        Self { ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_where_they_were_written() {
        let memory = DmaMemory::on_build_machine(64, 0x1000);
        memory.write(8, 0x1122_3344_u32);
        assert_eq!(memory.read::<u16>(10), 0x1122);
        memory.store_u16(8, 7, Ordering::Release);
        assert_eq!(memory.alias_for_device().load_u16(8, Ordering::Acquire), 7);
        assert_eq!(memory.logical_address(8), 0x1008);
    }

    #[test]
    fn nothing_outside_is_reached() {
        let outside = |access: fn(&DmaMemory)| {
            let memory = DmaMemory::on_build_machine(16, 0);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| access(&memory))).is_err()
        };
        assert!(outside(|memory| _ = memory.read::<u8>(16)));
        assert!(outside(|memory| memory.write(13, 1_u32)));
        assert!(outside(|memory| _ = memory.read::<u64>(usize::MAX - 3)));
        assert!(outside(|memory| memory.copy_from(15, &[1, 2])));
    }
}
