//! Memory whose allocation may fail, and values that several objects share.
//!
//! On Windows the global allocator takes nonpaged pool, so every allocation is legal up to DISPATCH_LEVEL and can be
//! used at any IRQL. The functions here report a failed allocation; the collections of `alloc` would stop the machine.

use alloc::alloc::{Layout, alloc};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use netadapter_abi::nt::{self, PHYSICAL_MEMORY_RANGE};

use crate::{Result, Status};

/// A value in a box.
///
/// IRQL: ≤ DISPATCH_LEVEL.
///
/// # Errors
///
/// STATUS_INSUFFICIENT_RESOURCES when there is no memory.
pub fn try_box<T>(value: T) -> Result<Box<T>> {
    let layout = Layout::new::<T>();
    if layout.size() == 0 {
        return Ok(Box::new(value));
    }
    // SAFETY: the layout's size is not 0.
    let memory =
        NonNull::new(unsafe { alloc(layout) }.cast::<T>()).ok_or(Status::INSUFFICIENT_RESOURCES)?;
    // SAFETY: the memory is fresh and has the layout of a `T`.
    unsafe { memory.write(value) };
    // SAFETY: the memory comes from the global allocator with the layout of a `T` and holds one now.
    Ok(unsafe { Box::from_raw(memory.as_ptr()) })
}

/// A slice of `length` values, each made from its position.
///
/// IRQL: ≤ DISPATCH_LEVEL.
///
/// # Errors
///
/// STATUS_INSUFFICIENT_RESOURCES when there is no memory.
pub fn try_slice<T>(length: usize, make: impl FnMut(usize) -> T) -> Result<Box<[T]>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(length)
        .map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
    values.extend((0..length).map(make));
    Ok(values.into_boxed_slice())
}

/// Like [`try_slice`], for values whose making may fail.
///
/// # Errors
///
/// STATUS_INSUFFICIENT_RESOURCES when there is no memory, or the first error of `make`.
pub fn try_slice_of_results<T>(
    length: usize,
    make: impl FnMut(usize) -> Result<T>,
) -> Result<Box<[T]>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(length)
        .map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
    for value in (0..length).map(make) {
        values.push(value?);
    }
    Ok(values.into_boxed_slice())
}

/// Bytes of physical memory that the machine has now.
///
/// IRQL: PASSIVE_LEVEL.
///
/// # Errors
///
/// STATUS_INSUFFICIENT_RESOURCES when there is no memory for the answer.
pub fn physical_bytes() -> Result<u64> {
    // SAFETY: there are no preconditions.
    let ranges = NonNull::new(unsafe { nt::MmGetPhysicalMemoryRanges() })
        .ok_or(Status::INSUFFICIENT_RESOURCES)?;
    // SAFETY: the block is this function's until it is freed below, and ends with an entry of zeros.
    let total = unsafe { total_bytes(ranges) };
    // SAFETY: the block is the caller's to free (*MmGetPhysicalMemoryRangesEx2*), and is not used any more.
    unsafe { nt::ExFreePool(ranges.as_ptr().cast()) };
    Ok(total)
}

/// The sum of ranges.
///
/// # Safety
///
/// The ranges are valid, up to one of zeros.
unsafe fn total_bytes(ranges: NonNull<PHYSICAL_MEMORY_RANGE>) -> u64 {
    let mut total = 0_u64;
    for place in 0.. {
        // SAFETY: no range before this one was the last.
        let range = unsafe { ranges.add(place) };
        // SAFETY: as the caller promises.
        let range = unsafe { range.read() };
        if range.NumberOfBytes == 0 {
            break;
        }
        total = total.saturating_add(range.NumberOfBytes as u64);
    }
    total
}

struct Counted<T> {
    owners: AtomicUsize,
    value: T,
}

/// A value with several owners; the last one drops it.
///
/// # Invariants
///
/// `counted` points to a live value from [`try_box`]; its count is the number of `Shared` that point to it.
pub struct Shared<T> {
    counted: NonNull<Counted<T>>,
}

// SAFETY: owners on several threads only read the value, and any of them may drop it.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as for `Send`; a shared owner gives nothing more than `&T` and new owners.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The first owner of a value.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when there is no memory.
    pub fn try_new(value: T) -> Result<Self> {
        let counted = try_box(Counted {
            owners: AtomicUsize::new(1),
            value,
        })?;
        Ok(Self {
            counted: NonNull::from(Box::leak(counted)),
        })
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: by the invariant the value lives as long as this owner, and nobody has a mutable reference.
        unsafe { self.counted.as_ref() }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        self.counted().owners.fetch_add(1, Ordering::Relaxed);
        Self {
            counted: self.counted,
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if self.counted().owners.fetch_sub(1, Ordering::Release) > 1 {
            return;
        }
        // What the other owners did happens before the value is dropped.
        fence(Ordering::Acquire);
        // SAFETY: by the invariant the pointer came from a box, and this was the last owner.
        drop(unsafe { Box::from_raw(self.counted.as_ptr()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_last_owner_drops_the_value() {
        struct Bell<'a>(&'a AtomicUsize);
        impl Drop for Bell<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let rung = AtomicUsize::new(0);
        let first = Shared::try_new(Bell(&rung)).unwrap();
        let second = first.clone();
        drop(first);
        assert_eq!(rung.load(Ordering::Relaxed), 0);
        drop(second);
        assert_eq!(rung.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn owners_on_many_threads_see_one_value() {
        let count = Shared::try_new(AtomicUsize::new(0)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let count = count.clone();
                scope.spawn(move || count.fetch_add(1, Ordering::Relaxed));
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn slices_are_made_in_order_and_stop_at_the_first_failure() {
        assert_eq!(&*try_slice(3, |place| place * 2).unwrap(), [0, 2, 4]);
        let mut made = Vec::new();
        let result = try_slice_of_results(5, |place| {
            made.push(place);
            if place == 2 {
                Err(Status::NOT_SUPPORTED)
            } else {
                Ok(place)
            }
        });
        assert_eq!(result, Err(Status::NOT_SUPPORTED));
        assert_eq!(made, [0, 1, 2]);
    }

    #[test]
    fn the_ranges_of_physical_memory_add_up() {
        let range = |start, bytes| PHYSICAL_MEMORY_RANGE {
            BaseAddress: start,
            NumberOfBytes: bytes,
        };
        let mut ranges = [
            range(0x1000, 0x9F000),
            range(0x10_0000, 0x400_0000),
            range(0, 0),
        ];
        // SAFETY: the last range is one of zeros.
        let total = unsafe { total_bytes(NonNull::from(&mut ranges[0])) };
        assert_eq!(total, 0x409_F000);
    }

    #[test]
    fn an_impossible_length_is_a_failure_and_no_panic() {
        assert!(try_slice(usize::MAX / 16, |_| 0_u64).is_err());
    }
}
