//! Device registers in memory.

#[cfg(target_os = "windows")]
mod mapped;
#[cfg(not(target_os = "windows"))]
mod stand_in;

use core::marker::PhantomData;

use crate::dma::Plain;

#[cfg(target_os = "windows")]
pub use mapped::Mmio;
#[cfg(not(target_os = "windows"))]
pub use stand_in::{Mmio, Registers};

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

/// A width that a register can have.
pub trait RegisterWidth: Plain {
    /// Every bit set: what a read of absent hardware gives.
    const ALL_ONES: Self;

    /// The value in 32 bits.
    fn widen(self) -> u32;

    /// The lowest bits of a value.
    fn narrow(value: u32) -> Self;
}

macro_rules! register_widths {
    ($($width:ty),*) => { $(
        impl RegisterWidth for $width {
            const ALL_ONES: Self = Self::MAX;

            fn widen(self) -> u32 {
                self.into()
            }

            fn narrow(value: u32) -> Self {
                value as Self
            }
        }
    )* };
}
register_widths!(u8, u16, u32);

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
