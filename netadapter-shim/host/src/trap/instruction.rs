//! Instructions with a memory operand: decoded, and completed against a register file.
//!
//! Known are the forms that compilers emit for volatile accesses. What is not known is refused with
//! its name, never guessed: atomic instructions, because a device register is no memory; string
//! instructions, because Windows' `READ_REGISTER_BUFFER_*` makes one access per element and a wrong
//! count would be invisible; vector loads, because a bus may split them.

use iced_x86::{Decoder, DecoderOptions, Instruction, MemorySize, Mnemonic, OpKind, Register};

use super::arithmetic::{Operation, bit_test};
use super::fault::FaultKind;
use super::region::RegisterFile;
use super::registers::{Gpr, Registers, sign_extend, truncate};

/// An instruction that [`MemoryInstruction`] cannot complete.
#[derive(Debug)]
pub(super) struct Unsupported {
    /// Mnemonic with prefixes.
    pub(super) name: String,
}

/// An instruction with one memory operand that can be completed.
#[derive(Debug)]
pub(super) struct MemoryInstruction {
    address: u64,
    size_bytes: u8,
    next_rip: u64,
    action: Action,
}

#[derive(Debug)]
enum Action {
    /// `mov r, m`, `movzx`, `movsx`, `movsxd`.
    Load { to: Gpr, is_signed: bool },
    /// `mov m, r` and `mov m, imm`.
    Store { value: u64 },
    /// `add r, m`, `cmp r, m`.
    ToRegister {
        operation: Operation,
        register: Gpr,
        keeps_result: bool,
    },
    /// `add m, r`, `cmp m, imm`.
    ToMemory {
        operation: Operation,
        right: u64,
        keeps_result: bool,
    },
    /// `bt m, imm`.
    TestBit { bit: u32 },
}

impl MemoryInstruction {
    /// Decodes the instruction at `registers.rip`.
    pub(super) fn decode(code: &[u8], registers: &Registers) -> Result<Self, Unsupported> {
        let instruction = decode(code, registers.rip);
        let unsupported = || Unsupported {
            name: name(&instruction),
        };
        if instruction.has_lock_prefix() {
            return Err(unsupported());
        }
        let size_bytes = size_bytes(instruction.memory_size()).ok_or_else(unsupported)?;
        let action = action(&instruction, size_bytes, registers).ok_or_else(unsupported)?;
        let address = address_of_operand(&instruction, registers).ok_or_else(unsupported)?;
        Ok(Self {
            address,
            size_bytes,
            next_rip: instruction.next_ip(),
            action,
        })
    }

    /// The address of the memory operand.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// The length of the memory operand.
    pub(super) fn size_bytes(&self) -> u8 {
        self.size_bytes
    }

    /// Whether the memory operand is written and not read.
    pub(super) fn only_stores(&self) -> bool {
        matches!(self.action, Action::Store { .. })
    }

    /// Whether the memory operand is written, possibly after it was read.
    pub(super) fn stores(&self) -> bool {
        match self.action {
            Action::Store { .. } => true,
            Action::ToMemory { keeps_result, .. } => keeps_result,
            Action::Load { .. } | Action::ToRegister { .. } | Action::TestBit { .. } => false,
        }
    }

    /// Does the access at `offset` of `file`, and what follows from it in the registers; `rip` comes
    /// to lie behind the instruction.
    pub(super) fn complete(&self, registers: &mut Registers, file: &dyn RegisterFile, offset: u64) {
        let size = self.size_bytes;
        let load = || truncate(file.read(offset, size), size);
        match self.action {
            Action::Load { to, is_signed } => {
                let value = load();
                to.write(
                    registers,
                    if is_signed {
                        sign_extend(value, size)
                    } else {
                        value
                    },
                );
            }
            Action::Store { value } => file.write(offset, size, truncate(value, size)),
            Action::ToRegister {
                operation,
                register,
                keeps_result,
            } => {
                let left = register.read(registers);
                let (result, rflags) = operation.apply(left, load(), size, registers.rflags);
                registers.rflags = rflags;
                if keeps_result {
                    register.write(registers, result);
                }
            }
            Action::ToMemory {
                operation,
                right,
                keeps_result,
            } => {
                let (result, rflags) = operation.apply(load(), right, size, registers.rflags);
                registers.rflags = rflags;
                if keeps_result {
                    file.write(offset, size, result);
                }
            }
            Action::TestBit { bit } => {
                let is_set = load() >> (bit % (u32::from(size) * 8)) & 1 != 0;
                registers.rflags = bit_test(is_set, registers.rflags);
            }
        }
        registers.rip = self.next_rip;
    }
}

