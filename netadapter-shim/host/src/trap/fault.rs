//! Faults of driver code, and who hears of them.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::ranges::RangeTable;
use super::registers::Registers;
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
    /// `int` with another number; 0x29 is `__fastfail`, whose code is in `rcx`.
    SoftwareInterrupt {
        /// The number.
        vector: u8,
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

/// Hears of the faults of one image.
pub trait FaultSink: Send + Sync {
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
            Self::SoftwareInterrupt { vector: 0x29 } => {
                out.write_str("`__fastfail` (int 0x29): the code found itself corrupted")
            }
            Self::SoftwareInterrupt { vector } => {
                write!(out, "software interrupt {vector:#x}, which nobody handles")
            }
            Self::DivideError => out.write_str("division by zero or quotient overflow"),
            Self::FloatingPoint => out.write_str("floating-point exception"),
            Self::Other { vector } => write!(out, "processor exception {vector}"),
        }
    }
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
