//! The machine's physical memory: one shared mapping in which a physical address is an offset, so
//! that processors and devices see the same bytes.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use vm_memory::{GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// Physical memory below this address is never given out, as on a real machine.
const FIRST_FREE: u64 = 0x10_0000;

/// Physical memory and who uses it.
pub struct PhysicalMemory {
    mapping: GuestMemoryMmap,
    bytes: u64,
    /// Free ranges: start to length, both in bytes, page aligned, never adjacent.
    free: Mutex<BTreeMap<u64, u64>>,
}

/// Physically contiguous pages in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContiguousMemory {
    /// Where processors see it.
    pub virtual_address: *mut u8,
    /// Where devices see it.
    pub logical_address: u64,
    /// Its length in bytes, a multiple of the page size.
    pub bytes: usize,
}

// SAFETY: a plain description of a range; whoever uses the pointer answers for it.
unsafe impl Send for ContiguousMemory {}
// SAFETY: as above.
unsafe impl Sync for ContiguousMemory {}

impl PhysicalMemory {
    /// Reserves `bytes` of physical memory; host memory is used only as it is touched.
    ///
    /// # Errors
    /// If the operating system cannot map that much.
    pub fn new(bytes: u64) -> Result<Self, vm_memory::mmap::FromRangesError> {
        let mapping = GuestMemoryMmap::from_ranges(&[(GuestAddress(0), bytes as usize)])?;
        let free = BTreeMap::from([(FIRST_FREE, bytes.saturating_sub(FIRST_FREE))]);
        Ok(Self {
            mapping,
            bytes,
            free: Mutex::new(free),
        })
    }

    /// The mapping, for devices.
    pub fn mapping(&self) -> &GuestMemoryMmap {
        &self.mapping
    }

    /// Bytes of memory that the machine has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The ranges of physical memory that the machine has: start and length in bytes, ascending.
    pub fn ranges(&self) -> Vec<(u64, u64)> {
        vec![(0, self.bytes)]
    }

    /// Takes zeroed, contiguous pages whose address is a multiple of `alignment` (a power of two).
    pub fn allocate(&self, bytes: usize, alignment: usize) -> Option<ContiguousMemory> {
        let bytes = bytes
            .checked_next_multiple_of(PAGE_SIZE)
            .filter(|&bytes| bytes > 0)?;
        let alignment = alignment.max(PAGE_SIZE) as u64;
        let start = self.take(bytes as u64, alignment)?;
        let virtual_address = self.mapping.get_host_address(GuestAddress(start)).ok()?;
        // SAFETY: the range lies within the one region of the mapping and has no other user now.
        unsafe { virtual_address.write_bytes(0, bytes) };
        Some(ContiguousMemory {
            virtual_address,
            logical_address: start,
            bytes,
        })
    }

    fn take(&self, bytes: u64, alignment: u64) -> Option<u64> {
        let mut free = self.free.lock();
        let (range, length, start) = free.iter().find_map(|(&range, &length)| {
            let start = range.checked_next_multiple_of(alignment)?;
            let needed = (start - range).checked_add(bytes)?;
            (needed <= length).then_some((range, length, start))
        })?;
        free.remove(&range);
        if start > range {
            free.insert(range, start - range);
        }
        let end = start + bytes;
        if end < range + length {
            free.insert(end, range + length - end);
        }
        Some(start)
    }

    /// Gives pages back.
    pub fn release(&self, memory: ContiguousMemory) {
        let mut start = memory.logical_address;
        let mut length = memory.bytes as u64;
        let mut free = self.free.lock();
        if let Some((&before, &before_length)) = free.range(..start).next_back()
            && before + before_length == start
        {
            free.remove(&before);
            start = before;
            length += before_length;
        }
        if let Some(after_length) = free.remove(&(start + length)) {
            length += after_length;
        }
        free.insert(start, length);
    }

    /// Gives the touched pages back to the operating system. The machine must have stopped.
    pub fn discard(&self) {
        if let Ok(start) = self.mapping.get_host_address(GuestAddress(0)) {
            // SAFETY: the range is the mapping's one region; anonymous pages read as zeros
            // afterwards. Failure only keeps memory in use.
            unsafe { libc::madvise(start.cast(), self.bytes as usize, libc::MADV_DONTNEED) };
        }
    }

    /// Bytes that nobody uses.
    pub fn free_bytes(&self) -> u64 {
        self.free.lock().values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_come_back_can_be_taken_as_one_range_again() {
        let memory = PhysicalMemory::new(4 << 20).unwrap();
        let all = memory.free_bytes() as usize;
        let first = memory.allocate(PAGE_SIZE, 1).unwrap();
        let second = memory.allocate(3 * PAGE_SIZE + 1, 8 * PAGE_SIZE).unwrap();
        assert_eq!(second.logical_address % (8 * PAGE_SIZE as u64), 0);
        assert_eq!(second.bytes, 4 * PAGE_SIZE);
        memory.release(first);
        memory.release(second);
        assert_eq!(memory.allocate(all, 1).unwrap().bytes, all);
        assert_eq!(memory.allocate(1, 1), None);
    }
}
