//! What happens outside signal context to code that has faulted.

use super::fault::{Access, Fault, FaultKind, IMAGES};
use super::instruction::{self, MemoryInstruction, Unsupported};
use super::privileged::PrivilegedInstruction;
use super::probe;
use super::region::REGIONS;
use super::registers::Registers;
use super::resume::Frame;
use super::ring0::{Ring0, SHARED_DATA_ADDRESS, SHARED_DATA_BYTES};
use super::signal::{
    BREAKPOINT, Cause, GENERAL_PROTECTION, INSTRUCTION_FETCH, Interruption, PAGE_FAULT, WRITE,
};

/// A page fault this close to the stack pointer, with no stack left, is a stack overflow.
const STACK_REACH_BYTES: u64 = 64 * 1024;
/// Vectors of the exceptions, Intel 64 Software Developer's Manual volume 3, "Exception and
/// Interrupt Reference".
const DIVIDE_ERROR: u64 = 0;
const INVALID_OPCODE: u64 = 6;
const STACK_SEGMENT: u64 = 12;
const X87_ERROR: u64 = 16;
const ALIGNMENT_CHECK: u64 = 17;
const SIMD_ERROR: u64 = 19;

/// Called by the trampoline only. Returns to continue the interrupted code at `registers.rip`.
///
/// A panic of a device model ends the process here: there is no unwinding through a driver.
pub(super) extern "C" fn service(frame: &mut Frame) {
    let Interruption { cause, address, .. } = frame.interruption;
    let registers = frame.registers;
    let caller = (cause == Cause::WildJump)
        .then(|| probe::read_u64(registers.rsp()))
        .flatten();
    let image = IMAGES.find(caller.unwrap_or(registers.rip));
    let sink = image.map(|(_, sink)| sink);
    let replaced = sink
        .as_ref()
        .and_then(|sink| sink.replaced_instruction(registers.rip));
    let code = replaced.map_or_else(|| probe::code_at(registers.rip), <[u8]>::to_vec);
    let ring0 = sink.as_ref().and_then(|sink| sink.ring0());
    let completed = match (cause, ring0) {
        _ if !frame.is_on_interrupted_stack => Err(diagnose(frame, &code)),
        (Cause::RegisterAccess, _) => complete_access(&mut frame.registers, address, &code),
        (Cause::Ring0, Some(ring0)) => complete_ring0(frame, ring0, &code),
        _ => Err(diagnose(frame, &code)),
    };
    let kind = match completed {
        Ok(()) => return frame.prepare_return(),
        Err(kind) => kind,
    };
    match sink {
        Some(sink) => {
            let fault = Fault {
                kind,
                registers,
                caller,
                code,
            };
            let is_handled = frame.is_on_interrupted_stack && caller.is_none();
            match is_handled.then(|| sink.handle(&fault)).flatten() {
                Some(resumption) => frame.resume(&resumption),
                None => sink.fault(fault),
            }
        }
        None if cause == Cause::RegisterAccess && !is_gone(&kind) => {
            eprintln!("code of the host at {:#x}: {kind}", registers.rip);
            std::process::abort();
        }
        // The mapping or the image went away between the fault and here. The instruction faults
        // again, and nobody claims it.
        None => frame.prepare_return(),
    }
}

/// Does what only ring 0 may.
fn complete_ring0(frame: &mut Frame, ring0: &dyn Ring0, code: &[u8]) -> Result<(), FaultKind> {
    let Interruption { trap, address, .. } = frame.interruption;
    let registers = &mut frame.registers;
    if trap != PAGE_FAULT {
        return match PrivilegedInstruction::decode(code, registers) {
            Some(instruction) if instruction.complete(registers, ring0) => Ok(()),
            _ => Err(diagnose(frame, code)),
        };
    }
    let instruction = MemoryInstruction::decode(code, registers)
        .map_err(|Unsupported { name }| FaultKind::UnknownInstruction { address, name })?;
    let offset = instruction.address().wrapping_sub(SHARED_DATA_ADDRESS);
    let size = u64::from(instruction.size_bytes());
    if instruction.stores() || offset > SHARED_DATA_BYTES - size {
        return Err(diagnose(frame, code));
    }
    instruction.complete(registers, ring0.shared_data(), offset);
    Ok(())
}

/// Whether an access failed because its region no longer exists.
fn is_gone(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::AccessViolation { .. })
}

fn complete_access(registers: &mut Registers, address: u64, code: &[u8]) -> Result<(), FaultKind> {
    let instruction = MemoryInstruction::decode(code, registers)
        .map_err(|Unsupported { name }| FaultKind::UnknownInstruction { address, name })?;
    // The instruction's own address counts: the processor reports one in the middle of an operand
    // where that crosses a page.
    let start = instruction.address();
    let size = instruction.size_bytes();
    let (base, owner) = REGIONS.find(start).ok_or(FaultKind::AccessViolation {
        address,
        access: if instruction.only_stores() {
            Access::Write
        } else {
            Access::Read
        },
    })?;
    let offset = start - base;
    if owner.len - offset < u64::from(size) {
        return Err(FaultKind::AccessBeyondRegion {
            address: start,
            size,
        });
    }
    instruction.complete(registers, owner.file.as_ref(), offset);
    Ok(())
}

/// What an exception of driver code means.
fn diagnose(frame: &Frame, code: &[u8]) -> FaultKind {
    let Interruption {
        trap,
        error,
        address,
        ..
    } = frame.interruption;
    match trap {
        PAGE_FAULT => {
            let distance = address.abs_diff(frame.registers.rsp());
            if !frame.is_on_interrupted_stack
                && (distance < STACK_REACH_BYTES || frame.interruption.cause.may_be_completed())
            {
                return FaultKind::StackOverflow { address };
            }
            let access = match error {
                error if error & INSTRUCTION_FETCH != 0 => Access::Execute,
                error if error & WRITE != 0 => Access::Write,
                _ => Access::Read,
            };
            FaultKind::AccessViolation { address, access }
        }
        GENERAL_PROTECTION => instruction::protection_fault(code, &frame.registers),
        STACK_SEGMENT => FaultKind::NonCanonicalAddress {
            address: Some(frame.registers.rsp()),
        },
        ALIGNMENT_CHECK => FaultKind::MisalignedAddress {
            address: instruction::operand_address(code, &frame.registers),
        },
        BREAKPOINT => FaultKind::Breakpoint,
        INVALID_OPCODE => FaultKind::IllegalInstruction,
        DIVIDE_ERROR => FaultKind::DivideError,
        X87_ERROR | SIMD_ERROR => FaultKind::FloatingPoint,
        vector => FaultKind::Other { vector },
    }
}
