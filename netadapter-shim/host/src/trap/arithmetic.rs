//! The arithmetic that instructions with a memory operand do, with its flags.

use super::registers::{mask, truncate};

const CARRY: u64 = 1 << 0;
const PARITY: u64 = 1 << 2;
const AUXILIARY_CARRY: u64 = 1 << 4;
const ZERO: u64 = 1 << 6;
const SIGN: u64 = 1 << 7;
const OVERFLOW: u64 = 1 << 11;
const ARITHMETIC: u64 = CARRY | PARITY | AUXILIARY_CARRY | ZERO | SIGN | OVERFLOW;

/// An operation on two operands of equal size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    And,
    Or,
    ExclusiveOr,
}

impl Operation {
    /// The result of `left` and `right` (both of `size_bytes`), and `rflags` after it. The auxiliary
    /// carry, which the logical operations leave undefined, is cleared by them, as processors do.
    pub(super) fn apply(self, left: u64, right: u64, size_bytes: u8, rflags: u64) -> (u64, u64) {
        let (left, right) = (truncate(left, size_bytes), truncate(right, size_bytes));
        let sign = mask(size_bytes) ^ mask(size_bytes) >> 1;
        let result = truncate(
            match self {
                Self::Add => left.wrapping_add(right),
                Self::Subtract => left.wrapping_sub(right),
                Self::And => left & right,
                Self::Or => left | right,
                Self::ExclusiveOr => left ^ right,
            },
            size_bytes,
        );
        let (carry, overflow) = match self {
            Self::Add => (
                result < left,
                (left ^ result) & (right ^ result) & sign != 0,
            ),
            Self::Subtract => (left < right, (left ^ right) & (left ^ result) & sign != 0),
            Self::And | Self::Or | Self::ExclusiveOr => (false, false),
        };
        let is_sum = matches!(self, Self::Add | Self::Subtract);
        let flags = [
            (carry, CARRY),
            ((result as u8).count_ones().is_multiple_of(2), PARITY),
            (
                is_sum && (left ^ right ^ result) & 0x10 != 0,
                AUXILIARY_CARRY,
            ),
            (result == 0, ZERO),
            (result & sign != 0, SIGN),
            (overflow, OVERFLOW),
        ]
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .fold(0, |flags, (_, flag)| flags | flag);
        (result, rflags & !ARITHMETIC | flags)
    }
}

/// `rflags` after a bit test of a bit with this value.
pub(super) fn bit_test(is_set: bool, rflags: u64) -> u64 {
    if is_set {
        rflags | CARRY
    } else {
        rflags & !CARRY
    }
}
