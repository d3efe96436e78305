//! The payload of an event, by its description.

use super::metadata::{ElementCount, EventMetadata, FieldMetadata, Fields, in_type, out_type};
use crate::bytes::{Bytes, utf16};
use std::borrow::Cow;
use uuid::Uuid;

/// Values of one event at most. A payload has fewer than 65,536 bytes; only arrays of empty
/// structures could make more.
const VALUES_MAX: usize = 1 << 16;

/// Structures within structures at most; the stack of the decoder is as deep.
const DEPTH_MAX: usize = 16;

/// A field's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number with sign.
    Signed(i64),
    /// A number without sign.
    Unsigned(u64),
    /// A number with a point.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(&'a [u8]),
    /// A GUID.
    Guid(Uuid),
    /// A FILETIME: units of 100 ns since 1601.
    FileTime(i64),
    /// A SYSTEMTIME: year, month, day of week, day, hour, minute, second, millisecond.
    SystemTime([u16; 8]),
    /// A security identifier.
    Sid(&'a [u8]),
    /// Fields of a structure.
    Struct(Vec<Field<'a>>),
    /// Several values.
    Array(Vec<Value<'a>>),
}

impl Value<'_> {
    /// The value as a number without sign, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => u64::try_from(*value).ok(),
            Self::Boolean(value) => Some(u64::from(*value)),
            _ => None,
        }
    }

    /// The value as text, if it is some.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values, if there are several.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }
}

/// A field with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<'a> {
    /// The field's name.
    pub name: Cow<'a, str>,
    /// How it is meant to be shown; see [`out_type`].
    pub out_type: u8,
    /// The value.
    pub value: Value<'a>,
}

/// The fields of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded<'a> {
    /// The fields, as far as payload and description go.
    pub fields: Vec<Field<'a>>,
    /// Payload or description ended early or were damaged.
    pub is_truncated: bool,
}

impl<'a> Decoded<'a> {
    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.value)
    }
}

/// Decodes `payload` by the event's description.
pub fn decode<'a>(
    metadata: &EventMetadata<'a>,
    payload: &'a [u8],
    pointer_size: u8,
) -> Decoded<'a> {
    let mut decoder = Decoder {
        payload: Bytes::new(payload),
        pointer_size,
        values_left: VALUES_MAX,
    };
    let mut fields = metadata.fields();
    let mut decoded = Decoded::default();
    while let Some(field) = fields.next() {
        match decoder.field(&field, &mut fields, 0) {
            Some(value) => decoded.fields.push(Field {
                name: field.name,
                out_type: field.out_type,
                value,
            }),
            None => {
                decoded.is_truncated = true;
                return decoded;
            }
        }
    }
    decoded.is_truncated = !fields.is_at_end();
    decoded
}

struct Decoder<'a> {
    payload: Bytes<'a>,
    pointer_size: u8,
    values_left: usize,
}

impl<'a> Decoder<'a> {
    /// All values of one field. The fields of a structure are taken from `rest`.
    fn field(
        &mut self,
        field: &FieldMetadata<'a>,
        rest: &mut Fields<'a>,
        depth: usize,
    ) -> Option<Value<'a>> {
        let count = match field.count {
            ElementCount::Custom => {
                let size = usize::from(self.payload.u16()?);
                return self.payload.take(size).map(Value::Binary);
            }
            ElementCount::Scalar => return self.one(field, rest, depth),
            ElementCount::Constant(count) => count,
            ElementCount::Variable => self.payload.u16()?,
        };
        let start = *rest;
        if count == 0 && field.in_type == in_type::STRUCT {
            skip_fields(rest, field.out_type, depth)?;
        }
        let mut values = Vec::new();
        for _ in 0..count {
            *rest = start;
            values.push(self.one(field, rest, depth)?);
        }
        Some(Value::Array(values))
    }

    fn one(
        &mut self,
        field: &FieldMetadata<'a>,
        rest: &mut Fields<'a>,
        depth: usize,
    ) -> Option<Value<'a>> {
        self.values_left = self.values_left.checked_sub(1)?;
        if field.in_type != in_type::STRUCT {
            return self.scalar(field.in_type, field.out_type);
        }
        if depth == DEPTH_MAX {
            return None;
        }
        let mut inside = Vec::new();
        for _ in 0..field.out_type {
            let field = rest.next()?;
            let value = self.field(&field, rest, depth + 1)?;
            inside.push(Field {
                name: field.name,
                out_type: field.out_type,
                value,
            });
        }
        Some(Value::Struct(inside))
    }

    fn scalar(&mut self, stored: u8, shown: u8) -> Option<Value<'a>> {
        let payload = &mut self.payload;
        Some(match stored {
            in_type::UNICODE_STRING => Value::Text(payload.utf16().into()),
            in_type::ANSI_STRING => Value::Text(String::from_utf8_lossy(payload.utf8_bytes())),
            in_type::INT8 => Value::Signed(payload.i8()?.into()),
            in_type::UINT8 if shown == out_type::BOOLEAN => Value::Boolean(payload.u8()? != 0),
            in_type::UINT8 => Value::Unsigned(payload.u8()?.into()),
            in_type::INT16 => Value::Signed((payload.u16()? as i16).into()),
            in_type::UINT16 => Value::Unsigned(payload.u16()?.into()),
            in_type::INT32 => Value::Signed(payload.i32()?.into()),
            in_type::UINT32 | in_type::HEX_INT32 => Value::Unsigned(payload.u32()?.into()),
            in_type::INT64 => Value::Signed(payload.i64()?),
            in_type::UINT64 | in_type::HEX_INT64 => Value::Unsigned(payload.u64()?),
            in_type::FLOAT => Value::Float(f32::from_bits(payload.u32()?).into()),
            in_type::DOUBLE => Value::Float(f64::from_bits(payload.u64()?)),
            in_type::BOOL32 => Value::Boolean(payload.u32()? != 0),
            in_type::BINARY | in_type::COUNTED_BINARY => Value::Binary(counted(payload)?),
            in_type::GUID => Value::Guid(payload.guid()?),
            in_type::HEX_SIZE => Value::Unsigned(payload.pointer(self.pointer_size)?),
            in_type::FILETIME => Value::FileTime(payload.i64()?),
            in_type::SYSTEMTIME => {
                let mut parts = [0; 8];
                for part in &mut parts {
                    *part = payload.u16()?;
                }
                Value::SystemTime(parts)
            }
            in_type::SID => {
                let mut ahead = *payload;
                ahead.skip(1)?;
                let length = 8 + 4 * usize::from(ahead.u8()?);
                Value::Sid(payload.take(length)?)
            }
            in_type::COUNTED_STRING => Value::Text(utf16(counted(payload)?).into()),
            in_type::COUNTED_ANSI_STRING => Value::Text(String::from_utf8_lossy(counted(payload)?)),
            _ => return None,
        })
    }
}

fn counted<'a>(payload: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let size = usize::from(payload.u16()?);
    payload.take(size)
}

/// Skips the descriptions of a structure's fields, of which there is no value.
fn skip_fields(rest: &mut Fields<'_>, count: u8, depth: usize) -> Option<()> {
    if depth == DEPTH_MAX {
        return None;
    }
    for _ in 0..count {
        let field = rest.next()?;
        if field.in_type == in_type::STRUCT {
            skip_fields(rest, field.out_type, depth + 1)?;
        }
    }
    Some(())
}
