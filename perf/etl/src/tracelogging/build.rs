//! Descriptions and payloads of events to write.

use super::metadata::{in_type, out_type};
use crate::bytes::{put_utf8, put_utf16};
use uuid::Uuid;

const VARIABLE_COUNT: u8 = 0x40;
const OUT_TYPE_FOLLOWS: u8 = 0x80;

/// The provider's metadata: its name, without traits.
pub fn provider_metadata(name: &str) -> Vec<u8> {
    let mut blob = vec![0, 0];
    put_utf8(&mut blob, name);
    close(&mut blob);
    blob
}

/// What a field can hold.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are those of the types")]
pub enum FieldValue<'a> {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    I32(i32),
    I64(i64),
    Hex32(u32),
    Hex64(u64),
    F64(f64),
    Bool(bool),
    /// Counted UTF-8.
    Text(&'a str),
    /// UTF-16 with its NUL.
    WideText(&'a str),
    Binary(&'a [u8]),
    Guid(Uuid),
    FileTime(i64),
    U16Array(&'a [u16]),
    U32Array(&'a [u32]),
    U64Array(&'a [u64]),
}

/// Makes an event's description and its payload, field by field.
#[derive(Clone, Debug)]
pub struct EventBuilder {
    metadata: Vec<u8>,
    payload: Vec<u8>,
}

impl EventBuilder {
    /// An event of this name, without fields yet.
    pub fn new(name: &str) -> Self {
        // The size, and no tags.
        let mut metadata = vec![0, 0, 0];
        put_utf8(&mut metadata, name);
        Self {
            metadata,
            payload: Vec::new(),
        }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: &str, value: FieldValue<'_>) -> Self {
        put_utf8(&mut self.metadata, name);
        let (stored, shown) = types(&value);
        if shown == out_type::DEFAULT {
            self.metadata.push(stored);
        } else {
            self.metadata.push(stored | OUT_TYPE_FOLLOWS);
            self.metadata.push(shown);
        }
        put_value(&mut self.payload, &value);
        self
    }

    /// Begins a structure of the `fields` fields that are added next.
    #[must_use]
    pub fn structure(mut self, name: &str, fields: u8) -> Self {
        put_utf8(&mut self.metadata, name);
        self.metadata.push(in_type::STRUCT | OUT_TYPE_FOLLOWS);
        self.metadata.push(fields & !OUT_TYPE_FOLLOWS);
        self
    }

    /// The description and the payload.
    pub fn finish(mut self) -> (Vec<u8>, Vec<u8>) {
        close(&mut self.metadata);
        (self.metadata, self.payload)
    }
}

/// Sets the size in front of a blob. One that is too long says a size that no record can have, and
/// the writer refuses it.
fn close(blob: &mut [u8]) {
    let size = u16::try_from(blob.len()).unwrap_or(u16::MAX);
    blob[..2].copy_from_slice(&size.to_le_bytes());
}

fn types(value: &FieldValue<'_>) -> (u8, u8) {
    let stored = match value {
        FieldValue::U8(_) => in_type::UINT8,
        FieldValue::U16(_) => in_type::UINT16,
        FieldValue::U32(_) => in_type::UINT32,
        FieldValue::U64(_) => in_type::UINT64,
        FieldValue::I32(_) => in_type::INT32,
        FieldValue::I64(_) => in_type::INT64,
        FieldValue::Hex32(_) => in_type::HEX_INT32,
        FieldValue::Hex64(_) => in_type::HEX_INT64,
        FieldValue::F64(_) => in_type::DOUBLE,
        FieldValue::Bool(_) => in_type::BOOL32,
        FieldValue::Text(_) => return (in_type::COUNTED_ANSI_STRING, out_type::UTF8),
        FieldValue::WideText(_) => in_type::UNICODE_STRING,
        FieldValue::Binary(_) => in_type::BINARY,
        FieldValue::Guid(_) => in_type::GUID,
        FieldValue::FileTime(_) => in_type::FILETIME,
        FieldValue::U16Array(_) => in_type::UINT16 | VARIABLE_COUNT,
        FieldValue::U32Array(_) => in_type::UINT32 | VARIABLE_COUNT,
        FieldValue::U64Array(_) => in_type::UINT64 | VARIABLE_COUNT,
    };
    (stored, out_type::DEFAULT)
}

fn put_value(out: &mut Vec<u8>, value: &FieldValue<'_>) {
    match value {
        FieldValue::U8(value) => out.push(*value),
        FieldValue::U16(value) => out.extend_from_slice(&value.to_le_bytes()),
        FieldValue::U32(value) | FieldValue::Hex32(value) => {
            out.extend_from_slice(&value.to_le_bytes());
        }
        FieldValue::U64(value) | FieldValue::Hex64(value) => {
            out.extend_from_slice(&value.to_le_bytes());
        }
        FieldValue::I32(value) => out.extend_from_slice(&value.to_le_bytes()),
        FieldValue::I64(value) | FieldValue::FileTime(value) => {
            out.extend_from_slice(&value.to_le_bytes());
        }
        FieldValue::F64(value) => out.extend_from_slice(&value.to_le_bytes()),
        FieldValue::Bool(value) => out.extend_from_slice(&u32::from(*value).to_le_bytes()),
        FieldValue::Text(text) => put_counted(out, text.as_bytes()),
        FieldValue::WideText(text) => put_utf16(out, text),
        FieldValue::Binary(bytes) => put_counted(out, bytes),
        FieldValue::Guid(guid) => out.extend_from_slice(&guid.to_bytes_le()),
        FieldValue::U16Array(values) => put_array(out, values.iter().map(|v| v.to_le_bytes())),
        FieldValue::U32Array(values) => put_array(out, values.iter().map(|v| v.to_le_bytes())),
        FieldValue::U64Array(values) => put_array(out, values.iter().map(|v| v.to_le_bytes())),
    }
}

fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    let count = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_array<const N: usize>(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = [u8; N]>) {
    let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    values.for_each(|value| out.extend_from_slice(&value));
}
