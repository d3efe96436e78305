//! Continues an interrupted thread outside signal context, and brings it back.
//!
//! The handler puts a [`Frame`] on a stack and the thread goes on in `trampoline`: it saves the
//! floating-point state, calls the service routine with the frame, restores everything from the
//! frame and returns to `rip` by `popfq; ret 128`, so that all sixteen registers and the flags have
//! the interrupted code's values at the same instant.
//!
//! ```text
//! interrupted rsp ─►  driver's stack
//!                     128 bytes the interrupted code may still use (the red zone of System V code)
//!                     rip     ┐ what the last two instructions
//!                     rflags  ┘ take from the stack
//!                     8 bytes, for an instruction that pushes: the two above lie deeper then
//!                     Frame             ◄─ rbx in the trampoline
//!                     extended state    ◄─ rsp in the trampoline, 64-byte aligned
//! ```
//!
//! The trampoline has unwind information, so a backtrace from a device model passes through it to
//! the instruction that made the access.

use std::arch::global_asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::io;
use std::mem::{offset_of, size_of};

use super::fault::Resumption;
use super::probe::{self, PAGE_BYTES};
use super::registers::Registers;
use super::service::service;
use super::signal::{Cause, Interruption};
use super::thread;

/// System V code uses this much below its stack pointer; Windows code nothing.
const RED_ZONE_BYTES: u64 = 128;
/// Room for the extended state in its standard format: up to and with the upper ZMM registers, which
/// end at byte 2688 where a processor has them.
const EXTENDED_STATE_BYTES: usize = 2816;
/// x87, SSE, AVX, opmask, and the two ZMM parts: what compiled code changes.
const EXTENDED_STATE_MASK: u32 = 0b1110_0111;
/// Where the extended state has `xmm0`, and which bit of its header says that these are valid.
const VECTORS_OFFSET: u64 = 160;
const VECTORS_VALID: u64 = 1 << 1;
/// Where the header of the extended state lies, which XSAVE wants zeroed.
const EXTENDED_STATE_HEADER: std::ops::Range<usize> = 512..576;
/// The direction flag and the trap flag: what a called function expects to be clear.
const FLAGS_CLEAR_AT_CALL: u64 = 1 << 10 | 1 << 8;
/// The stack that the frame needs. A device model wants more, as any callee would.
const FRAME_STACK_BYTES: u64 = PAGE_BYTES;
/// `rip` and the flags.
const RETURN_SLOT_BYTES: u64 = 16;
/// What an instruction that is completed may push.
const PUSH_BYTES: u64 = 8;
const _: () =
    assert!(24 + size_of::<Frame>() + 15 + EXTENDED_STATE_BYTES + 63 < FRAME_STACK_BYTES as usize);
/// The stack that reporting a fault needs, symbols included.
const FAULT_STACK_BYTES: u64 = 64 * 1024;

/// What the trampoline and the service routine know of the interrupted code.
#[repr(C)]
pub(super) struct Frame {
    /// The trampoline restores these. It relies on this field being the first.
    pub(super) registers: Registers,
    /// Where the interrupted code was, for a debugger or a backtrace that comes from above; zero
    /// where no code is, so that the backtrace ends here.
    unwind_rip: u64,
    /// The stack pointer with which the trampoline ends: at the saved flags.
    return_slot: u64,
    /// Where the floating-point state is saved.
    extended_state: u64,
    pub(super) interruption: Interruption,
    /// Whether the frame lies on the interrupted stack. If not, there is no way back.
    pub(super) is_on_interrupted_stack: bool,
}

