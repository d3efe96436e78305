//! Device registers in memory.

use core::marker::PhantomData;
use core::ptr::NonNull;

use netadapter_abi::nt::{self, PAGE_NOCACHE, PAGE_READWRITE};

use crate::dma::Plain;
use crate::{Result, Status};

/// Where a register lies in its block, and how wide it is.
pub struct Register<T> {
    offset: usize,
    width: PhantomData<fn() -> T>,
}

impl<T: RegisterWidth> Register<T> {
    /// A register so many bytes behind the start of its block.
    ///
    /// # Panics
    ///
    /// When the offset is not aligned to the register's width.
    pub const fn at(offset: usize) -> Self {
        assert!(
            offset.is_multiple_of(size_of::<T>()),
            "registers are aligned to their width"
        );
        Self {
            offset,
            width: PhantomData,
        }
    }
}

impl<T> Clone for Register<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Register<T> {}

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

/// A width that a register can have.
pub trait RegisterWidth: Plain {
    /// Every bit set: what a read of absent hardware gives.
    const ALL_ONES: Self;
}

impl RegisterWidth for u8 {
    const ALL_ONES: Self = Self::MAX;
}

impl RegisterWidth for u16 {
    const ALL_ONES: Self = Self::MAX;
}

impl RegisterWidth for u32 {
    const ALL_ONES: Self = Self::MAX;
}

/// A stretch of physical addresses within one memory resource of the device.
///
/// # Invariants
///
/// It lies within a translated memory resource that the Plug and Play manager assigned to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysicalBlock {
    start: u64,
    length: usize,
}

impl PhysicalBlock {
    /// INVARIANT: the caller takes both values from a translated memory resource.
    pub(crate) fn of_resource(start: u64, length: u64) -> Self {
        Self {
            start,
            length: usize::try_from(length).unwrap_or(usize::MAX),
        }
    }

    /// A part of the block; `None` when it does not lie inside.
    pub fn part(&self, offset: u64, length: u64) -> Option<Self> {
        let end = offset.checked_add(length)?;
        (end <= self.length as u64).then(|| Self::of_resource(self.start + offset, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_inside_its_block() {
        let block = PhysicalBlock::of_resource(0x1000, 0x100);
        assert_eq!(
            block.part(0x80, 0x80),
            Some(PhysicalBlock::of_resource(0x1080, 0x80))
        );
        assert_eq!(block.part(0x80, 0x81), None);
        assert_eq!(block.part(u64::MAX, 2), None);
    }
}
