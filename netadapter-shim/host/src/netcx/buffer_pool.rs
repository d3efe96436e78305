//! Buffers of the system: whole pages, so many as a power of two.
//!
//! A buffer goes from the pool to the driver, from it to the stack, and back. While it is in the
//! pool nobody writes it: its first bytes and the bytes behind its capacity are marked, and looked
//! at when it leaves the pool or comes back.

use super::verifier::Broken;
use crate::executive::{ContiguousMemory, PAGE_SIZE, Rule, System};
use netadapter_abi::nt::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER};
use std::collections::VecDeque;

/// Bytes that are marked at either end of a buffer.
const MARK_BYTES: usize = 16;
/// The mark of a buffer that lies in the pool.
const IDLE: [u8; MARK_BYTES] = *b"buffer in pool\0\0";
/// The mark behind the capacity of every buffer.
const BEHIND: [u8; MARK_BYTES] = *b"behind capacity\0";

/// What is broken by writing a buffer where, or when, it must not be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolRules {
    /// A buffer was written while it lay in the pool.
    pub(super) idle: &'static Rule,
    /// Bytes behind its capacity were written.
    pub(super) behind: &'static Rule,
}

/// What the buffers of a pool must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolShape {
    pub(super) rules: PoolRules,
    /// Number of buffers, a power of two.
    pub(super) count: u32,
    /// Bytes that the driver may use of each.
    pub(super) capacity: usize,
    /// A power of two; the system's buffers begin on pages, so no more can be asked for.
    pub(super) alignment: usize,
    /// The highest address that the device reaches; 0: no limit.
    pub(super) maximum_address: u64,
}

/// A pool of buffers.
pub(super) struct BufferPool {
    memory: ContiguousMemory,
    stride: usize,
    capacity: usize,
    count: u32,
    rules: PoolRules,
    /// The buffer that came back longest ago leaves first.
    idle: VecDeque<u32>,
    system: &'static System,
}

impl BufferPool {
    /// Allocates the buffers.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` for an alignment above a page,
    /// `STATUS_INSUFFICIENT_RESOURCES` if there is no memory within the limit.
    pub(super) fn new(system: &'static System, shape: &PoolShape) -> Result<Self, NTSTATUS> {
        if shape.alignment > PAGE_SIZE {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let stride = shape.capacity.next_multiple_of(PAGE_SIZE);
        let bytes = stride * shape.count as usize;
        let memory = system
            .memory()
            .allocate(bytes, PAGE_SIZE)
            .ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        let last = memory.logical_address + memory.bytes as u64 - 1;
        if shape.maximum_address != 0 && last > shape.maximum_address {
            system.memory().release(memory);
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let mut pool = Self {
            memory,
            stride,
            capacity: shape.capacity,
            count: shape.count,
            rules: shape.rules,
            idle: VecDeque::with_capacity(shape.count as usize),
            system,
        };
        // An order in which neither neighbours nor equal indices follow each other: a driver that
        // expects buffer *i* in fragment *i* does not get along.
        for turn in 0..shape.count {
            let buffer = (turn.wrapping_mul(5).wrapping_add(3)) & (shape.count - 1);
            pool.mark(buffer, pool.capacity, &BEHIND);
            pool.mark(buffer, 0, &IDLE);
            pool.idle.push_back(buffer);
        }
        Ok(pool)
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether every buffer is in the pool.
    pub(super) fn is_full(&self) -> bool {
        self.idle.len() == self.count as usize
    }

    /// Takes a buffer out.
    ///
    /// # Errors
    /// If the buffer was written while it lay in the pool.
    pub(super) fn take(&mut self) -> Result<Option<u32>, Broken> {
        let Some(buffer) = self.idle.pop_front() else {
            return Ok(None);
        };
        if *self.marked(buffer, 0, IDLE.len()) != IDLE[..self.shown(0, IDLE.len())] {
            return Err(Broken {
                rule: self.rules.idle,
                detail: format!(
                    "the buffer at {:#x} was written while nobody but the system had it",
                    self.logical_address(buffer)
                ),
            });
        }
        Ok(Some(buffer))
    }

    /// Puts a buffer back.
    ///
    /// # Errors
    /// If bytes behind its capacity were written.
    pub(super) fn give(&mut self, buffer: u32) -> Result<(), Broken> {
        let shown = self.shown(self.capacity, BEHIND.len());
        if *self.marked(buffer, self.capacity, BEHIND.len()) != BEHIND[..shown] {
            return Err(Broken {
                rule: self.rules.behind,
                detail: format!(
                    "bytes behind the {} of the buffer at {:#x} were written",
                    self.capacity,
                    self.logical_address(buffer)
                ),
            });
        }
        self.mark(buffer, 0, &IDLE);
        self.idle.push_back(buffer);
        Ok(())
    }

    /// Where processors see a buffer.
    pub(super) fn virtual_address(&self, buffer: u32) -> *mut u8 {
        let offset = self.stride * buffer as usize;
        self.memory.virtual_address.wrapping_add(offset)
    }

    /// Where the device sees a buffer.
    pub(super) fn logical_address(&self, buffer: u32) -> u64 {
        self.memory.logical_address + self.stride as u64 * u64::from(buffer)
    }

    /// How many bytes of a mark at `offset` lie in the buffer's pages.
    fn shown(&self, offset: usize, bytes: usize) -> usize {
        bytes.min(self.stride - offset)
    }

    fn mark(&mut self, buffer: u32, offset: usize, mark: &[u8]) {
        let shown = self.shown(offset, mark.len());
        let place = self.virtual_address(buffer).wrapping_add(offset);
        // SAFETY: the bytes lie in the buffer's pages, and the buffer is in the pool.
        unsafe { place.copy_from_nonoverlapping(mark.as_ptr(), shown) };
    }

    fn marked(&self, buffer: u32, offset: usize, bytes: usize) -> &[u8] {
        let place = self.virtual_address(buffer).wrapping_add(offset);
        // SAFETY: the bytes lie in the buffer's pages; a device that writes them now breaks the
        // rule that this looks for.
        unsafe { std::slice::from_raw_parts(place, self.shown(offset, bytes)) }
    }
}

impl Drop for BufferPool {
    fn drop(&mut self) {
        self.system.memory().release(self.memory);
    }
}
