//! Registers as the kernel maps them.

use core::ptr::NonNull;

use netadapter_abi::nt::{self, PAGE_NOCACHE, PAGE_READWRITE};

use super::{PhysicalBlock, Register, RegisterWidth};
use crate::{Result, Status};

/// A block of registers, mapped without cache as long as this lives.
///
/// A register that lies outside the block behaves as that of a device which is gone: reads give all ones, writes have
/// no effect.
///
/// # Invariants
///
/// `base` to `base + length` is mapped and belongs to the device's registers; `base` is aligned to 4 bytes.
pub struct Mmio {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to no thread.
unsafe impl Send for Mmio {}
// SAFETY: accesses are single volatile ones; their order among threads is the driver's business.
unsafe impl Sync for Mmio {}

impl Mmio {
    /// Maps registers at a translated physical address.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER for an empty block or a start that is not a multiple of 4,
    /// STATUS_INSUFFICIENT_RESOURCES when the mapping fails.
    pub fn map(block: PhysicalBlock) -> Result<Self> {
        if block.length == 0 || !block.start.is_multiple_of(4) {
            return Err(Status::INVALID_PARAMETER);
        }
        // SAFETY: a `PhysicalBlock` lies within a resource that the Plug and Play manager assigned to the device.
        let base = unsafe {
            nt::MmMapIoSpaceEx(
                block.start as i64,
                block.length,
                PAGE_READWRITE | PAGE_NOCACHE,
            )
        };
        let base = NonNull::new(base.cast()).ok_or(Status::INSUFFICIENT_RESOURCES)?;
        Ok(Self {
            base,
            length: block.length,
        })
    }

    /// Whether the register lies in the block.
    pub fn covers<T: RegisterWidth>(&self, register: Register<T>) -> bool {
        register.offset < self.length && size_of::<T>() <= self.length - register.offset
    }

    /// Reads a register. IRQL: any.
    pub fn read<T: RegisterWidth>(&self, register: Register<T>) -> T {
        match self.place(register) {
            // SAFETY: `place` gives a mapped, aligned address; every bit pattern is a `T`.
            Some(place) => unsafe { place.read_volatile() },
            None => T::ALL_ONES,
        }
    }

    /// Writes a register. IRQL: any.
    pub fn write<T: RegisterWidth>(&self, register: Register<T>, value: T) {
        if let Some(place) = self.place(register) {
            // SAFETY: `place` gives a mapped, aligned address.
            unsafe { place.write_volatile(value) };
        }
    }

    fn place<T: RegisterWidth>(&self, register: Register<T>) -> Option<*mut T> {
        self.covers(register)
            .then(|| self.base.as_ptr().wrapping_add(register.offset).cast())
    }
}

impl Drop for Mmio {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length; nobody can use it after this value.
        unsafe { nt::MmUnmapIoSpace(self.base.as_ptr().cast(), self.length) };
    }
}
