//! Ranges of addresses that stand for the registers of a device.

use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use super::ranges::RangeTable;
use super::signal;

/// The registers behind a [`Region`].
pub trait RegisterFile: Send + Sync {
    /// Reads `size` bytes (1, 2, 4 or 8) at `offset`, a byte distance from the region's base. All of
    /// them lie in the region. Only the low `size` bytes of the answer count.
    fn read(&self, offset: u64, size: u8) -> u64;

    /// Writes the low `size` bytes (1, 2, 4 or 8) of `value` at `offset`, a byte distance from the
    /// region's base. All of them lie in the region; the rest of `value` is zero.
    fn write(&self, offset: u64, size: u8, value: u64);
}

pub(super) static REGIONS: RangeTable<RegionOwner> = RangeTable::new();

/// What the table keeps of a region.
pub(super) struct RegionOwner {
    pub(super) len: u64,
    pub(super) file: Arc<dyn RegisterFile>,
}

/// A mapping of device registers: every load and store in it is an access to its register file.
/// Dropping it unmaps the addresses; an access after that is an access violation.
///
/// An access calls the register file on the thread and the stack of the code that makes it, outside
/// signal context and with no lock of this module held; the file may itself access other regions.
/// An eight-byte access is one access.
#[derive(Debug)]
pub struct Region {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a region is a range of addresses; nothing in it is bound to a thread, and the register
// file is `Send + Sync`.
unsafe impl Send for Region {}
// SAFETY: as above; a shared region only tells where it lies.
unsafe impl Sync for Region {}

impl Region {
    /// Maps `len` bytes of registers at a page-aligned address.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a length of zero, `OutOfMemory` when the process has too many regions,
    /// `Unsupported` on a processor without XSAVE, else what `mmap` or `sigaction` answers.
    pub fn map(len: usize, file: Arc<dyn RegisterFile>) -> io::Result<Self> {
        if len == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a register mapping needs at least one byte",
            ));
        }
        signal::install()?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::OutOfMemory,
                "the kernel mapped registers at zero",
            )
        })?;
        let region = Self { base, len };
        let owner = Arc::new(RegionOwner {
            len: len as u64,
            file,
        });
        if REGIONS.insert(base.as_ptr() as u64, len as u64, owner) {
            Ok(region)
        } else {
            Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                "too many register mappings",
            ))
        }
    }

    /// The first address.
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The length in bytes, as asked for.
    #[expect(clippy::len_without_is_empty, reason = "a region is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        REGIONS.remove(self.base.as_ptr() as u64);
        // SAFETY: `map` made this mapping and nobody else unmaps it.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
