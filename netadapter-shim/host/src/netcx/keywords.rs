//! Configuration keywords of a device, read as NDIS reads them.

use crate::pnp::{DeviceNode, KeyValue};
use std::sync::Arc;

/// Why a keyword has no value of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeywordError {
    /// There is no such keyword.
    Missing,
    /// It has another type, or its text is no such value.
    WrongType,
    /// It is longer than its type may be.
    TooLong,
}

/// How the text of a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Radix {
    /// Digits.
    Decimal,
    /// Hexadecimal digits, with or without `0x`.
    Hexadecimal,
}

/// The keywords of one device.
#[derive(Clone)]
pub(crate) struct Keywords {
    node: Arc<dyn DeviceNode>,
}

impl Keywords {
    pub(crate) fn new(node: Arc<dyn DeviceNode>) -> Self {
        Self { node }
    }

    /// A number: REG_DWORD, or the text of one.
    pub(crate) fn number(&self, name: &str, radix: Radix) -> Result<u32, KeywordError> {
        match self.node.keyword(name) {
            None => Err(KeywordError::Missing),
            Some(KeyValue::Dword(value)) => Ok(value),
            Some(KeyValue::String(text)) => {
                parse_number(&text, radix).ok_or(KeywordError::WrongType)
            }
            Some(_) => Err(KeywordError::WrongType),
        }
    }

    /// A number, if the keyword is one.
    pub(crate) fn number_if_set(&self, name: &str) -> Option<u32> {
        self.number(name, Radix::Decimal).ok()
    }

    /// `NetworkAddress`: the link-layer address that an administrator chose.
    pub(crate) fn network_address(&self, longest: usize) -> Result<Vec<u8>, KeywordError> {
        match self.node.keyword("NetworkAddress") {
            None => Err(KeywordError::Missing),
            Some(KeyValue::String(text)) => {
                let address = parse_address(&text).ok_or(KeywordError::WrongType)?;
                if address.len() > longest {
                    Err(KeywordError::TooLong)
                } else {
                    Ok(address)
                }
            }
            Some(_) => Err(KeywordError::WrongType),
        }
    }
}

fn parse_number(text: &str, radix: Radix) -> Option<u32> {
    let text = text.trim();
    match radix {
        Radix::Decimal => text.parse().ok(),
        Radix::Hexadecimal => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
            u32::from_str_radix(digits.unwrap_or(text), 16).ok()
        }
    }
}

/// Pairs of hexadecimal digits, with or without hyphens.
fn parse_address(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = text
        .trim()
        .chars()
        .filter(|&character| character != '-')
        .collect();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| Some((pair[0].to_digit(16)? * 16 + pair[1].to_digit(16)?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_unless_hexadecimal_is_asked_for() {
        assert_eq!(parse_number(" 16", Radix::Decimal), Some(16));
        assert_eq!(parse_number("16", Radix::Hexadecimal), Some(22));
        assert_eq!(parse_number("0xff", Radix::Hexadecimal), Some(255));
        assert_eq!(parse_number("ff", Radix::Decimal), None);
        assert_eq!(parse_number("4294967296", Radix::Decimal), None);
    }

    #[test]
    fn addresses_may_have_hyphens_and_must_have_whole_bytes() {
        assert_eq!(
            parse_address("02-00-00-00-00-01"),
            Some(vec![2, 0, 0, 0, 0, 1])
        );
        assert_eq!(
            parse_address("0200000000FE"),
            Some(vec![2, 0, 0, 0, 0, 0xFE])
        );
        assert_eq!(parse_address("020"), None);
        assert_eq!(parse_address("zz"), None);
        assert_eq!(parse_address(""), None);
    }
}
