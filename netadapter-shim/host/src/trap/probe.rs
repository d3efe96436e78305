//! Asks the kernel whether an address can be used, without using it.
//!
//! `rt_sigprocmask` copies a signal set from or to its caller and answers `EFAULT` where it cannot.
//! It is async-signal-safe and never blocked by a system call filter.

use std::ffi::c_void;

/// The kernel's signal set.
const SET_BYTES: usize = 8;
/// No operation of `rt_sigprocmask`, which looks at it only after it has copied the set.
const NO_OPERATION: i32 = -1;

/// The kernel takes a null address as "no set" and never maps the page it lies in.
fn is_null(address: u64) -> bool {
    address < PAGE_BYTES
}

/// Runs `probe` and leaves `errno` as it was.
fn answers_fault(probe: impl FnOnce() -> i64) -> bool {
    // SAFETY: the address of errno is valid for the life of the thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above; nobody else writes this thread's errno.
    let before = unsafe { *errno };
    let failed = probe() == -1;
    // SAFETY: as above.
    let is_fault = failed && unsafe { *errno } == libc::EFAULT;
    // SAFETY: as above.
    unsafe { *errno = before };
    is_fault
}

/// Whether the eight bytes at `address` can be read.
pub(super) fn is_readable(address: u64) -> bool {
    !is_null(address)
        && !answers_fault(|| {
            // SAFETY: the kernel copies eight bytes from the address or answers EFAULT, and then
            // refuses the operation, so that no signal mask changes.
            unsafe {
                libc::syscall(
                    libc::SYS_rt_sigprocmask,
                    NO_OPERATION,
                    address as *const c_void,
                    std::ptr::null_mut::<c_void>(),
                    SET_BYTES,
                )
            }
        })
}

/// Whether the eight bytes at `address` can be written. If so, they are.
///
/// # Safety
///
/// Nobody may need what these bytes hold.
pub(super) unsafe fn is_writable(address: u64) -> bool {
    !is_null(address)
        && !answers_fault(|| {
            // SAFETY: the kernel writes eight bytes, which nobody needs, or answers EFAULT.
            unsafe {
                libc::syscall(
                    libc::SYS_rt_sigprocmask,
                    libc::SIG_BLOCK,
                    std::ptr::null::<c_void>(),
                    address as *mut c_void,
                    SET_BYTES,
                )
            }
        })
}

/// The eight bytes at `address`, or nothing if they cannot be read. Meant for stacks and code of
/// this process, which nobody unmaps while they are looked at.
pub(crate) fn read_u64(address: u64) -> Option<u64> {
    // SAFETY: the kernel has just read these bytes, and by the contract above they stay mapped.
    is_readable(address).then(|| unsafe { (address as *const u64).read_unaligned() })
}

/// Up to 15 bytes (the longest instruction) of code at `address`, fewer where the code ends.
pub(super) fn code_at(address: u64) -> Vec<u8> {
    let Some(first) = read_u64(address) else {
        return tail_of_page(address);
    };
    let mut bytes = first.to_le_bytes().to_vec();
    match address.checked_add(8).and_then(read_u64) {
        Some(second) => bytes.extend_from_slice(&second.to_le_bytes()[..7]),
        None => bytes.extend(address.checked_add(8).map(tail_of_page).unwrap_or_default()),
    }
    bytes
}

/// What can be read at `address` when eight bytes cannot: the rest of its page, if that is mapped.
fn tail_of_page(address: u64) -> Vec<u8> {
    let left = (PAGE_BYTES - address % PAGE_BYTES) as usize;
    if left >= 8 {
        return Vec::new();
    }
    let last = address - (8 - left as u64);
    read_u64(last)
        .map(|bytes| bytes.to_le_bytes()[8 - left..].to_vec())
        .unwrap_or_default()
}

/// x86-64's page.
pub(super) const PAGE_BYTES: u64 = 4096;
