//! The machine's physical memory. It is one file in memory: devices see all of it, at the physical
//! address as offset; processors see of it what is allocated, between inaccessible pages.

mod allocation;
mod conditions;
mod free_pages;
mod view;

pub use allocation::{Purpose, tag_name};
pub use conditions::{MemoryCondition, MemoryConditions};

use crate::verifier::Rule;
use allocation::{Allocation, Allocations};
use free_pages::FreePages;
use parking_lot::Mutex;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use view::View;
use vm_memory::mmap::FromRangesError;
use vm_memory::{FileOffset, GuestAddress, GuestMemoryMmap};

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// Physical memory below this address is never given out, as on a real machine.
const FIRST_FREE: u64 = 0x10_0000;

/// Why there is no physical memory.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The operating system gives no such file.
    #[error("no file in memory: {0}")]
    File(#[from] io::Error),
    /// The operating system cannot map that much.
    #[error(transparent)]
    Mapping(#[from] FromRangesError),
}

/// Physical memory and who uses it.
pub struct PhysicalMemory {
    file: File,
    mapping: GuestMemoryMmap,
    maximum: u64,
    /// What the machine has, as start and length, ascending.
    ranges: Mutex<Vec<(u64, u64)>>,
    free: Mutex<FreePages>,
    allocations: Mutex<Allocations>,
    conditions: MemoryConditions,
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

/// Where on its pages an allocation lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// At their beginning, behind the guard in front.
    First,
    /// As near to their end as its alignment (a power of two) allows, before the guard behind.
    Last(usize),
}

/// What somebody wants.
pub(super) struct Request {
    pub(super) bytes: usize,
    /// Of the physical address; a power of two.
    pub(super) alignment: usize,
    /// The physical address behind the highest one that will do.
    pub(super) limit: u64,
    pub(super) edge: Edge,
    pub(super) purpose: Purpose,
    pub(super) made_by: Vec<u32>,
}

/// What is known of an allocation in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// What it is for.
    pub purpose: Purpose,
    /// Its length as it was asked for.
    pub bytes: usize,
    /// The calls in the driver that made it, innermost first, as offsets in its image.
    pub made_by: Vec<u32>,
}

impl PhysicalMemory {
    /// Makes a machine's `bytes` of physical memory, which can grow up to `maximum`. Memory of the
    /// operating system is used only as it is touched.
    ///
    /// # Errors
    /// If the operating system cannot map that much.
    pub fn new(bytes: u64, maximum: u64) -> Result<Self, MemoryError> {
        let maximum = maximum.max(bytes);
        let file = file_in_memory(maximum)?;
        let whole = FileOffset::new(file.try_clone()?, 0);
        let mapping = GuestMemoryMmap::from_ranges_with_files([(
            GuestAddress(0),
            maximum as usize,
            Some(whole),
        )])?;
        let mut free = FreePages::default();
        free.give(FIRST_FREE, bytes.saturating_sub(FIRST_FREE));
        let conditions = MemoryConditions::new(bytes);
        Ok(Self {
            file,
            mapping,
            maximum,
            ranges: Mutex::new(vec![(0, bytes)]),
            free: Mutex::new(free),
            allocations: Mutex::default(),
            conditions,
        })
    }

    /// The mapping, for devices. It reaches as far as memory can ever grow.
    pub fn mapping(&self) -> &GuestMemoryMmap {
        &self.mapping
    }

    /// Bytes of memory that the machine has.
    pub fn bytes(&self) -> u64 {
        self.ranges.lock().iter().map(|(_, bytes)| bytes).sum()
    }

    /// The ranges of physical memory that the machine has: start and length in bytes, ascending.
    pub fn ranges(&self) -> Vec<(u64, u64)> {
        self.ranges.lock().clone()
    }

    /// The events that tell of much or little free memory.
    pub fn conditions(&self) -> &MemoryConditions {
        &self.conditions
    }

