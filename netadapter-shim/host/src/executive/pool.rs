//! Pool memory: what `ExAllocatePool2` gives, and what has not come back.

use parking_lot::Mutex;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::HashMap;

/// Allocations of a page or more are page aligned, smaller ones 16 bytes
/// (*ExAllocatePool2 function*, remarks).
fn layout(bytes: usize) -> Option<Layout> {
    let alignment = if bytes >= super::PAGE_SIZE {
        super::PAGE_SIZE
    } else {
        16
    };
    Layout::from_size_align(bytes, alignment).ok()
}

/// The machine's pool.
#[derive(Default)]
pub struct Pool {
    blocks: Mutex<HashMap<usize, (Layout, u32)>>,
}

impl Pool {
    /// Gives zeroed memory, or null if there is none.
    pub fn allocate(&self, bytes: usize, tag: u32) -> *mut u8 {
        let Some(layout) = layout(bytes).filter(|_| bytes > 0) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the layout's size is not 0.
        let block = unsafe { alloc_zeroed(layout) };
        if !block.is_null() {
            self.blocks.lock().insert(block as usize, (layout, tag));
        }
        block
    }

    /// Takes memory back. The error is the tag that the block has, if there is such a block.
    ///
    /// # Errors
    /// If the block is not one of the pool's or has another tag; it stays as it is.
    #[allow(
        clippy::not_unsafe_ptr_arg_deref,
        reason = "only blocks of the pool's list are freed"
    )]
    pub fn release(&self, block: *mut u8, tag: u32) -> Result<(), Option<u32>> {
        let mut blocks = self.blocks.lock();
        match blocks.get(&(block as usize)) {
            None => return Err(None),
            Some(&(_, actual)) if tag != 0 && tag != actual => return Err(Some(actual)),
            Some(_) => {}
        }
        if let Some((layout, _)) = blocks.remove(&(block as usize)) {
            // SAFETY: the block was allocated with this layout and has just left the list.
            unsafe { dealloc(block, layout) };
        }
        Ok(())
    }

    /// Number of blocks and bytes in use.
    pub fn in_use(&self) -> (usize, usize) {
        let blocks = self.blocks.lock();
        (
            blocks.len(),
            blocks.values().map(|(layout, _)| layout.size()).sum(),
        )
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (block, (layout, _)) in self.blocks.get_mut().drain() {
            // SAFETY: everything in the list was allocated with its layout and is still in use.
            unsafe { dealloc(block as *mut u8, layout) };
        }
    }
}
