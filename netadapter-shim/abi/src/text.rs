//! UTF-16 constants.

/// A NUL-terminated UTF-16 constant, as `&'static [u16; N]`.
///
/// ```
/// assert_eq!(netadapter_abi::utf16!("Net"), &[0x4E, 0x65, 0x74, 0]);
/// ```
#[macro_export]
macro_rules! utf16 {
    ($text:expr) => {{
        const UNITS: [u16; $crate::text::utf16_units($text) + 1] =
            $crate::text::utf16_encode($text);
        &UNITS
    }};
}

/// The number of UTF-16 units of a string, without a terminator.
pub const fn utf16_units(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut units = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (scalar, length) = scalar_at(bytes, at);
        units += if scalar >= 0x1_0000 { 2 } else { 1 };
        at += length;
    }
    units
}

/// The UTF-16 form of a string; units after it are 0.
///
/// # Panics
///
/// When the string has more than `N` units.
pub const fn utf16_encode<const N: usize>(text: &str) -> [u16; N] {
    let bytes = text.as_bytes();
    let mut encoded = [0; N];
    let mut unit = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (scalar, length) = scalar_at(bytes, at);
        if scalar >= 0x1_0000 {
            encoded[unit] = 0xD800 + ((scalar - 0x1_0000) >> 10) as u16;
            encoded[unit + 1] = 0xDC00 + ((scalar - 0x1_0000) & 0x3FF) as u16;
            unit += 2;
        } else {
            encoded[unit] = scalar as u16;
            unit += 1;
        }
        at += length;
    }
    encoded
}

/// Decodes the character that starts at a byte of valid UTF-8; gives its value and its length in bytes.
const fn scalar_at(bytes: &[u8], at: usize) -> (u32, usize) {
    let (mut scalar, length) = match bytes[at] {
        first @ 0..0x80 => (first as u32, 1),
        first @ 0x80..0xE0 => ((first & 0x1F) as u32, 2),
        first @ 0xE0..0xF0 => ((first & 0x0F) as u32, 3),
        first => ((first & 0x07) as u32, 4),
    };
    let mut next = 1;
    while next < length {
        scalar = scalar << 6 | (bytes[at + next] & 0x3F) as u32;
        next += 1;
    }
    (scalar, length)
}