    /// Adds `bytes` (a multiple of the page size) of memory behind what there is; where it begins,
    /// or nothing if the machine cannot have so much.
    pub fn hot_add(&self, bytes: u64) -> Option<u64> {
        let mut ranges = self.ranges.lock();
        let start = ranges.last().map_or(0, |(start, length)| start + length);
        let end = start.checked_add(bytes)?;
        if bytes == 0 || !bytes.is_multiple_of(PAGE_SIZE as u64) || end > self.maximum {
            return None;
        }
        ranges.push((start, bytes));
        drop(ranges);
        self.free.lock().give(start, bytes);
        self.changed();
        Some(start)
    }

    /// Takes zeroed, contiguous pages whose address is a multiple of `alignment` (a power of two).
    pub fn allocate(&self, bytes: usize, alignment: usize) -> Option<ContiguousMemory> {
        self.allocate_below(u64::MAX, bytes, alignment)
    }

    /// As [`PhysicalMemory::allocate`], with all addresses below `limit`.
    pub fn allocate_below(
        &self,
        limit: u64,
        bytes: usize,
        alignment: usize,
    ) -> Option<ContiguousMemory> {
        let start = self.place(Request {
            bytes,
            alignment,
            limit,
            edge: Edge::First,
            purpose: Purpose::Device("common buffer"),
            made_by: super::system::driver_call_stack(),
        })?;
        let allocations = self.allocations.lock();
        let allocation = allocations.in_use_at(start)?;
        Some(ContiguousMemory {
            virtual_address: start as *mut u8,
            logical_address: allocation.physical,
            bytes: allocation.view.end() - allocation.view.start(),
        })
    }

    /// Gives pages back. Their addresses must not be touched any more.
    pub fn release(&self, memory: ContiguousMemory) {
        let start = memory.virtual_address as usize;
        if let Some((rule, detail)) = self.damage(start) {
            super::violation(rule, detail);
        }
        self.take_back(start);
    }

    /// Takes memory as the request says; its first address. Its bytes are zeros.
    pub(super) fn place(&self, request: Request) -> Option<usize> {
        let bytes = request.bytes.checked_next_multiple_of(PAGE_SIZE);
        let bytes = bytes.filter(|&bytes| bytes > 0)?;
        let alignment = request.alignment.max(PAGE_SIZE) as u64;
        let taken = self
            .free
            .lock()
            .take(bytes as u64, alignment, request.limit);
        let physical = taken?;
        let Ok(view) = View::map(&self.file, physical, bytes) else {
            self.free.lock().give(physical, bytes as u64);
            return None;
        };
        let start = match request.edge {
            Edge::First => view.start(),
            Edge::Last(alignment) => (view.end() - request.bytes) & !(alignment - 1),
        };
        // SAFETY: the pages have just been mapped for this allocation alone.
        unsafe { std::ptr::write_bytes(start as *mut u8, 0, request.bytes) };
        let allocation = Allocation {
            used: start..start + request.bytes,
            view,
            physical,
            purpose: request.purpose,
            made_by: request.made_by,
            freed: false,
        };
        allocation.lay_canary();
        self.allocations.lock().insert(allocation);
        self.changed();
        Some(start)
    }

    /// What was done to the bytes around the allocation that begins at `start`.
    pub(super) fn damage(&self, start: usize) -> Option<(&'static Rule, String)> {
        let allocations = self.allocations.lock();
        let allocation = allocations.in_use_at(start)?;
        let address = allocation.written_slack()?;
        let detail = format!("written: {}", allocation.place_of(address));
        Some((allocation.broken_rule(), detail))
    }

    /// Takes back what begins at `start`.
    pub(super) fn take_back(&self, start: usize) {
        let mut allocations = self.allocations.lock();
        let Some(allocation) = allocations.in_use_at(start) else {
            return;
        };
        let bytes = allocation.view.end() - allocation.view.start();
        let physical = allocation.physical;
        allocations.free(start);
        drop(allocations);
        self.free.lock().give(physical, bytes as u64);
        self.changed();
    }

    /// The allocation in use that begins at `start`.
    pub(super) fn in_use_at(&self, start: usize) -> Option<InUse> {
        self.allocations.lock().in_use_at(start).map(InUse::of)
    }

    /// Every allocation in use.
    pub fn in_use(&self) -> Vec<InUse> {
        self.allocations.lock().in_use().map(InUse::of).collect()
    }

