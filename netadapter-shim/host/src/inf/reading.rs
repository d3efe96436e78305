//! Reading a parsed INF: string substitution, numbers, references to sections, and a bound on the
//! work that one file can cause.

use std::cell::{Cell, RefCell};

use super::document::Inf;
use super::error::{InfError, Position, Quoted, Warning};
use super::guid::Guid;
use super::syntax::{FIELD_CHARS_MAX, Field, Line, Section};

/// The most characters and entries that one installation may touch. A file of a few kilobytes can
/// name one section thousands of times; the bound keeps that from taking minutes and gigabytes.
const WORK_MAX: usize = 8 << 20;
/// The most warnings that are kept.
const WARNINGS_MAX: usize = 256;

/// One reading of an INF for one target system.
pub(super) struct Reader<'a> {
    inf: &'a Inf,
    driver_store: String,
    work: Cell<usize>,
    warnings: RefCell<Vec<Warning>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(inf: &'a Inf, architecture: &str) -> Self {
        Self {
            inf,
            driver_store: inf.driver_store_directory(architecture),
            work: Cell::new(0),
            warnings: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn inf(&self) -> &'a Inf {
        self.inf
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings.into_inner()
    }

    pub(super) fn warn(&self, position: Option<Position>, message: String) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < WARNINGS_MAX {
            warnings.push(Warning { position, message });
        }
    }

    /// Accounts for `amount` characters or entries.
    pub(super) fn charge(&self, amount: usize, position: Position) -> Result<(), InfError> {
        self.work.set(self.work.get().saturating_add(amount));
        if self.work.get() > WORK_MAX {
            return Err(InfError::at(
                position,
                format!(
                    "installing this INF reads more than {WORK_MAX} characters; it is too large, \
                     or refers to its sections too often"
                ),
            ));
        }
        Ok(())
    }

    /// The directory that a DIRID stands for (*Using Dirids*), without a trailing backslash.
    pub(super) fn directory(&self, dirid: u32) -> Option<&str> {
        match dirid {
            10 => Some(r"\SystemRoot"),
            11 => Some(r"\SystemRoot\System32"),
            12 => Some(r"\SystemRoot\System32\drivers"),
            13 => Some(&self.driver_store),
            _ => None,
        }
    }

    /// The text of a field with its string tokens expanded. Expansion does not recurse: the value
    /// of a string is taken as it is.
    pub(super) fn text(&self, field: &Field) -> Result<String, InfError> {
        let mut expanded = String::new();
        let mut rest = field.text.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            expanded.push_str(before);
            let Some((token, after)) = after.split_once('%') else {
                return Err(InfError::at(
                    field.position,
                    "a single '%' stands here; expected %name%, or %% for the character itself",
                ));
            };
            expanded.push_str(self.token(token, field.position)?);
            if expanded.len() > FIELD_CHARS_MAX * 4 {
                break;
            }
            rest = after;
        }
        expanded.push_str(rest);
        let chars = expanded.chars().count();
        self.charge(chars + 1, field.position)?;
        if chars > FIELD_CHARS_MAX {
            return Err(InfError::at(
                field.position,
                format!(
                    "after string substitution this field is longer than {FIELD_CHARS_MAX} \
                     characters"
                ),
            ));
        }
        Ok(expanded)
    }

    fn token(&self, token: &str, position: Position) -> Result<&str, InfError> {
        if token.is_empty() {
            return Ok("%");
        }
        if let Some(value) = self.inf.string(token) {
            return Ok(value);
        }
        token
            .parse()
            .ok()
            .and_then(|dirid| self.directory(dirid))
            .ok_or_else(|| {
                InfError::at(
                    position,
                    format!("the string {} is not defined in [Strings]", Quoted(token)),
                )
            })
    }

    /// The expanded field number `index` (0 is the first after `=`), or `None` if it is absent.
    pub(super) fn optional(&self, line: &Line, index: usize) -> Result<Option<String>, InfError> {
        match line.fields.get(index) {
            Some(field) if !field.is_absent() => self.text(field).map(Some),
            _ => Ok(None),
        }
    }

    /// The expanded field number `index`, which `what` describes in the error if it is absent.
    pub(super) fn required(
        &self,
        line: &Line,
        index: usize,
        what: &str,
    ) -> Result<String, InfError> {
        self.optional(line, index)?.ok_or_else(|| {
            let position = line
                .fields
                .get(index)
                .map_or(line.position, |field| field.position);
            InfError::at(
                position,
                format!("expected {what} as value {} of this entry", index + 1),
            )
        })
    }

    /// A number, or `default` if the field is absent.
    pub(super) fn number_or(
        &self,
        line: &Line,
        index: usize,
        default: u32,
    ) -> Result<u32, InfError> {
        match self.optional(line, index)? {
            None => Ok(default),
            Some(text) => self.parse_number(&text, line, index),
        }
    }

    /// A number that has to be there.
    pub(super) fn number(&self, line: &Line, index: usize, what: &str) -> Result<u32, InfError> {
        let text = self.required(line, index, what)?;
        self.parse_number(&text, line, index)
    }

    fn parse_number(&self, text: &str, line: &Line, index: usize) -> Result<u32, InfError> {
        parse_number(text).ok_or_else(|| {
            InfError::at(
                position_of(line, index),
                format!(
                    "expected a number of 32 bits, decimal or with 0x, found {}",
                    Quoted(text)
                ),
            )
        })
    }

    /// A GUID that has to be there.
    pub(super) fn guid(&self, line: &Line, index: usize) -> Result<Guid, InfError> {
        let text = self.required(line, index, "a GUID")?;
        text.parse().map_err(|error| {
            InfError::at(
                position_of(line, index),
                format!("{error}, found {}", Quoted(&text)),
            )
        })
    }

    /// The section that field `index` names.
    pub(super) fn section(&self, line: &Line, index: usize) -> Result<&'a Section, InfError> {
        let name = self.required(line, index, "a section name")?;
        self.inf.section(&name).ok_or_else(|| {
            InfError::at(
                position_of(line, index),
                format!("there is no section {}", Quoted(&name)),
            )
        })
    }

    /// The entries of a section, each accounted for.
    pub(super) fn lines<'s>(&self, section: &'s Section) -> Result<&'s [Line], InfError> {
        self.charge(section.lines.len() + 1, section.position)?;
        Ok(&section.lines)
    }

    /// The first entry of a section with this key.
    pub(super) fn entry<'s>(
        &self,
        section: &'s Section,
        key: &str,
    ) -> Result<Option<&'s Line>, InfError> {
        for line in self.lines(section)? {
            if let Some(field) = &line.key
                && self.text(field)?.eq_ignore_ascii_case(key)
            {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

/// Where a field is, or would be.
pub(super) fn position_of(line: &Line, index: usize) -> Position {
    line.fields
        .get(index)
        .map_or(line.position, |field| field.position)
}

/// A number as SetupAPI reads an integer field: decimal with an optional sign, or hexadecimal.
pub(super) fn parse_number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = digits {
        return if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            u32::from_str_radix(digits, 16).ok()
        } else {
            None
        };
    }
    match text.strip_prefix('-') {
        Some(_) => text.parse::<i32>().ok().map(i32::cast_unsigned),
        None => text.parse().ok(),
    }
}
