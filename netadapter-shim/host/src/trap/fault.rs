//! Faults of driver code, and who hears of them.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::ranges::RangeTable;
use super::registers::Registers;
use super::ring0::Ring0;
use super::signal;

/// What an access violation tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Execute,
}

/// What driver code did that the processor, or this host, does not let it do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// An access to memory that is not mapped, or not for this access.
    AccessViolation {
        /// The address, as the processor reported it.
        address: u64,
        /// What was tried.
        access: Access,
    },
    /// An access to an address whose upper bits are not all equal.
    NonCanonicalAddress {
        /// The address, where the instruction tells it.
        address: Option<u64>,
    },
    /// An access by an instruction that wants an aligned address.
    MisalignedAddress {
        /// The address, where the instruction tells it.
        address: Option<u64>,
    },
    /// The stack is used up.
    StackOverflow {
        /// The address below the stack.
        address: u64,
    },
    /// A register access by an instruction that this host does not complete.
    UnknownInstruction {
        /// The register's address.
        address: u64,
        /// The instruction's name with its prefixes, such as `rep movsb`.
        name: String,
    },
    /// A register access that begins in the mapping and ends behind it.
    AccessBeyondRegion {
        /// The first address.
        address: u64,
        /// The length in bytes.
        size: u8,
    },
    /// An instruction of ring 0 that this host does not have.
    PrivilegedInstruction {
        /// The instruction's name.
        name: String,
    },
    /// Bytes that are no instruction, or `ud2`, which compilers put where code must not arrive.
    IllegalInstruction,
    /// `int 3`.
    Breakpoint,
    /// `int 0x29`: `__fastfail`, the code found itself corrupted.
    FastFail {
        /// What `ecx` held: why.
        code: u32,
    },
    /// `int 0x2c`: an assertion did not hold.
    AssertionFailure,
    /// `int` with another number.
    SoftwareInterrupt {
        /// The number.
        vector: u8,
    },
    /// A `gs:` access to something that has no fixed place in the processor block.
    UnknownProcessorField {
        /// The offset from `gs:0`.
        offset: u64,
    },
    /// An integer division by zero, or with a quotient that does not fit.
    DivideError,
    /// A floating-point exception that the code has unmasked.
    FloatingPoint,
    /// Any other exception.
    Other {
        /// The exception's vector.
        vector: u64,
    },
}

/// Where code goes on after a fault that it has handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// The registers.
    pub registers: Registers,
    /// Vector registers that get other values than they had at the fault, by number.
    pub vectors: Vec<(usize, [u64; 2])>,
}

/// A fault of driver code.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The registers at the faulting instruction.
    pub registers: Registers,
    /// For a jump to where no image is: the return address in the image. Then `registers.rip` is
    /// the target of the jump.
    pub caller: Option<u64>,
    /// The bytes at `registers.rip`, up to 15, as many as can be read.
    pub code: Vec<u8>,
}

/// Hears of the faults of one image, and knows what its code may use of ring 0.
pub trait FaultSink: Send + Sync {
    /// What the code's processors offer of ring 0. Without it, an instruction of ring 0 is a fault.
    fn ring0(&self) -> Option<&dyn Ring0> {
        None
    }

    /// The instruction that the loader has replaced by `hlt` at this address, because user mode
    /// would run it otherwise than ring 0.
    fn replaced_instruction(&self, _address: u64) -> Option<&[u8]> {
        None
    }

    /// Where the code goes on, if it handles the fault itself. Called on the driver's own stack below
    /// the faulting frame, outside signal context. The stack pointer of the answer lies where it was
    /// or higher.
    fn handle(&self, _fault: &Fault) -> Option<Resumption> {
        None
    }

    /// Called on the thread that faulted, outside signal context: on the driver's own stack below
    /// the faulting frame if that has 64 KiB left, else on the fault stack of
    /// [`prepare_thread`](super::prepare_thread). There is no way back into the driver.
    fn fault(&self, fault: Fault) -> !;
}

pub(super) static IMAGES: RangeTable<dyn FaultSink> = RangeTable::new();

/// Sends the faults of code in a range of addresses to a sink until it is dropped.
#[derive(Debug)]
#[must_use = "dropping the registration ends it"]
pub struct ImageRegistration {
    base: u64,
}