pub(super) fn decode(code: &[u8], rip: u64) -> Instruction {
    Decoder::with_ip(64, code, rip, DecoderOptions::NONE).decode()
}

/// The length of an integer operand.
fn size_bytes(size: MemorySize) -> Option<u8> {
    match size {
        MemorySize::UInt8 | MemorySize::Int8 => Some(1),
        MemorySize::UInt16 | MemorySize::Int16 => Some(2),
        MemorySize::UInt32 | MemorySize::Int32 => Some(4),
        MemorySize::UInt64 | MemorySize::Int64 => Some(8),
        _ => None,
    }
}

fn action(instruction: &Instruction, size_bytes: u8, registers: &Registers) -> Option<Action> {
    match (instruction.op_kind(0), instruction.op_kind(1)) {
        (OpKind::Register, OpKind::Memory) => into_register(instruction, size_bytes),
        (OpKind::Memory, OpKind::Register) => {
            let right = Gpr::from_register(instruction.op_register(1))?.read(registers);
            into_memory(instruction.mnemonic(), right)
        }
        (OpKind::Memory, _) => {
            let right = instruction.try_immediate(1).ok()?;
            match instruction.mnemonic() {
                Mnemonic::Bt => Some(Action::TestBit { bit: right as u32 }),
                mnemonic => into_memory(mnemonic, right),
            }
        }
        _ => None,
    }
}

/// An operation, and whether its result is kept.
fn operation(mnemonic: Mnemonic) -> Option<(Operation, bool)> {
    Some(match mnemonic {
        Mnemonic::Add => (Operation::Add, true),
        Mnemonic::Sub => (Operation::Subtract, true),
        Mnemonic::Cmp => (Operation::Subtract, false),
        Mnemonic::And => (Operation::And, true),
        Mnemonic::Test => (Operation::And, false),
        Mnemonic::Or => (Operation::Or, true),
        Mnemonic::Xor => (Operation::ExclusiveOr, true),
        _ => return None,
    })
}

fn into_register(instruction: &Instruction, size_bytes: u8) -> Option<Action> {
    let register = Gpr::from_register(instruction.op_register(0))?;
    let action = match instruction.mnemonic() {
        Mnemonic::Mov | Mnemonic::Movzx => Action::Load {
            to: register,
            is_signed: false,
        },
        Mnemonic::Movsx | Mnemonic::Movsxd => Action::Load {
            to: register,
            is_signed: true,
        },
        mnemonic => {
            let (operation, keeps_result) = operation(mnemonic)?;
            if register.size_bytes() != size_bytes {
                return None;
            }
            Action::ToRegister {
                operation,
                register,
                keeps_result,
            }
        }
    };
    // A stack pointer out of a device register is nobody's intention, and would move the stack
    // under the trampoline.
    (!register.is_stack_pointer()).then_some(action)
}

fn into_memory(mnemonic: Mnemonic, right: u64) -> Option<Action> {
    match mnemonic {
        Mnemonic::Mov | Mnemonic::Movnti => Some(Action::Store { value: right }),
        _ => {
            let (operation, keeps_result) = operation(mnemonic)?;
            Some(Action::ToMemory {
                operation,
                right,
                keeps_result,
            })
        }
    }
}

