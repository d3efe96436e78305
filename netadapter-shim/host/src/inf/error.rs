//! Positions, errors and warnings: every message names the place and what was expected there.

use std::fmt;

/// A place in an INF file; both numbers start at 1 and count characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line as an editor numbers it.
    pub line: u32,
    /// The character in that line.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why an INF file cannot be read or cannot install the device.
///
/// The display form is one sentence that starts with the position, if the fault has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(.position))]
pub struct InfError {
    position: Option<Position>,
    message: String,
}

impl InfError {
    pub(super) fn at(position: Position, message: impl Into<String>) -> Self {
        Self {
            position: Some(position),
            message: message.into(),
        }
    }

    pub(super) fn whole_file(message: impl Into<String>) -> Self {
        Self {
            position: None,
            message: message.into(),
        }
    }

    /// The place of the fault; `None` when something is missing from the file as a whole.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The sentence without the position.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Something in the INF that Windows ignores or that this host does not act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it is; `None` when something is missing from the file as a whole.
    pub position: Option<Position>,
    /// What it is, in one sentence.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", prefix(&self.position), self.message)
    }
}

fn prefix(position: &Option<Position>) -> String {
    position.map_or_else(String::new, |position| format!("{position}: "))
}

/// Text of the file as it may appear in a message: bounded, on one line.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_CHARS_MAX: usize = 80;
        f.write_str("'")?;
        let mut chars = self.0.chars();
        for character in chars.by_ref().take(SHOWN_CHARS_MAX) {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        f.write_str(if chars.next().is_some() { "…'" } else { "'" })
    }
}