/// Registers `size` bytes of code at `base`: every fault of an instruction in there, and every jump
/// from there to where no code is, calls `sink`.
///
/// # Errors
///
/// `InvalidInput` for a size of zero, `OutOfMemory` when the process has too many images,
/// `Unsupported` on a processor without XSAVE, else what `sigaction` answers.
pub fn register_image(
    base: u64,
    size: u64,
    sink: Arc<dyn FaultSink>,
) -> io::Result<ImageRegistration> {
    if size == 0 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an image of no bytes",
        ));
    }
    signal::install()?;
    if IMAGES.insert(base, size, sink) {
        Ok(ImageRegistration { base })
    } else {
        Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            "too many images",
        ))
    }
}

impl Drop for ImageRegistration {
    fn drop(&mut self) {
        IMAGES.remove(self.base);
    }
}

impl fmt::Display for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execution",
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessViolation { address, access } => {
                write!(out, "access violation: {access} at address {address:#x}")
            }
            Self::NonCanonicalAddress {
                address: Some(address),
            } => {
                write!(out, "access to the non-canonical address {address:#x}")
            }
            Self::NonCanonicalAddress { address: None } => {
                out.write_str("access to a non-canonical address")
            }
            Self::MisalignedAddress {
                address: Some(address),
            } => {
                write!(
                    out,
                    "access to {address:#x}, which this instruction wants aligned"
                )
            }
            Self::MisalignedAddress { address: None } => {
                out.write_str("access to an address that this instruction wants aligned")
            }
            Self::StackOverflow { address } => write!(out, "stack overflow at {address:#x}"),
            Self::UnknownInstruction { address, name } => write!(
                out,
                "register access at {address:#x} by `{name}`, which this host does not complete"
            ),
            Self::AccessBeyondRegion { address, size } => write!(
                out,
                "access of {size} bytes at {address:#x}, which reaches behind the register mapping"
            ),
            Self::PrivilegedInstruction { name } => {
                write!(
                    out,
                    "privileged instruction `{name}`, which this host does not have"
                )
            }
            Self::IllegalInstruction => out.write_str("illegal instruction"),
            Self::Breakpoint => out.write_str("breakpoint"),
            Self::FastFail { code } => {
                write!(out, "`__fastfail` (int 0x29) with code {code}")?;
                match fast_fail_reason(*code) {
                    Some(reason) => write!(out, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::AssertionFailure => out.write_str("an assertion failed (int 0x2c)"),
            Self::UnknownProcessorField { offset } => write!(
                out,
                "access to gs:[{offset:#x}], which has no fixed place in the processor block"
            ),
            Self::SoftwareInterrupt { vector } => {
                write!(out, "software interrupt {vector:#x}, which nobody handles")
            }
            Self::DivideError => out.write_str("division by zero or quotient overflow"),
            Self::FloatingPoint => out.write_str("floating-point exception"),
            Self::Other { vector } => write!(out, "processor exception {vector}"),
        }
    }
}

/// Why code fails fast (*Bug Check 0x139: KERNEL_SECURITY_CHECK_FAILURE*, parameter 1).
fn fast_fail_reason(code: u32) -> Option<&'static str> {
    Some(match code {
        0 => "a stack-based buffer has been overrun",
        1 => "the table of virtual functions is corrupt",
        2 => "the stack cookie has been overwritten: a stack-based buffer has been overrun",
        3 => "a LIST_ENTRY is corrupt, for instance because an entry was removed twice",
        5 => "an invalid argument was passed",
        6 => "the security cookie was not initialised",
        7 => "the code asked to be ended",
        8 => "an array was indexed beyond its bounds",
        9 => "an unsafe registry access was refused",
        10 => "an indirect call went to no valid target (Control Flow Guard)",
        14 => "a reference count is invalid",
        18 => "a jump buffer is invalid",
        19 => "data that is read-only has been modified",
        _ => return None,
    })
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at rip {:#x}", self.kind, self.registers.rip)?;
        if let Some(caller) = self.caller {
            write!(out, ", called or jumped to from {caller:#x}")?;
        }
        Ok(())
    }
}
