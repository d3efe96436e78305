//! The description of an event.

use crate::bytes::Bytes;
use std::borrow::Cow;

/// How a field is stored (`TlgIn_t`).
#[allow(missing_docs, reason = "the names are those of the format")]
pub mod in_type {
    pub const UNICODE_STRING: u8 = 1;
    pub const ANSI_STRING: u8 = 2;
    pub const INT8: u8 = 3;
    pub const UINT8: u8 = 4;
    pub const INT16: u8 = 5;
    pub const UINT16: u8 = 6;
    pub const INT32: u8 = 7;
    pub const UINT32: u8 = 8;
    pub const INT64: u8 = 9;
    pub const UINT64: u8 = 10;
    pub const FLOAT: u8 = 11;
    pub const DOUBLE: u8 = 12;
    pub const BOOL32: u8 = 13;
    pub const BINARY: u8 = 14;
    pub const GUID: u8 = 15;
    pub const HEX_SIZE: u8 = 16;
    pub const FILETIME: u8 = 17;
    pub const SYSTEMTIME: u8 = 18;
    pub const SID: u8 = 19;
    pub const HEX_INT32: u8 = 20;
    pub const HEX_INT64: u8 = 21;
    pub const COUNTED_STRING: u8 = 22;
    pub const COUNTED_ANSI_STRING: u8 = 23;
    pub const STRUCT: u8 = 24;
    pub const COUNTED_BINARY: u8 = 25;
}

/// How a field is meant to be shown (`TlgOut_t`), as far as it changes how it is read here.
pub mod out_type {
    /// As its in-type says.
    pub const DEFAULT: u8 = 0;
    /// True or false.
    pub const BOOLEAN: u8 = 3;
    /// In hexadecimal.
    pub const HEX: u8 = 4;
    /// 8-bit text is UTF-8.
    pub const UTF8: u8 = 35;
}

const IN_TYPE_MASK: u8 = 0x1F;
const COUNT_MASK: u8 = 0x60;
const COUNT_CONSTANT: u8 = 0x20;
const COUNT_VARIABLE: u8 = 0x40;
const COUNT_CUSTOM: u8 = 0x60;
/// Another byte belongs to this.
pub(super) const CHAIN: u8 = 0x80;

/// The description of an event: its name and fields.
#[derive(Clone, Copy, Debug)]
pub struct EventMetadata<'a> {
    tags: u32,
    name: &'a [u8],
    fields: &'a [u8],
}

/// How many values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementCount {
    /// One.
    Scalar,
    /// As many as the description says.
    Constant(u16),
    /// As many as the payload says.
    Variable,
    /// Bytes in a format of their own.
    Custom,
}

/// The description of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMetadata<'a> {
    /// The field's name.
    pub name: Cow<'a, str>,
    /// How it is stored; see [`in_type`].
    pub in_type: u8,
    /// How it is meant to be shown; see [`out_type`]. For a structure the number of its fields.
    pub out_type: u8,
    /// How many values it has.
    pub count: ElementCount,
    /// Bits that the provider's author gave it.
    pub tags: u32,
}

impl<'a> EventMetadata<'a> {
    /// Reads a blob.
    pub fn parse(blob: &'a [u8]) -> Option<Self> {
        let mut bytes = Bytes::new(blob);
        let size = usize::from(bytes.u16()?);
        let mut bytes = Bytes::new(blob.get(2..size)?);
        let tags = tags(&mut bytes)?;
        let name = bytes.utf8_bytes();
        Some(Self {
            tags,
            name,
            fields: bytes.rest(),
        })
    }

    /// The event's name.
    pub fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.name)
    }

    /// Bits that the provider's author gave it.
    pub fn tags(&self) -> u32 {
        self.tags
    }

    /// The fields, in the order of the payload. Fields of a structure follow it.
    pub fn fields(&self) -> Fields<'a> {
        Fields(Bytes::new(self.fields))
    }
}

/// Fields of an event; ends early where the description is damaged.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(Bytes<'a>);

impl Fields<'_> {
    /// Whether all fields have been read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = FieldMetadata<'a>;

    fn next(&mut self) -> Option<FieldMetadata<'a>> {
        if self.0.is_empty() {
            return None;
        }
        // A field that is cut is not read again.
        let mut bytes = self.0;
        let field = field(&mut bytes);
        if field.is_some() {
            self.0 = bytes;
        }
        field
    }
}

fn field<'a>(bytes: &mut Bytes<'a>) -> Option<FieldMetadata<'a>> {
    let name = String::from_utf8_lossy(bytes.utf8_bytes());
    let stored = bytes.u8()?;
    let mut out_type = 0;
    let mut field_tags = 0;
    if stored & CHAIN != 0 {
        let shown = bytes.u8()?;
        out_type = shown & !CHAIN;
        if shown & CHAIN != 0 {
            field_tags = tags(bytes)?;
        }
    }
    let count = match stored & COUNT_MASK {
        COUNT_CONSTANT => ElementCount::Constant(bytes.u16()?),
        COUNT_VARIABLE => ElementCount::Variable,
        COUNT_CUSTOM => {
            let schema = usize::from(bytes.u16()?);
            bytes.skip(schema)?;
            ElementCount::Custom
        }
        _ => ElementCount::Scalar,
    };
    Some(FieldMetadata {
        name,
        in_type: stored & IN_TYPE_MASK,
        out_type,
        count,
        tags: field_tags,
    })
}

/// Up to four bytes of seven bits, the highest first.
fn tags(bytes: &mut Bytes<'_>) -> Option<u32> {
    let mut tags = 0;
    for position in 0..4 {
        let byte = bytes.u8()?;
        tags |= u32::from(byte & !CHAIN) << (21 - 7 * position);
        if byte & CHAIN == 0 {
            return Some(tags);
        }
    }
    None
}
