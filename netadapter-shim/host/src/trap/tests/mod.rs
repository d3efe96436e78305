//! Real instructions on real mappings.

mod accesses;
mod faults;
mod ring0;

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::RegisterFile;
use netadapter_abi::nt_fn;

/// Registers that hold what was written, like memory.
struct Memory {
    bytes: Mutex<Vec<u8>>,
    accesses: AtomicU64,
}

impl Memory {
    fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: Mutex::new(bytes.to_vec()),
            accesses: AtomicU64::new(0),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().expect("no access panics").clone()
    }
}

impl RegisterFile for Memory {
    fn read(&self, offset: u64, size: u8) -> u64 {
        self.accesses.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.lock().expect("no access panics");
        let mut value = [0; 8];
        value[..size.into()].copy_from_slice(&bytes[offset as usize..][..size.into()]);
        // What lies above the access is noise: it must not reach the driver.
        u64::from_le_bytes(value)
            | if size < 8 {
                u64::MAX << (8 * u32::from(size))
            } else {
                0
            }
    }

    fn write(&self, offset: u64, size: u8, value: u64) {
        self.accesses.fetch_add(1, Ordering::Relaxed);
        let mut bytes = self.bytes.lock().expect("no access panics");
        let value = value.to_le_bytes();
        assert!(
            value[size.into()..].iter().all(|&byte| byte == 0),
            "noise above the access"
        );
        bytes[offset as usize..][..size.into()].copy_from_slice(&value[..size.into()]);
    }
}

/// A page of machine code, as a loaded image is one.
struct Code {
    base: NonNull<u8>,
}

// SAFETY: the page is read and executed only, and belongs to this value.
unsafe impl Send for Code {}

impl Code {
    const LEN: usize = 4096;

    fn of(instructions: &[u8]) -> Self {
        // SAFETY: a new anonymous mapping touches no other.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::LEN,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        assert_ne!(base, libc::MAP_FAILED);
        let base = NonNull::new(base.cast::<u8>()).expect("mmap never answers zero");
        assert!(instructions.len() <= Self::LEN);
        // SAFETY: the page is writable, ours, and long enough.
        unsafe {
            base.copy_from_nonoverlapping(NonNull::from(instructions).cast(), instructions.len())
        };
        // SAFETY: the page is ours.
        let answer = unsafe {
            libc::mprotect(
                base.as_ptr().cast(),
                Self::LEN,
                libc::PROT_READ | libc::PROT_EXEC,
            )
        };
        assert_eq!(answer, 0);
        Self { base }
    }

    fn base(&self) -> u64 {
        self.base.as_ptr() as u64
    }

    /// Calls the code as a driver is called.
    ///
    /// # Safety
    ///
    /// The code is a function of the Microsoft x64 convention with one argument and one result.
    unsafe fn call(&self, argument: u64) -> u64 {
        // SAFETY: by the contract of this function.
        let function: nt_fn!(fn(u64) -> u64) = unsafe { std::mem::transmute(self.base) };
        // SAFETY: as above.
        unsafe { function(argument) }
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: the page is ours and nobody runs in it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), Self::LEN) };
    }
}
