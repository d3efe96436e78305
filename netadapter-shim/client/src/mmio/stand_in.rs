//! Registers of a device that a test plays, where drivers are built.

use alloc::boxed::Box;

use super::{PhysicalBlock, Register, RegisterWidth};
use crate::{Result, Status};

/// A device that answers accesses to its registers.
pub trait Registers: Send + Sync {
    /// The value of the register of so many bytes at an offset.
    fn read(&self, offset: usize, bytes: usize) -> u32;

    /// A register of so many bytes is written.
    fn write(&self, offset: usize, bytes: usize, value: u32);
}

/// A block of registers that a test plays.
pub struct Mmio {
    registers: Box<dyn Registers>,
    length: usize,
}

impl Mmio {
    /// # Errors
    ///
    /// Always STATUS_NOT_SUPPORTED: without a kernel nothing is mapped.
    pub fn map(_: PhysicalBlock) -> Result<Self> {
        Err(Status::NOT_SUPPORTED)
    }

    /// So many bytes of registers.
    pub fn played_by(length: usize, registers: Box<dyn Registers>) -> Self {
        Self { registers, length }
    }

    /// Whether the register lies in the block.
    pub fn covers<T: RegisterWidth>(&self, register: Register<T>) -> bool {
        register.offset < self.length && size_of::<T>() <= self.length - register.offset
    }

    /// Reads a register.
    pub fn read<T: RegisterWidth>(&self, register: Register<T>) -> T {
        if self.covers(register) {
            T::narrow(self.registers.read(register.offset, size_of::<T>()))
        } else {
            T::ALL_ONES
        }
    }

    /// Writes a register.
    pub fn write<T: RegisterWidth>(&self, register: Register<T>, value: T) {
        if self.covers(register) {
            self.registers
                .write(register.offset, size_of::<T>(), value.widen());
        }
    }
}