impl Frame {
    /// Lets the trampoline return to `registers.rip` with the stack pointer of `registers`, which
    /// lies where it was or one push or pop from there.
    pub(super) fn prepare_return(&mut self) {
        assert!(
            self.is_on_interrupted_stack,
            "a fault without a stack has no way back"
        );
        let slot = self.registers.rsp() - RED_ZONE_BYTES - RETURN_SLOT_BYTES;
        assert!(
            slot >= self.return_slot - PUSH_BYTES,
            "what is completed pushes one word at most"
        );
        self.return_slot = slot;
        let slot = slot as *mut u64;
        // SAFETY: `enter` reserved these 16 bytes between the frame and the red zone, and room for
        // one push, on a stack it has found writable. Where the stack pointer has gone up, they
        // reach into the red zone, which Windows code, the only one that pops here, does not use,
        // or lie in frames that have been left.
        unsafe { slot.write_unaligned(self.registers.rflags) };
        // SAFETY: inside the same 16 bytes.
        let slot = unsafe { slot.add(1) };
        // SAFETY: as above.
        unsafe { slot.write_unaligned(self.registers.rip) };
    }
}

impl Frame {
    /// Lets the trampoline go on where the code has handled its fault.
    pub(super) fn resume(&mut self, resumption: &Resumption) {
        self.registers = resumption.registers;
        for &(number, value) in &resumption.vectors {
            let place = self.extended_state + VECTORS_OFFSET + 16 * number as u64;
            // SAFETY: the sixteen registers lie in the state that the trampoline has saved and
            // restores, which nobody else touches.
            unsafe { (place as *mut [u64; 2]).write(value) };
        }
        if !resumption.vectors.is_empty() {
            let valid = (self.extended_state + EXTENDED_STATE_HEADER.start as u64) as *mut u64;
            // SAFETY: the header of the same state.
            let parts = unsafe { valid.read() };
            // SAFETY: as above.
            unsafe { valid.write(parts | VECTORS_VALID) };
        }
        self.prepare_return();
    }
}

// `rbx` holds the frame throughout. The escapes are, in DWARF expressions over rbx:
// the caller's rsp is the value saved in the frame; its rip and its rbx lie in the frame. (The
// offset of rip takes two bytes of signed LEB128, the other two take one.)
global_asm!(
    ".pushsection .text.netadapter_host_trap_trampoline,\"ax\",@progbits",
    ".type netadapter_host_trap_trampoline, @function",
    ".hidden netadapter_host_trap_trampoline",
    ".globl netadapter_host_trap_trampoline",
    "netadapter_host_trap_trampoline:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_escape 0x0f, 3, 0x73, {rsp}, 0x06",
    ".cfi_escape 0x10, 16, 3, 0x73, {unwind_rip_low}, {unwind_rip_high}",
    ".cfi_escape 0x10, 3, 2, 0x73, {rbx_saved}",
    "mov eax, {mask}",
    "xor edx, edx",
    "xsave64 [rsp]",
    "mov rdi, rbx",
    "call {service}",
    "mov eax, {mask}",
    "xor edx, edx",
    "xrstor64 [rsp]",
    "mov rax, [rbx]",
    "mov rcx, [rbx + 8]",
    "mov rdx, [rbx + 16]",
    "mov rbp, [rbx + 40]",
    "mov rsi, [rbx + 48]",
    "mov rdi, [rbx + 56]",
    "mov r8, [rbx + 64]",
    "mov r9, [rbx + 72]",
    "mov r10, [rbx + 80]",
    "mov r11, [rbx + 88]",
    "mov r12, [rbx + 96]",
    "mov r13, [rbx + 104]",
    "mov r14, [rbx + 112]",
    "mov r15, [rbx + 120]",
    "mov rsp, [rbx + {return_slot}]",
    "mov rbx, [rbx + {rbx_saved}]",
    "popfq",
    "ret {red_zone}",
    ".cfi_endproc",
    ".size netadapter_host_trap_trampoline, . - netadapter_host_trap_trampoline",
    ".popsection",
    service = sym service,
    mask = const EXTENDED_STATE_MASK,
    rsp = const Registers::RSP * 8,
    rbx_saved = const Registers::RBX * 8,
    unwind_rip_low = const offset_of!(Frame, unwind_rip) & 0x7f | 0x80,
    unwind_rip_high = const offset_of!(Frame, unwind_rip) >> 7,
    return_slot = const offset_of!(Frame, return_slot),
    red_zone = const RED_ZONE_BYTES,
);

unsafe extern "C" {
    /// Not to be called: the signal handler lets a thread continue here.
    fn netadapter_host_trap_trampoline();
}

