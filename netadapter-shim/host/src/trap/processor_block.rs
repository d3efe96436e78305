//! The processor block behind `gs:`: the fields of `KPCR` and `KPRCB` that `wdm.h` compiles into
//! drivers.
//!
//! The operating-system thread that plays a processor has the block's address as its `gs` base, so
//! that such a read is an ordinary load. Only the fields in [`FIELDS`] have a fixed place that code
//! outside of the kernel knows; all others hold a pattern that is no address. An instruction that
//! names one of these is found when its image is loaded and refused when it runs.

use std::io;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::probe::PAGE_BYTES;

/// More than any `KPCR` has; what lies behind the first page faults.
const RESERVED_BYTES: usize = 16 * PAGE_BYTES as usize;
/// What unknown fields hold: not a canonical address, and no plausible number.
const PATTERN: u8 = 0x6b;

/// A field: its offset from `gs:0` and its length in bytes.
type Field = (u64, u8);

/// `KPCR.Self`.
const SELF: Field = (0x18, 8);
/// `KPCR.CurrentPrcb`.
const CURRENT_PRCB: Field = (0x20, 8);
/// `KPCR.MajorVersion`.
const MAJOR_VERSION: Field = (0x60, 2);
/// `KPCR.MinorVersion`.
const MINOR_VERSION: Field = (0x62, 2);
/// `KPCR.Prcb`, and its first field `MxCsr`.
const PRCB: Field = (0x180, 4);
/// `KPRCB.LegacyNumber`: the number within the group, for `KeGetCurrentProcessorNumber`.
const LEGACY_NUMBER: Field = (0x184, 1);
/// `KPRCB.CurrentThread`, for `KeGetCurrentThread`.
const CURRENT_THREAD: Field = (0x188, 8);
/// `KPRCB.Number`: the system-wide index, for `KeGetCurrentProcessorIndex`.
const NUMBER: Field = (0x1A4, 4);

/// The fields that a block has.
const FIELDS: [Field; 8] = [
    SELF,
    CURRENT_PRCB,
    MAJOR_VERSION,
    MINOR_VERSION,
    PRCB,
    LEGACY_NUMBER,
    CURRENT_THREAD,
    NUMBER,
];

/// The version that `KPCR` has had since it is published.
const VERSION: u64 = 1;
/// The control register of SSE as Windows starts every thread: all exceptions masked.
const INITIAL_MXCSR: u64 = 0x1F80;

/// Whether `size_bytes` at `gs:offset` are a field, or lie in one.
pub(crate) fn is_processor_field(offset: u64, size_bytes: u64) -> bool {
    FIELDS.iter().any(|&(start, len)| {
        offset >= start
            && offset
                .checked_add(size_bytes)
                .is_some_and(|end| end <= start + u64::from(len))
    })
}

/// The block of one processor.
#[derive(Debug)]
pub struct ProcessorBlock {
    base: NonNull<u8>,
}

// SAFETY: the block is memory of its own; the one field that changes is written atomically.
unsafe impl Send for ProcessorBlock {}
// SAFETY: as above.
unsafe impl Sync for ProcessorBlock {}

impl ProcessorBlock {
    /// Makes the block of the processor with a system-wide index and a number within its group.
    ///
    /// # Errors
    ///
    /// What `mmap` or `mprotect` answers.
    pub fn new(index: u32, number: u8) -> io::Result<Self> {
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                RESERVED_BYTES,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let block = Self { base };
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the first page lies in the mapping that only this value knows.
        if unsafe { libc::mprotect(base.as_ptr().cast(), PAGE_BYTES as usize, access) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above, and the page is writable.
        unsafe { base.write_bytes(PATTERN, PAGE_BYTES as usize) };
        let address = base.as_ptr() as u64;
        block.set(SELF, address);
        block.set(CURRENT_PRCB, address + PRCB.0);
        block.set(MAJOR_VERSION, VERSION);
        block.set(MINOR_VERSION, VERSION);
        block.set(PRCB, INITIAL_MXCSR);
        block.set(LEGACY_NUMBER, number.into());
        block.set(CURRENT_THREAD, 0);
        block.set(NUMBER, index.into());
        Ok(block)
    }

    /// The calling operating-system thread plays this processor from now on, and runs the thread
    /// whose object has this address. For every switch: it costs a store and a register.
    #[inline]
    pub fn select(&self, thread: usize) {
        let (offset, _) = CURRENT_THREAD;
        let field = self.base.as_ptr().wrapping_add(offset as usize);
        // SAFETY: an aligned pointer in the block's first page, which lives as long as `self`; all
        // accesses to it are atomic here and plain eight-byte loads in drivers.
        let field = unsafe { AtomicPtr::from_ptr(field.cast()) };
        field.store(thread as *mut u8, Ordering::Relaxed);
        set_gs_base(self.base.as_ptr() as u64);
    }

    fn set(&self, (offset, size): Field, value: u64) {
        let bytes = value.to_le_bytes();
        let field = self.base.as_ptr().wrapping_add(offset as usize);
        // SAFETY: every field lies in the block's first page, and nobody reads it yet.
        unsafe { field.copy_from_nonoverlapping(bytes.as_ptr(), size.into()) };
    }
}

impl Drop for ProcessorBlock {
    fn drop(&mut self) {
        // SAFETY: `new` made this mapping; whoever drops the block runs no driver code on it.
        unsafe { libc::munmap(self.base.as_ptr().cast(), RESERVED_BYTES) };
    }
}

fn set_gs_base(base: u64) {
    if has_wrgsbase() {
        // SAFETY: the kernel lets user mode use the instruction, and nothing of the System V side
        // uses `gs`.
        unsafe {
            std::arch::asm!("wrgsbase {base}", base = in(reg) base,
                options(nostack, nomem, preserves_flags));
        }
    } else {
        /// `ARCH_SET_GS` of `asm/prctl.h`.
        const ARCH_SET_GS: i32 = 0x1001;
        // SAFETY: changes the calling thread's `gs` base only; an address below the user limit is
        // never refused.
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, base) };
    }
}

/// Whether the kernel has enabled the instruction for user mode.
fn has_wrgsbase() -> bool {
    /// `HWCAP2_FSGSBASE` of `asm/hwcap2.h`.
    const FSGSBASE: u64 = 1 << 1;
    static ANSWER: OnceLock<bool> = OnceLock::new();
    // SAFETY: getauxval has no preconditions.
    *ANSWER.get_or_init(|| unsafe { libc::getauxval(libc::AT_HWCAP2) } & FSGSBASE != 0)
}