fn address_of_operand(instruction: &Instruction, registers: &Registers) -> Option<u64> {
    let operand = memory_operand(instruction)?;
    instruction.virtual_address(operand, 0, |register, _, _| {
        registers.address_part(register)
    })
}

/// The address of the memory operand of the instruction at `registers.rip`, if it has one.
pub(super) fn operand_address(code: &[u8], registers: &Registers) -> Option<u64> {
    address_of_operand(&decode(code, registers.rip), registers)
}

/// Why the instruction at `registers.rip` raised a general-protection exception.
pub(super) fn protection_fault(code: &[u8], registers: &Registers) -> FaultKind {
    let instruction = decode(code, registers.rip);
    if instruction.mnemonic() == Mnemonic::Int {
        return software_interrupt(instruction.immediate8(), registers);
    }
    if instruction.segment_prefix() == Register::GS
        && let Some(offset) = offset_in_segment(&instruction, registers)
    {
        return FaultKind::UnknownProcessorField { offset };
    }
    if is_privileged(&instruction) {
        return FaultKind::PrivilegedInstruction {
            name: name(&instruction),
        };
    }
    let address = address_of_operand(&instruction, registers);
    match address {
        Some(canonical) if sign_extend(canonical, CANONICAL_BYTES) == canonical => {
            FaultKind::MisalignedAddress { address }
        }
        _ => FaultKind::NonCanonicalAddress { address },
    }
}

fn software_interrupt(vector: u8, registers: &Registers) -> FaultKind {
    match vector {
        0x29 => FaultKind::FastFail {
            code: registers.general[Registers::RCX] as u32,
        },
        0x2c => FaultKind::AssertionFailure,
        vector => FaultKind::SoftwareInterrupt { vector },
    }
}

/// The address of the memory operand as if its segment began at zero.
fn offset_in_segment(instruction: &Instruction, registers: &Registers) -> Option<u64> {
    let operand = memory_operand(instruction)?;
    instruction.virtual_address(operand, 0, |register, _, _| match register {
        Register::FS | Register::GS => Some(0),
        register => registers.address_part(register),
    })
}

fn memory_operand(instruction: &Instruction) -> Option<u32> {
    (0..instruction.op_count()).find(|&operand| instruction.op_kind(operand) == OpKind::Memory)
}

/// An address is canonical when it is the sign extension of its low 48 bits.
const CANONICAL_BYTES: u8 = 6;

fn is_privileged(instruction: &Instruction) -> bool {
    let is_system_register = |operand| {
        let register = instruction.op_register(operand);
        (Register::CR0..=Register::DR15).contains(&register)
    };
    match instruction.mnemonic() {
        Mnemonic::Cli
        | Mnemonic::Sti
        | Mnemonic::Hlt
        | Mnemonic::In
        | Mnemonic::Out
        | Mnemonic::Insb
        | Mnemonic::Insw
        | Mnemonic::Insd
        | Mnemonic::Outsb
        | Mnemonic::Outsw
        | Mnemonic::Outsd
        | Mnemonic::Rdmsr
        | Mnemonic::Wrmsr
        | Mnemonic::Rdpmc
        | Mnemonic::Invlpg
        | Mnemonic::Invd
        | Mnemonic::Wbinvd
        | Mnemonic::Lgdt
        | Mnemonic::Lidt
        | Mnemonic::Lldt
        | Mnemonic::Ltr
        | Mnemonic::Lmsw
        | Mnemonic::Clts
        | Mnemonic::Swapgs
        | Mnemonic::Xsetbv
        | Mnemonic::Sysretq
        | Mnemonic::Iretq => true,
        Mnemonic::Mov => is_system_register(0) || is_system_register(1),
        _ => false,
    }
}

/// The mnemonic with its prefixes, in lower case.
fn name(instruction: &Instruction) -> String {
    let prefix = if instruction.has_lock_prefix() {
        "lock "
    } else if instruction.has_rep_prefix() {
        "rep "
    } else {
        ""
    };
    format!("{prefix}{:?}", instruction.mnemonic()).to_lowercase()
}
