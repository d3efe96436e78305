//! The signal handler: it decides whose fault it is.

use std::ffi::{c_int, c_void};
use std::io;
use std::sync::OnceLock;

use super::fault::IMAGES;
use super::probe;
use super::region::REGIONS;
use super::registers::Registers;
use super::resume;
use super::ring0::{SHARED_DATA_ADDRESS, SHARED_DATA_BYTES};

/// The signals of synchronous faults.
const SIGNALS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
];

/// The page fault, Intel 64 Software Developer's Manual volume 3, "Interrupt and Exception
/// Reference".
pub(super) const PAGE_FAULT: u64 = 14;
/// The breakpoint instruction's trap, which points behind the instruction.
pub(super) const BREAKPOINT: u64 = 3;
/// The general-protection exception.
pub(super) const GENERAL_PROTECTION: u64 = 13;
/// Bits of a page fault's error code.
pub(super) const WRITE: u64 = 1 << 1;
pub(super) const INSTRUCTION_FETCH: u64 = 1 << 4;

/// What the processor reported and what the handler made of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interruption {
    /// The exception's vector.
    pub(super) trap: u64,
    /// Its error code.
    pub(super) error: u64,
    /// The address of a page fault.
    pub(super) address: u64,
    pub(super) cause: Cause,
}

/// Whose business an exception is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A data access in a register mapping.
    RegisterAccess,
    /// Code of an image does what only ring 0 may: it may be completed.
    Ring0,
    /// A fault of an image.
    Fault,
    /// `rip` is no code; the image's code is where the top of the stack points to.
    WildJump,
}

impl Cause {
    /// Whether the interrupted code may go on.
    pub(super) fn may_be_completed(self) -> bool {
        matches!(self, Self::RegisterAccess | Self::Ring0)
    }
}

static PREVIOUS: [OnceLock<libc::sigaction>; SIGNALS.len()] =
    [const { OnceLock::new() }; SIGNALS.len()];

/// Installs the handler, once for the process.
pub(super) fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), (io::ErrorKind, String)>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| install_now().map_err(|error| (error.kind(), error.to_string())))
        .clone()
        .map_err(|(kind, message)| io::Error::new(kind, message))
}

fn install_now() -> io::Result<()> {
    resume::check_processor()?;
    for (signal, previous) in SIGNALS.into_iter().zip(&PREVIOUS) {
        // SAFETY: all zeroes is a sigaction with no handler, no flags and an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: without a new action this only reads the present one.
        if unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) } != 0 {
            return Err(io::Error::last_os_error());
        }
        previous.get_or_init(|| action);
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_signal;
        action.sa_sigaction = handler as usize;
        // The code that goes on after the handler must be able to fault again, so the signal is
        // not blocked in between; and a fault may mean that the stack is used up.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        // SAFETY: the mask belongs to `action`.
        unsafe { libc::sigemptyset(&mut action.sa_mask) };
        // SAFETY: `on_signal` has the signature that SA_SIGINFO asks for, and does only what is
        // async-signal-safe: it reads atomics, and probes and writes the interrupted stack.
        if unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a siginfo that lives until the handler returns.
    let code = unsafe { (*info).si_code };
    // SAFETY: with SA_SIGINFO the kernel passes the interrupted thread's ucontext, which nobody else
    // holds until the handler returns.
    let ucontext = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    // Codes up to zero are signals that somebody sent; the thread has not faulted.
    if code > 0 {
        let mut registers = interrupted_registers(ucontext);
        if let Some(interruption) = classify(ucontext, &mut registers) {
            // SAFETY: this is the handler, and by the code above the thread has faulted.
            if unsafe { resume::enter(ucontext, registers, interruption) } {
                return;
            }
        }
    }
    chain(signal, code, info, context);
}