    /// What an access to `address` broke that the processor did not let through.
    pub fn explain(&self, address: usize) -> Option<(&'static Rule, String)> {
        let allocations = self.allocations.lock();
        let allocation = allocations.around(address)?;
        let freed = if allocation.freed {
            ", which was freed"
        } else {
            ""
        };
        let detail = format!("{}{freed}", allocation.place_of(address));
        Some((allocation.broken_rule(), detail))
    }

    /// The physical address of what processors see at `address`.
    pub fn physical_address(&self, address: usize) -> Option<u64> {
        let allocations = self.allocations.lock();
        let allocation = allocations.around(address)?;
        let inside = !allocation.freed
            && (allocation.view.start()..allocation.view.end()).contains(&address);
        inside.then(|| allocation.physical + (address - allocation.view.start()) as u64)
    }

    /// Gives all pages back to the operating system. The machine must have stopped.
    pub fn discard(&self) {
        self.allocations.lock().clear();
        let whole = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: the descriptor is that of the file. Pages that are gone read as zeros; failure
        // only keeps memory in use.
        unsafe { libc::fallocate(self.file.as_raw_fd(), whole, 0, self.maximum as libc::off_t) };
    }

    /// Bytes that nobody uses.
    pub fn free_bytes(&self) -> u64 {
        self.free.lock().bytes()
    }

    fn changed(&self) {
        self.conditions.update(self.free_bytes(), self.bytes());
    }
}

impl InUse {
    fn of(allocation: &Allocation) -> Self {
        Self {
            purpose: allocation.purpose,
            bytes: allocation.bytes(),
            made_by: allocation.made_by.clone(),
        }
    }
}

/// A file without a name, of `bytes` zeros that take up no memory.
fn file_in_memory(bytes: u64) -> io::Result<File> {
    // SAFETY: the name is a NUL-terminated string.
    let descriptor = unsafe { libc::memfd_create(c"physical memory".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and has no other owner.
    let file = unsafe { File::from_raw_fd(descriptor) };
    file.set_len(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_come_back_can_be_taken_as_one_range_again() {
        let memory = PhysicalMemory::new(4 << 20, 0).unwrap();
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

    #[test]
    fn devices_and_processors_see_the_same_bytes() {
        use vm_memory::Bytes;
        let memory = PhysicalMemory::new(4 << 20, 0).unwrap();
        let pages = memory.allocate(2 * PAGE_SIZE, 1).unwrap();
        let last = pages.virtual_address.wrapping_add(pages.bytes - 1);
        // SAFETY: the last byte of the allocation.
        unsafe { last.write(7) };
        let address = GuestAddress(pages.logical_address + pages.bytes as u64 - 1);
        assert_eq!(memory.mapping().read_obj::<u8>(address).unwrap(), 7);
        assert_eq!(memory.physical_address(last as usize), Some(address.0));
    }

    #[test]
    fn hot_added_memory_is_a_range_of_its_own_and_can_be_allocated() {
        let memory = PhysicalMemory::new(4 << 20, 16 << 20).unwrap();
        let free = memory.free_bytes();
        assert_eq!(memory.hot_add(8 << 20), Some(4 << 20));
        assert_eq!(memory.ranges(), [(0, 4 << 20), (4 << 20, 8 << 20)]);
        assert_eq!(memory.free_bytes(), free + (8 << 20));
        assert!(memory.allocate(8 << 20, 1).is_some());
        assert_eq!(memory.hot_add(8 << 20), None, "more than the maximum");
    }

    #[test]
    fn what_lies_beside_an_allocation_or_was_freed_has_a_name() {
        let memory = PhysicalMemory::new(4 << 20, 0).unwrap();
        let pages = memory.allocate(PAGE_SIZE, 1).unwrap();
        let start = pages.virtual_address as usize;
        for beside in [start - 1, start + PAGE_SIZE] {
            let (rule, detail) = memory.explain(beside).unwrap();
            assert_eq!(rule.name, "COMMON_BUFFER_OVERRUN", "{detail}");
        }
        memory.release(pages);
        let (rule, _) = memory.explain(start).unwrap();
        assert_eq!(rule.name, "COMMON_BUFFER_USE_AFTER_FREE");
        assert!(memory.explain(start + 3 * PAGE_SIZE).is_none());
    }
}
