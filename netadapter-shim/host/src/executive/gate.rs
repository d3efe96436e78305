//! Gates: on a conducted machine the driver reaches every function of the system through one, so
//! that every call is a point at which others may run, and stands in the event trace.
//!
//! A gate is a short piece of code for one function. It leaves registers and stack as it found
//! them and goes on to the function, which sees its caller as if there were no gate.

use super::conductor::Conductor;
use super::playing::{on_processor, processor};
use super::system::system;
use super::trace::TraceEvent;
use crate::fault_injection::{Fault, refusal};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::arch::global_asm;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::OnceLock;

/// As many gates as there are functions that a driver can reach, and some more.
const GATES: usize = 2048;
/// Bytes of code of one gate.
const GATE_BYTES: usize = 8;

// A gate calls the common part, so that the return address there, which is dropped, tells which
// gate it was. What is saved is what the Microsoft x64 convention passes arguments in; a driver
// passes no floating-point numbers to the system.
global_asm!(
    ".pushsection .text.netadapter_host_gates,\"ax\",@progbits",
    ".hidden netadapter_host_gates",
    ".globl netadapter_host_gates",
    ".p2align 4",
    "netadapter_host_gates:",
    ".rept {gates}",
    ".p2align 3",
    "call netadapter_host_gate",
    ".endr",
    ".p2align 4",
    ".type netadapter_host_gate, @function",
    "netadapter_host_gate:",
    ".cfi_startproc",
    ".cfi_def_cfa_offset 16",
    "pop rax",
    ".cfi_def_cfa_offset 8",
    "push rcx",
    "push rdx",
    "push r8",
    "push r9",
    "sub rsp, 40",
    ".cfi_def_cfa_offset 80",
    "mov rcx, rax",
    "call {pass}",
    "add rsp, 40",
    "pop r9",
    "pop r8",
    "pop rdx",
    "pop rcx",
    ".cfi_def_cfa_offset 8",
    "jmp rax",
    ".cfi_endproc",
    ".size netadapter_host_gate, . - netadapter_host_gate",
    ".popsection",
    gates = const GATES,
    pass = sym pass,
);

unsafe extern "C" {
    #[link_name = "netadapter_host_gates"]
    static GATE_CODE: [[u8; GATE_BYTES]; GATES];
}

/// What a gate leads to.
struct Gate {
    name: &'static str,
    target: usize,
    /// What strikes where the function fails, and what stands in for it then.
    refusal: Option<(Fault, usize)>,
}

static TARGETS: [OnceLock<Gate>; GATES] = [const { OnceLock::new() }; GATES];

/// The gates that there are, by the address of the function.
static NUMBERS: Mutex<Option<HashMap<usize, usize>>> = Mutex::new(None);

nt_export! {
    /// On the way through the gate behind whose call `behind` lies; where it leads to.
    unsafe fn pass(behind: usize) -> usize {
        let first = (&raw const GATE_CODE) as usize;
        let gate = TARGETS[(behind - first) / GATE_BYTES].get().expect("a gate is made before it is used");
        if !on_processor() {
            return gate.target;
        }
        let processor = processor();
        processor.preemption_point();
        if let Some(conductor) = processor.conductor() {
            Conductor::record(conductor, TraceEvent::Call(gate.name));
        }
        match gate.refusal {
            Some((fault, refusal)) if system().fails_call(fault).is_some() => refusal,
            _ => gate.target,
        }
    }
}

/// The address by which a driver on a conducted machine is to call the function `name` at
/// `target`.
///
/// # Panics
/// If there are more functions than gates.
pub fn gate(name: &str, target: *const c_void) -> *const c_void {
    let mut numbers = NUMBERS.lock();
    let numbers = numbers.get_or_insert_default();
    let next = numbers.len();
    let number = *numbers.entry(target as usize).or_insert(next);
    // Gates live as long as the process, and so do their names.
    TARGETS[number].get_or_init(|| Gate {
        name: Box::leak(name.into()),
        target: target as usize,
        refusal: refusal(name),
    });
    (&raw const GATE_CODE)
        .cast::<[u8; GATE_BYTES]>()
        .wrapping_add(number)
        .cast()
}
