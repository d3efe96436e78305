//! Pool memory: what `ExAllocatePool2` gives, and what has not come back.
//!
//! Each block has pages of its own, between inaccessible pages, as with Driver Verifier's special
//! pool (*Special Pool*): it ends where its last page does, or begins where its first page does.

use super::memory::{Edge, InUse, PAGE_SIZE, PhysicalMemory, Purpose, Request, tag_name};
use super::rules;
use super::system::driver_call_stack;
use crate::verifier::Rule;
use netadapter_abi::nt::{POOL_FLAG_CACHE_ALIGNED, POOL_FLAG_PAGED, POOL_FLAG_UNINITIALIZED};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Blocks smaller than a page are aligned to this (*ExAllocatePool2 function*, remarks).
const ALIGNMENT: usize = 16;

/// Bytes in a cache line.
const CACHE_LINE: usize = 64;

/// What memory holds that was asked for as it is.
const GARBAGE: u8 = 0xA5;

/// The machine's pool.
pub struct Pool {
    memory: Arc<PhysicalMemory>,
    guards_front: AtomicBool,
}

/// Why the pool does not take a block back.
pub type Refusal = (&'static Rule, String);

impl Pool {
    pub(super) fn new(memory: Arc<PhysicalMemory>) -> Self {
        Self {
            memory,
            guards_front: AtomicBool::new(false),
        }
    }

    /// Whether blocks begin right behind an inaccessible page, instead of ending before one.
    pub fn guard_front(&self, front: bool) {
        self.guards_front.store(front, Ordering::Relaxed);
    }

    /// Gives zeroed, nonpaged memory, or null if there is none.
    pub fn allocate(&self, bytes: usize, tag: u32) -> *mut u8 {
        self.allocate_as(0, bytes, tag)
    }

    /// Gives memory of the kind that `flags` of `ExAllocatePool2` say, or null if there is none.
    pub fn allocate_as(&self, flags: u64, bytes: usize, tag: u32) -> *mut u8 {
        let alignment = match bytes {
            PAGE_SIZE.. => PAGE_SIZE,
            _ if flags & POOL_FLAG_CACHE_ALIGNED != 0 => CACHE_LINE,
            _ => ALIGNMENT,
        };
        let front = self.guards_front.load(Ordering::Relaxed);
        let block = self.memory.place(Request {
            bytes,
            alignment: PAGE_SIZE,
            limit: u64::MAX,
            edge: if front {
                Edge::First
            } else {
                Edge::Last(alignment)
            },
            purpose: Purpose::Pool {
                tag,
                paged: flags & POOL_FLAG_PAGED != 0,
            },
            made_by: driver_call_stack(),
        });
        let block = block.map_or(std::ptr::null_mut(), |start| start as *mut u8);
        if flags & POOL_FLAG_UNINITIALIZED != 0 && !block.is_null() {
            // SAFETY: the block has just been allocated with so many bytes.
            unsafe { block.write_bytes(GARBAGE, bytes) };
        }
        block
    }

    /// Takes memory back. Tag 0 stands for any.
    ///
    /// # Errors
    /// If the block is not one of the pool's, has another tag, or its surroundings were written; it
    /// stays as it is.
    pub fn release(&self, block: *mut u8, tag: u32) -> Result<(), Refusal> {
        let start = block as usize;
        let caller = &rules::BAD_POOL_CALLER;
        let Some(Purpose::Pool { tag: actual, .. }) = self.find(block).map(|found| found.purpose)
        else {
            let near = self.memory.explain(start).map(|(_, place)| place);
            let near = near.map_or_else(String::new, |place| format!(": {place}"));
            return Err((caller, format!("{block:p} is no pool block in use{near}")));
        };
        if tag != 0 && tag != actual {
            let (was, is) = (tag_name(actual), tag_name(tag));
            let detail = format!("{block:p} was allocated as '{was}' and is freed as '{is}'");
            return Err((caller, detail));
        }
        if let Some(damage) = self.memory.damage(start) {
            return Err(damage);
        }
        self.memory.take_back(start);
        Ok(())
    }

    /// The block in use that begins at `block`.
    pub fn find(&self, block: *mut u8) -> Option<InUse> {
        let found = self.memory.in_use_at(block as usize);
        found.filter(|found| matches!(found.purpose, Purpose::Pool { .. }))
    }

    /// The blocks in use.
    pub fn blocks(&self) -> Vec<InUse> {
        let mut blocks = self.memory.in_use();
        blocks.retain(|found| matches!(found.purpose, Purpose::Pool { .. }));
        blocks
    }

    /// Number of blocks and bytes in use.
    pub fn in_use(&self) -> (usize, usize) {
        let blocks = self.blocks();
        (blocks.len(), blocks.iter().map(|block| block.bytes).sum())
    }
}
