//! Which faults are exceptions that a driver can handle.

use crate::trap::{Access, FaultKind};
use netadapter_abi::nt::{DISPATCH_LEVEL, KIRQL};

/// What an exception is called, and what its record says besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionCode {
    /// The status.
    pub status: u32,
    /// The parameters of the record.
    pub parameters: Vec<u64>,
}

const STATUS_BREAKPOINT: u32 = 0x8000_0003;
const STATUS_ACCESS_VIOLATION: u32 = 0xC000_0005;
const STATUS_ILLEGAL_INSTRUCTION: u32 = 0xC000_001D;
const STATUS_INTEGER_DIVIDE_BY_ZERO: u32 = 0xC000_0094;
const STATUS_ASSERTION_FAILURE: u32 = 0xC000_0420;

/// Windows never maps the lowest addresses, not even for a process, so an access there is an access
/// violation wherever it happens. What else faults here would be an address of the kernel on
/// Windows, where it is *Bug Check 0x50: PAGE_FAULT_IN_NONPAGED_AREA* and no handler is asked.
const NEVER_MAPPED_BYTES: u64 = 64 * 1024;

/// The exception that a fault raises at an IRQL; nothing if no handler is asked: a page fault at
/// DISPATCH_LEVEL (*Bug Check 0xA: IRQL_NOT_LESS_OR_EQUAL*), a fail-fast, the end of the stack, or
/// something that only this host does not do.
pub fn code_of(kind: &FaultKind, irql: KIRQL) -> Option<ExceptionCode> {
    let (status, parameters) = match *kind {
        FaultKind::AccessViolation { address, access }
            if address < NEVER_MAPPED_BYTES && irql < DISPATCH_LEVEL =>
        {
            let access = match access {
                Access::Read => 0,
                Access::Write => 1,
                Access::Execute => 8,
            };
            (STATUS_ACCESS_VIOLATION, vec![access, address])
        }
        // A general-protection exception does not tell the address.
        FaultKind::NonCanonicalAddress { .. } | FaultKind::MisalignedAddress { .. } => {
            (STATUS_ACCESS_VIOLATION, vec![0, u64::MAX])
        }
        FaultKind::IllegalInstruction => (STATUS_ILLEGAL_INSTRUCTION, vec![]),
        FaultKind::Breakpoint => (STATUS_BREAKPOINT, vec![0]),
        FaultKind::DivideError => (STATUS_INTEGER_DIVIDE_BY_ZERO, vec![]),
        FaultKind::AssertionFailure => (STATUS_ASSERTION_FAILURE, vec![]),
        _ => return None,
    };
    Some(ExceptionCode { status, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(address: u64) -> FaultKind {
        let access = Access::Read;
        FaultKind::AccessViolation { address, access }
    }

    #[test]
    fn only_what_windows_offers_to_handlers_has_a_code() {
        let null = code_of(&read_at(0x18), 1).unwrap();
        assert_eq!((null.status, null.parameters), (0xC000_0005, vec![0, 0x18]));
        assert_eq!(code_of(&read_at(0x18), 2), None);
        assert_eq!(code_of(&read_at(0x7fff_0000_0000), 0), None);
        assert_eq!(code_of(&FaultKind::FastFail { code: 3 }, 0), None);
        let stack = FaultKind::StackOverflow { address: 0 };
        assert_eq!(code_of(&stack, 0), None);
        let division = code_of(&FaultKind::DivideError, 2).unwrap();
        assert_eq!(division.status, 0xC000_0094);
    }
}
