//! The memory that an image occupies.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;

/// x86-64's page, the unit of protection.
pub(super) const PAGE_BYTES: usize = 4096;

/// Private memory of this process, unmapped on drop.
#[derive(Debug)]
pub(super) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is plain memory owned by this value.
unsafe impl Send for Mapping {}
// SAFETY: a shared mapping hands out addresses only; what the driver does there is its own matter.
unsafe impl Sync for Mapping {}

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    Read,
    ReadWrite,
    ReadExecute,
}

impl Mapping {
    /// Zeroed memory of `len` bytes, rounded up to pages, readable and writable.
    pub(super) fn zeroed(len: usize) -> io::Result<Self> {
        let len = len.next_multiple_of(PAGE_BYTES);
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, len })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The whole memory, to be filled before it is protected and before any code of it runs.
    ///
    /// # Safety
    ///
    /// All of it must still be readable and writable, and nobody else may use it.
    pub(super) unsafe fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the mapping has `len` initialised bytes, and by the contract no other user.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }

    /// Protects the pages that `range` touches.
    ///
    /// # Safety
    ///
    /// No reference to memory that becomes inaccessible, or code that becomes not executable, may be
    /// in use.
    pub(super) unsafe fn protect(
        &self,
        range: Range<usize>,
        protection: Protection,
    ) -> io::Result<()> {
        let start = range.start / PAGE_BYTES * PAGE_BYTES;
        let end = range.end.next_multiple_of(PAGE_BYTES).min(self.len);
        if start >= end {
            return Ok(());
        }
        let flags = match protection {
            Protection::None => libc::PROT_NONE,
            Protection::Read => libc::PROT_READ,
            Protection::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
            Protection::ReadExecute => libc::PROT_READ | libc::PROT_EXEC,
        };
        // SAFETY: `start` lies in the mapping, which begins and ends at a page.
        let address = unsafe { self.base.as_ptr().add(start) };
        // SAFETY: the pages lie in the mapping; the rest is this function's contract.
        if unsafe { libc::mprotect(address.cast(), end - start, flags) } == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `zeroed` made this mapping and nobody else unmaps it.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
