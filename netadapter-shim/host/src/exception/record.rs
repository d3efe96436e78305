//! What handlers and filters get to see: the structures of `winnt.h`, x64.

use crate::trap::Registers;
use std::mem::offset_of;

/// Parameters of a record at most.
pub(super) const PARAMETERS_MAX: usize = 15;

/// `EXCEPTION_RECORD`.
#[repr(C)]
#[derive(Clone, Debug)]
pub(super) struct ExceptionRecord {
    pub(super) code: u32,
    pub(super) flags: u32,
    pub(super) nested: u64,
    pub(super) address: u64,
    pub(super) parameter_count: u32,
    pub(super) parameters: [u64; PARAMETERS_MAX],
}

/// `EXCEPTION_UNWINDING` and `EXCEPTION_TARGET_UNWIND`: frames are being left, and this is the last.
pub(super) const UNWINDING: u32 = 0x02;
pub(super) const TARGET_UNWIND: u32 = 0x20;
/// Any of the flags that a handler sees while frames are left.
pub(super) const ANY_UNWIND: u32 = 0x66;

/// `CONTEXT`.
#[repr(C, align(16))]
#[derive(Clone, Debug)]
pub(super) struct Context {
    homes: [u64; 6],
    flags: u32,
    control_and_status: u32,
    segments: [u16; 6],
    pub(super) rflags: u32,
    debug_registers: [u64; 6],
    /// In the order of their numbers, as [`Registers`] has them.
    pub(super) general: [u64; 16],
    pub(super) rip: u64,
    floating_point: [u8; 512],
    vectors: [u8; 26 * 16],
    vector_control: u64,
    debug_and_branches: [u64; 5],
}

/// `CONTEXT_AMD64` with `CONTEXT_CONTROL` and `CONTEXT_INTEGER`: what of it is valid here.
const CONTROL_AND_INTEGER: u32 = 0x0010_0003;
/// All exceptions of SSE masked.
const INITIAL_CONTROL_AND_STATUS: u32 = 0x1F80;

impl Context {
    pub(super) fn of(registers: &Registers) -> Self {
        Self {
            homes: [0; 6],
            flags: CONTROL_AND_INTEGER,
            control_and_status: INITIAL_CONTROL_AND_STATUS,
            segments: [0; 6],
            rflags: registers.rflags as u32,
            debug_registers: [0; 6],
            general: registers.general,
            rip: registers.rip,
            floating_point: [0; 512],
            vectors: [0; 26 * 16],
            vector_control: 0,
            debug_and_branches: [0; 5],
        }
    }

    pub(super) fn registers(&self) -> Registers {
        Registers {
            general: self.general,
            rip: self.rip,
            rflags: self.rflags.into(),
        }
    }
}

/// `EXCEPTION_POINTERS`.
#[repr(C)]
pub(super) struct ExceptionPointers {
    pub(super) record: *mut ExceptionRecord,
    pub(super) context: *mut Context,
}

/// `DISPATCHER_CONTEXT`, with what this host keeps behind it.
#[repr(C)]
pub(super) struct DispatcherContext {
    pub(super) control_pc: u64,
    pub(super) image_base: u64,
    pub(super) function_entry: u64,
    pub(super) establisher: u64,
    pub(super) target_ip: u64,
    pub(super) context: *mut Context,
    pub(super) language_handler: u64,
    pub(super) handler_data: u64,
    pub(super) history_table: u64,
    pub(super) scope_index: u32,
    pub(super) fill: u32,
    /// Where the `__except` block is that a handler has decided to execute; zero if none.
    pub(super) decided_ip: u64,
}

const _: () = {
    assert!(size_of::<ExceptionRecord>() == 152);
    assert!(size_of::<Context>() == 1232);
    assert!(offset_of!(Context, rflags) == 0x44);
    assert!(offset_of!(Context, general) == 0x78);
    assert!(offset_of!(Context, rip) == 0xF8);
    assert!(offset_of!(Context, floating_point) == 0x100);
    assert!(offset_of!(DispatcherContext, scope_index) == 0x48);
    assert!(offset_of!(DispatcherContext, decided_ip) == 0x50);
};