/// Whether the trampoline can save this processor's floating-point state.
pub(super) fn check_processor() -> io::Result<()> {
    const OSXSAVE: u32 = 1 << 27;
    const EXTENDED_STATE_LEAF: u32 = 0xd;
    let has_xsave = __cpuid(1).ecx & OSXSAVE != 0;
    let enabled = if has_xsave {
        // SAFETY: the operating system has enabled XSAVE, so XGETBV exists.
        unsafe { enabled_state() }
    } else {
        0
    };
    let end = (2..u32::BITS)
        .filter(|component| enabled as u32 & EXTENDED_STATE_MASK & 1 << component != 0)
        .map(|component| {
            let leaf = __cpuid_count(EXTENDED_STATE_LEAF, component);
            leaf.ebx as usize + leaf.eax as usize
        })
        .max();
    if has_xsave && end.unwrap_or_default() <= EXTENDED_STATE_BYTES {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this processor's floating-point state cannot be saved by XSAVE in the standard format",
        ))
    }
}

#[target_feature(enable = "xsave")]
fn enabled_state() -> u64 {
    // SAFETY: register 0 exists on every processor with XSAVE, which the caller has checked.
    unsafe { _xgetbv(0) }
}

/// Makes the interrupted thread continue in the trampoline, if there is a stack for it.
///
/// # Safety
///
/// Only for a signal handler, with its own `context`, for a fault that the interrupted thread itself
/// has raised.
pub(super) unsafe fn enter(
    context: &mut libc::ucontext_t,
    registers: Registers,
    interruption: Interruption,
) -> bool {
    let needed_bytes = if interruption.cause.may_be_completed() {
        FRAME_STACK_BYTES
    } else {
        FAULT_STACK_BYTES
    };
    let below_red_zone = registers.rsp().wrapping_sub(RED_ZONE_BYTES);
    // SAFETY: nobody uses what lies below the red zone of an interrupted stack.
    let is_on_interrupted_stack = unsafe { has_room(below_red_zone, needed_bytes) };
    let top = if is_on_interrupted_stack {
        below_red_zone
    } else {
        thread::fault_stack_top()
    };
    if top == 0 {
        return false;
    }
    let return_slot = top - RETURN_SLOT_BYTES;
    let frame_address = (return_slot - PUSH_BYTES - size_of::<Frame>() as u64) & !15;
    let state_address = (frame_address - EXTENDED_STATE_BYTES as u64) & !63;
    let frame = Frame {
        registers,
        unwind_rip: if interruption.cause == Cause::WildJump {
            0
        } else {
            registers.rip
        },
        return_slot,
        extended_state: state_address,
        interruption,
        is_on_interrupted_stack,
    };
    // SAFETY: the address is aligned and below `top`, where the stack has been found writable or is
    // this thread's unused fault stack.
    unsafe { (frame_address as *mut Frame).write(frame) };
    let header = state_address as usize + EXTENDED_STATE_HEADER.start;
    // SAFETY: as above, below the frame.
    unsafe { std::ptr::write_bytes(header as *mut u8, 0, EXTENDED_STATE_HEADER.len()) };
    let general = &mut context.uc_mcontext.gregs;
    let trampoline = netadapter_host_trap_trampoline as unsafe extern "C" fn();
    general[libc::REG_RIP as usize] = trampoline as usize as i64;
    general[libc::REG_RSP as usize] = state_address as i64;
    general[libc::REG_RBX as usize] = frame_address as i64;
    general[libc::REG_EFL as usize] &= !(FLAGS_CLEAR_AT_CALL as i64);
    true
}

/// Whether a stack is writable for `bytes` below `top`.
///
/// # Safety
///
/// Nobody may need what lies below `top`.
unsafe fn has_room(top: u64, bytes: u64) -> bool {
    let first = top.wrapping_sub(8) & !7;
    first > bytes
        && (0..=bytes / PAGE_BYTES).all(|page| {
            // SAFETY: below `top`, by the contract of this function.
            unsafe { probe::is_writable(first - page * PAGE_BYTES) }
        })
}
