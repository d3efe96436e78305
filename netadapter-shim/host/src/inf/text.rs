//! From bytes to text: encodings, the size limit, and characters that no text file holds.

use super::error::{InfError, Position};

/// The largest INF file that is read, in bytes. The largest ones that Windows ships are half of it.
pub(super) const FILE_BYTES_MAX: usize = 4 << 20;

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16_LITTLE_ENDIAN_MARK: &[u8] = &[0xFF, 0xFE];
const UTF16_BIG_ENDIAN_MARK: &[u8] = &[0xFE, 0xFF];

/// Decodes UTF-8, with or without a byte order mark, or UTF-16 with one.
pub(super) fn decode(bytes: &[u8]) -> Result<String, InfError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(InfError::whole_file(format!(
            "the file has {} bytes; an INF file of more than {FILE_BYTES_MAX} bytes is not read",
            bytes.len()
        )));
    }
    let text = if let Some(rest) = bytes.strip_prefix(UTF16_LITTLE_ENDIAN_MARK) {
        decode_utf16(rest, u16::from_le_bytes)?
    } else if let Some(rest) = bytes.strip_prefix(UTF16_BIG_ENDIAN_MARK) {
        decode_utf16(rest, u16::from_be_bytes)?
    } else {
        decode_utf8(bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes))?
    };
    refuse_control_characters(&text)?;
    Ok(text)
}

fn decode_utf8(bytes: &[u8]) -> Result<String, InfError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            Err(InfError::at(
                end_of(&valid),
                "a byte here is not UTF-8; save the file as UTF-8, or as UTF-16 with a byte order \
                 mark",
            ))
        }
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, InfError> {
    let (pairs, remainder) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) => text.push(character),
            Err(_) => {
                return Err(InfError::at(
                    end_of(&text),
                    "half of a UTF-16 surrogate pair stands here alone",
                ));
            }
        }
    }
    if remainder.is_empty() {
        Ok(text)
    } else {
        Err(InfError::at(
            end_of(&text),
            "the file is UTF-16 and ends in the middle of a character",
        ))
    }
}

fn refuse_control_characters(text: &str) -> Result<(), InfError> {
    let foreign = |character: char| {
        character.is_control() && !matches!(character, '\t' | '\r' | '\n' | '\x0C')
    };
    match text
        .char_indices()
        .find(|(_, character)| foreign(*character))
    {
        None => Ok(()),
        Some((index, '\0')) => Err(InfError::at(
            end_of(&text[..index]),
            "a NUL character stands here: the file is not a text file, or it is UTF-16 without a \
             byte order mark",
        )),
        Some((index, character)) => Err(InfError::at(
            end_of(&text[..index]),
            format!(
                "the control character U+{:04X} stands here; an INF file holds visible characters",
                u32::from(character)
            ),
        )),
    }
}

/// The position of the character that would follow `text`.
fn end_of(text: &str) -> Position {
    let mut position = Position { line: 1, column: 1 };
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let line_ends = match character {
            '\n' => true,
            '\r' => characters.peek() != Some(&'\n'),
            _ => false,
        };
        if line_ends {
            position.line += 1;
            position.column = 1;
        } else {
            position.column += 1;
        }
    }
    position
}
