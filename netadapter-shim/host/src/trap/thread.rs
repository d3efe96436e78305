//! What a thread needs so that faults on it can be reported whatever its stack looks like.

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// For the handler itself, which only saves registers; the kernel's own frame is up to 11 KiB.
const SIGNAL_STACK_BYTES: usize = 64 * 1024;
/// For reporting a fault of code that has no usable stack; touched only then.
const FAULT_STACK_BYTES: usize = 1024 * 1024;
const GUARD_BYTES: usize = 4096;

thread_local! {
    /// The end of this thread's fault stack, zero where there is none. It has no destructor and a
    /// constant initial value, so a signal handler may read it.
    static FAULT_STACK_TOP: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn fault_stack_top() -> u64 {
    FAULT_STACK_TOP.get()
}

/// The stacks of [`prepare_thread`]. Dropping it gives the thread its earlier signal stack back.
#[derive(Debug)]
pub struct PreparedThread {
    stacks: NonNull<u8>,
    earlier_signal_stack: libc::stack_t,
    earlier_fault_stack_top: u64,
    /// The stacks belong to the thread that made them.
    not_send: PhantomData<*const ()>,
}

/// Gives the calling thread a signal stack, and a stack for reporting faults of code that has run
/// out of its own. Every thread that runs driver code wants it; without it a stack overflow ends
/// the process without a report.
///
/// # Errors
///
/// What `mmap` or `sigaltstack` answers.
pub fn prepare_thread() -> io::Result<PreparedThread> {
    let len = 2 * GUARD_BYTES + SIGNAL_STACK_BYTES + FAULT_STACK_BYTES;
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no other.
    let stacks = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if stacks == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let Some(stacks) = NonNull::new(stacks.cast::<u8>()) else {
        return Err(io::Error::other("the kernel mapped a stack at zero"));
    };
    // Restores nothing yet: the fields are filled in as each stack is put in place.
    let mut prepared = PreparedThread {
        stacks,
        earlier_signal_stack: libc::stack_t {
            ss_sp: std::ptr::null_mut(),
            ss_flags: libc::SS_DISABLE,
            ss_size: 0,
        },
        earlier_fault_stack_top: FAULT_STACK_TOP.get(),
        not_send: PhantomData,
    };
    prepared.set_up()?;
    Ok(prepared)
}

impl PreparedThread {
    /// From low to high: guard, signal stack, guard, fault stack.
    fn set_up(&mut self) -> io::Result<()> {
        let base = self.stacks.as_ptr() as usize;
        let signal_stack = base + GUARD_BYTES;
        for guard in [base, signal_stack + SIGNAL_STACK_BYTES] {
            // SAFETY: the page lies in the mapping that only this value knows.
            if unsafe { libc::mprotect(guard as *mut _, GUARD_BYTES, libc::PROT_NONE) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        let stack = libc::stack_t {
            ss_sp: signal_stack as *mut _,
            ss_flags: 0,
            ss_size: SIGNAL_STACK_BYTES,
        };
        // SAFETY: the stack stays mapped until `drop` has taken it out of use on this thread.
        if unsafe { libc::sigaltstack(&stack, &mut self.earlier_signal_stack) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let fault_stack = signal_stack + SIGNAL_STACK_BYTES + GUARD_BYTES;
        FAULT_STACK_TOP.set((fault_stack + FAULT_STACK_BYTES) as u64);
        Ok(())
    }
}

impl Drop for PreparedThread {
    fn drop(&mut self) {
        FAULT_STACK_TOP.set(self.earlier_fault_stack_top);
        // SAFETY: the stack was in use on this thread before, so whoever set it still keeps it
        // mapped; where there was none this takes ours out of use.
        unsafe { libc::sigaltstack(&self.earlier_signal_stack, std::ptr::null_mut()) };
        let len = 2 * GUARD_BYTES + SIGNAL_STACK_BYTES + FAULT_STACK_BYTES;
        // SAFETY: `prepare_thread` made this mapping, and the thread no longer uses it.
        unsafe { libc::munmap(self.stacks.as_ptr().cast(), len) };
    }
}
