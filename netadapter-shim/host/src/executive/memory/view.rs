//! Where processors see physical pages: each allocation by itself, between inaccessible pages.

use super::PAGE_SIZE;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::null_mut;

/// A mapping of physical pages with a guard page in front of it and one behind it.
pub(super) struct View {
    reservation: usize,
    bytes: usize,
}

impl View {
    /// Maps `bytes` of `file` from `offset` on, both multiples of the page size.
    pub(super) fn map(file: &File, offset: u64, bytes: usize) -> io::Result<Self> {
        let reserved = bytes + 2 * PAGE_SIZE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let reservation = unsafe {
            libc::mmap(
                null_mut(),
                reserved,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if reservation == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let view = Self {
            reservation: reservation as usize,
            bytes,
        };
        // SAFETY: the range lies in the reservation just made, which nobody else knows.
        let mapped = unsafe {
            libc::mmap(
                view.start() as *mut libc::c_void,
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_FIXED | libc::MAP_NORESERVE,
                file.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(view)
    }

    /// The first address of the pages.
    pub(super) fn start(&self) -> usize {
        self.reservation + PAGE_SIZE
    }

    /// The first address behind the pages.
    pub(super) fn end(&self) -> usize {
        self.start() + self.bytes
    }

    /// Bytes of addresses that it takes up.
    pub(super) fn reserved_bytes(&self) -> usize {
        self.bytes + 2 * PAGE_SIZE
    }

    /// Whether an address lies in the pages or in one of the guards.
    pub(super) fn reaches(&self, address: usize) -> bool {
        (self.reservation..self.end() + PAGE_SIZE).contains(&address)
    }

    /// Lets the pages go: from now on nothing may touch the addresses, and nothing else gets them.
    pub(super) fn retire(&mut self) {
        // SAFETY: the view owns this range of addresses; what is in it is not used any more.
        let retired = unsafe {
            libc::mmap(
                self.start() as *mut libc::c_void,
                self.bytes,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        assert_ne!(
            retired,
            libc::MAP_FAILED,
            "addresses that are mapped already"
        );
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the view owns the reservation, and nobody uses an address in it any more.
        unsafe { libc::munmap(self.reservation as *mut libc::c_void, self.reserved_bytes()) };
    }
}
