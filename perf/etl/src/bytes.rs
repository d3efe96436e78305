//! A view of bytes that is read from the front, and never beyond its end.

use uuid::Uuid;

/// Bytes that have not been read yet. Everything is little-endian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i8(&mut self) -> Option<i8> {
        self.array().map(i8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A pointer of a producer whose pointers have `size` bytes.
    pub(crate) fn pointer(&mut self, size: u8) -> Option<u64> {
        if size == 4 {
            self.u32().map(u64::from)
        } else {
            self.u64()
        }
    }

    pub(crate) fn guid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes_le)
    }

    /// UTF-16 up to its NUL, or up to the end where the NUL is missing.
    pub(crate) fn utf16(&mut self) -> String {
        let units = self.0.chunks_exact(2);
        let length = units.take_while(|unit| **unit != [0, 0]).count() * 2;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest.get(2..).unwrap_or_default();
        utf16(text)
    }

    /// 8-bit text up to its NUL, or up to the end where the NUL is missing.
    pub(crate) fn utf8(&mut self) -> String {
        String::from_utf8_lossy(self.utf8_bytes()).into_owned()
    }

    /// The bytes of 8-bit text up to its NUL, or up to the end where the NUL is missing.
    pub(crate) fn utf8_bytes(&mut self) -> &'a [u8] {
        let length = self.0.iter().position(|byte| *byte == 0);
        let (text, rest) = self.0.split_at(length.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        text
    }
}

/// UTF-16 without its NUL as text; what is no UTF-16 becomes U+FFFD.
pub(crate) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2);
    let units = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Adds `text` as UTF-16 with its NUL.
pub(crate) fn put_utf16(out: &mut Vec<u8>, text: &str) {
    for unit in text.encode_utf16().chain([0]) {
        out.extend_from_slice(&unit.to_le_bytes());
    }
}

/// Adds `text` and its NUL.
pub(crate) fn put_utf8(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// Adds `value` as a pointer of `size` bytes.
pub(crate) fn put_pointer(out: &mut Vec<u8>, value: u64, size: u8) {
    let bytes = value.to_le_bytes();
    out.extend_from_slice(&bytes[..if size == 4 { 4 } else { 8 }]);
}

/// `size` rounded up to a multiple of 8.
pub(crate) fn align8(size: usize) -> usize {
    size.next_multiple_of(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_beyond_the_end() {
        let mut bytes = Bytes::new(&[1, 2, 3]);
        assert_eq!(bytes.u32(), None);
        assert_eq!(bytes.u16(), Some(0x0201));
        assert_eq!(bytes.take(2), None);
        assert_eq!((bytes.u8(), bytes.u8()), (Some(3), None));
    }

    #[test]
    fn text_without_its_nul_ends_with_the_bytes() {
        let mut text = Vec::new();
        put_utf16(&mut text, "a\u{1F980}");
        text.extend_from_slice(&[b'b', 0, b'c']);
        let mut bytes = Bytes::new(&text);
        assert_eq!(bytes.utf16(), "a\u{1F980}");
        assert_eq!(bytes.utf16(), "b");
        let mut bytes = Bytes::new(b"one\0two");
        assert_eq!((bytes.utf8(), bytes.utf8()), ("one".into(), "two".into()));
        assert!(bytes.is_empty());
    }
}
