//! Instructions that user mode may not run, or that mean something else there: completed against
//! what a machine offers of ring 0.

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use super::instruction::decode;
use super::probe;
use super::registers::{Gpr, Registers, truncate};
use super::ring0::Ring0;

/// The interrupt flag, which only ring 0 changes.
const INTERRUPT_FLAG: u64 = 1 << 9;
/// What `popfq` takes from the stack in ring 0, as far as compiled code changes it: carry, parity,
/// auxiliary carry, zero, sign, direction, overflow.
const POPPED_FLAGS: u64 = 0xcd5;
/// The resume and virtual-8086 flags, which `pushfq` stores as zero.
const NOT_PUSHED: u64 = 1 << 16 | 1 << 17;
/// `cr8` holds a priority of four bits; more raises a general-protection exception.
const PRIORITY_MAX: u64 = 15;

/// An instruction that [`Ring0`] can complete.
#[derive(Debug)]
pub(super) struct PrivilegedInstruction {
    action: Action,
    next_rip: u64,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    /// `mov r64, cr8`.
    ReadPriority(Gpr),
    /// `mov cr8, r64`.
    WritePriority(u8),
    /// `cli`, `sti`.
    EnableInterrupts(bool),
    PushFlags,
    PopFlags,
    /// `rdtsc`, or `rdtscp`, which reads the processor's number too.
    ReadTimeStamp {
        with_processor: bool,
    },
}

impl PrivilegedInstruction {
    /// Decodes the instruction at `registers.rip`; nothing if it is none of these, or does what a
    /// processor refuses.
    pub(super) fn decode(code: &[u8], registers: &Registers) -> Option<Self> {
        let instruction = decode(code, registers.rip);
        Some(Self {
            action: action(&instruction, registers)?,
            next_rip: instruction.next_ip(),
        })
    }

    /// Does it; `rip` comes to lie behind the instruction. False if the stack cannot be used, and
    /// then nothing has been done.
    pub(super) fn complete(&self, registers: &mut Registers, ring0: &dyn Ring0) -> bool {
        match self.action {
            Action::ReadPriority(to) => to.write(registers, ring0.task_priority().into()),
            Action::WritePriority(priority) => ring0.set_task_priority(priority),
            Action::EnableInterrupts(enabled) => ring0.enable_interrupts(enabled),
            Action::PushFlags => {
                if !push_flags(registers, ring0.are_interrupts_enabled()) {
                    return false;
                }
            }
            Action::PopFlags => {
                let Some(flags) = probe::read_u64(registers.rsp()) else {
                    return false;
                };
                // First: it may be here that the machine stops and looks at the registers.
                ring0.enable_interrupts(flags & INTERRUPT_FLAG != 0);
                registers.general[Registers::RSP] = registers.rsp().wrapping_add(8);
                registers.rflags = registers.rflags & !POPPED_FLAGS | flags & POPPED_FLAGS;
            }
            Action::ReadTimeStamp { with_processor } => {
                let stamp = ring0.time_stamp();
                registers.general[Registers::RAX] = truncate(stamp.counter, 4);
                registers.general[Registers::RDX] = stamp.counter >> 32;
                if with_processor {
                    registers.general[Registers::RCX] = stamp.processor.into();
                }
            }
        }
        registers.rip = self.next_rip;
        true
    }
}

fn action(instruction: &Instruction, registers: &Registers) -> Option<Action> {
    let register = |operand| match instruction.op_kind(operand) {
        OpKind::Register => instruction.op_register(operand),
        _ => Register::None,
    };
    Some(match instruction.mnemonic() {
        Mnemonic::Mov if register(1) == Register::CR8 => {
            Action::ReadPriority(Gpr::from_register(register(0))?)
        }
        Mnemonic::Mov if register(0) == Register::CR8 => {
            let value = Gpr::from_register(register(1))?.read(registers);
            Action::WritePriority(u8::try_from(value.min(PRIORITY_MAX + 1)).ok()?)
        }
        Mnemonic::Cli => Action::EnableInterrupts(false),
        Mnemonic::Sti => Action::EnableInterrupts(true),
        Mnemonic::Pushfq => Action::PushFlags,
        Mnemonic::Popfq => Action::PopFlags,
        Mnemonic::Rdtsc => Action::ReadTimeStamp {
            with_processor: false,
        },
        Mnemonic::Rdtscp => Action::ReadTimeStamp {
            with_processor: true,
        },
        _ => return None,
    })
    .filter(|action| !matches!(action, Action::WritePriority(value) if u64::from(*value) > PRIORITY_MAX))
}

fn push_flags(registers: &mut Registers, interrupts_enabled: bool) -> bool {
    let top = registers.rsp().wrapping_sub(8);
    // SAFETY: what lies below the stack pointer of Windows code is nobody's.
    if !unsafe { probe::is_writable(top) } {
        return false;
    }
    let flags = registers.rflags & !(INTERRUPT_FLAG | NOT_PUSHED)
        | if interrupts_enabled {
            INTERRUPT_FLAG
        } else {
            0
        };
    // SAFETY: as above, and the eight bytes have just been found writable.
    unsafe { (top as *mut u64).write_unaligned(flags) };
    registers.general[Registers::RSP] = top;
    true
}
