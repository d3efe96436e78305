//! GUIDs as INF files write them.

use std::fmt;
use std::str::FromStr;

/// A GUID; the first hexadecimal digit of the text form is in the most significant bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// The four fields of the C structure `GUID`: `Data1` to `Data4`.
    pub fn to_fields(self) -> (u32, u16, u16, [u8; 8]) {
        let bytes = self.0.to_be_bytes();
        let [a, b, c, d, e, f, g, h, data4 @ ..] = bytes;
        (
            u32::from_be_bytes([a, b, c, d]),
            u16::from_be_bytes([e, f]),
            u16::from_be_bytes([g, h]),
            data4,
        )
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (data1, data2, data3, [a, b, tail @ ..]) = self.to_fields();
        write!(f, "{{{data1:08x}-{data2:04x}-{data3:04x}-{a:02x}{b:02x}-")?;
        for byte in tail {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("}")
    }
}

/// The text is not of the form `{nnnnnnnn-nnnn-nnnn-nnnn-nnnnnnnnnnnn}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a GUID of the form {{nnnnnnnn-nnnn-nnnn-nnnn-nnnnnnnnnnnn}}")]
pub struct NotAGuid;

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .ok_or(NotAGuid)?;
        let groups: Vec<&str> = inner.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        let digits = groups.concat();
        if lengths != [8, 4, 4, 4, 12] || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAGuid);
        }
        u128::from_str_radix(&digits, 16)
            .map(Self)
            .map_err(|_| NotAGuid)
    }
}