fn interrupted_registers(context: &libc::ucontext_t) -> Registers {
    const ORDER: [c_int; 16] = [
        libc::REG_RAX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RBX,
        libc::REG_RSP,
        libc::REG_RBP,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
    ];
    let saved = &context.uc_mcontext.gregs;
    Registers {
        general: ORDER.map(|register| saved[register as usize] as u64),
        rip: saved[libc::REG_RIP as usize] as u64,
        rflags: saved[libc::REG_EFL as usize] as u64,
    }
}

/// Whether the fault is ours, and why. Moves `rip` back to a breakpoint instruction.
fn classify(context: &libc::ucontext_t, registers: &mut Registers) -> Option<Interruption> {
    let saved = &context.uc_mcontext.gregs;
    let mut interruption = Interruption {
        trap: saved[libc::REG_TRAPNO as usize] as u64,
        error: saved[libc::REG_ERR as usize] as u64,
        address: saved[libc::REG_CR2 as usize] as u64,
        cause: Cause::Fault,
    };
    let is_page_fault = interruption.trap == PAGE_FAULT;
    let is_fetch = is_page_fault && interruption.error & INSTRUCTION_FETCH != 0;
    let is_access = is_page_fault && !is_fetch;
    if is_access && REGIONS.contains(interruption.address) {
        interruption.cause = Cause::RegisterAccess;
        return Some(interruption);
    }
    if interruption.trap == BREAKPOINT {
        registers.rip = registers.rip.wrapping_sub(1);
    }
    if IMAGES.contains(registers.rip) {
        let is_ring0 = if is_access {
            interruption.address.wrapping_sub(SHARED_DATA_ADDRESS) < SHARED_DATA_BYTES
        } else {
            interruption.trap == GENERAL_PROTECTION && is_privileged_opcode(registers.rip)
        };
        if is_ring0 {
            interruption.cause = Cause::Ring0;
        }
        return Some(interruption);
    }
    let is_wild_jump = is_page_fault
        && interruption.address == registers.rip
        && probe::read_u64(registers.rsp()).is_some_and(|caller| IMAGES.contains(caller));
    interruption.cause = Cause::WildJump;
    is_wild_jump.then_some(interruption)
}

/// Whether the instruction that raised a general-protection exception is one of those that may be
/// completed: `hlt`, which stands where the loader has replaced another, `cli`, `sti`, and moves of
/// control registers.
fn is_privileged_opcode(rip: u64) -> bool {
    // SAFETY: the processor has decoded the instruction, so its bytes can be read.
    let byte = |offset: u64| unsafe { (rip.wrapping_add(offset) as *const u8).read() };
    let opcode = u64::from((0x40..=0x4f).contains(&byte(0)));
    match byte(opcode) {
        0xf4 | 0xfa | 0xfb => true,
        0x0f => matches!(byte(opcode + 1), 0x20 | 0x22),
        _ => false,
    }
}

/// Does what would have happened without this module.
fn chain(signal: c_int, code: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let previous = SIGNALS
        .iter()
        .position(|&known| known == signal)
        .and_then(|number| PREVIOUS[number].get());
    let handler = previous.map_or(libc::SIG_DFL, |action| action.sa_sigaction);
    if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
        end_process(signal, code);
        return;
    }
    if previous.is_some_and(|action| action.sa_flags & libc::SA_SIGINFO != 0) {
        // SAFETY: a handler that was installed with SA_SIGINFO has this signature.
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: a handler that was installed without SA_SIGINFO has this signature.
        let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
}

/// Takes the default action, which ends the process with this signal: the faulting instruction runs
/// again and faults for good. A trap does not run again, and a signal that was sent does not fault:
/// these are raised.
fn end_process(signal: c_int, code: c_int) {
    // SAFETY: all zeroes is a sigaction with the default action, no flags and an empty mask.
    let default: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: restores the default action, which is always allowed.
    unsafe { libc::sigaction(signal, &default, std::ptr::null_mut()) };
    if code <= 0 || signal == libc::SIGTRAP {
        // SAFETY: raise is async-signal-safe.
        unsafe { libc::raise(signal) };
    }
}
