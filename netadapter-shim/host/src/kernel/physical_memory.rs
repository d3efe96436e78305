//! What a driver can learn about physical memory.

use super::exports;
use crate::executive::{require_irql, system};
use netadapter_abi::nt::{PASSIVE_LEVEL, PHYSICAL_MEMORY_RANGE};
use netadapter_abi::nt_export;

/// The tag of the block that describes the ranges.
const TAG: u32 = u32::from_le_bytes(*b"MmPr");

nt_export! {
    /// The block belongs to the caller, who frees it; the last entry is zeros
    /// (*MmGetPhysicalMemoryRangesEx2 function*, which gives the same block).
    unsafe fn MmGetPhysicalMemoryRanges() -> *mut PHYSICAL_MEMORY_RANGE {
        require_irql("MmGetPhysicalMemoryRanges", PASSIVE_LEVEL);
        let ranges = system().memory().ranges();
        let bytes = (ranges.len() + 1) * size_of::<PHYSICAL_MEMORY_RANGE>();
        let block: *mut PHYSICAL_MEMORY_RANGE = system().pool().allocate(bytes, TAG).cast();
        if block.is_null() {
            return block;
        }
        let entries = ranges.iter().copied().chain([(0, 0)]);
        for (place, (start, length)) in entries.enumerate() {
            let range = PHYSICAL_MEMORY_RANGE {
                BaseAddress: start as i64,
                NumberOfBytes: length as i64,
            };
            // SAFETY: the block has room for all ranges and the last entry.
            let entry = unsafe { block.add(place) };
            // SAFETY: as above; pool memory is aligned for every type.
            unsafe { entry.write(range) };
        }
        block
    }
}

exports! { MmGetPhysicalMemoryRanges }
