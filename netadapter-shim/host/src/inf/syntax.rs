//! Sections, lines and fields: *General Syntax Rules for INF Files*.
//!
//! String tokens (`%name%`) stay as they are here; they are expanded where a field is read.

use std::str::Chars;

use super::error::{InfError, Position, Quoted};

/// The longest field before and after string substitution, in characters: *General Syntax Rules
/// for INF Files*, "INF Size Limits", says 4096 with the terminating NUL.
pub(super) const FIELD_CHARS_MAX: usize = 4095;
/// The longest section name, in characters; same page, "Section Names".
const SECTION_NAME_CHARS_MAX: usize = 255;
/// The longest entry with all its continuation lines, in characters.
const LINE_CHARS_MAX: usize = 65_536;
/// The most fields that a file may have; bounds the memory that 4 MiB of commas would take.
const FIELDS_MAX: usize = 1 << 19;
/// The most section headers that a file may have.
const SECTIONS_MAX: usize = 1 << 16;

/// One value of an entry, without its quotation marks.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) text: String,
    /// Whether any part was quoted, which makes an empty value different from an absent one.
    pub(super) quoted: bool,
    pub(super) position: Position,
}

impl Field {
    pub(super) fn is_absent(&self) -> bool {
        self.text.is_empty() && !self.quoted
    }
}

/// One entry: `key = field, field` or `field, field`.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) key: Option<Field>,
    pub(super) fields: Vec<Field>,
    pub(super) position: Position,
}

/// One section; sections of the same name are already merged.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) position: Position,
    pub(super) lines: Vec<Line>,
}

/// Parses a whole file into the section headers in file order, each with its lines.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, InfError> {
    let mut parser = Parser::new(text);
    let mut sections: Vec<Section> = Vec::new();
    loop {
        parser.skip_blanks();
        match parser.peek() {
            None => return Ok(sections),
            Some('\r' | '\n') => parser.end_line(),
            Some(';') => parser.skip_comment(),
            Some('[') => {
                let section = parser.header()?;
                if sections.len() == SECTIONS_MAX {
                    return Err(InfError::at(
                        section.position,
                        format!("more than {SECTIONS_MAX} sections in one file"),
                    ));
                }
                sections.push(section);
            }
            Some(_) => {
                let position = parser.position;
                let Some(section) = sections.last_mut() else {
                    return Err(InfError::at(
                        position,
                        "expected a [section] header before the first entry",
                    ));
                };
                section.lines.push(parser.line()?);
            }
        }
    }
}

/// What ended a field.
enum Delimiter {
    Equals,
    Comma,
    EndOfLine,
}

/// A field under construction; trailing blanks are dropped unless they were quoted.
struct FieldBuilder {
    field: Field,
    chars: usize,
    kept_bytes: usize,
}

impl FieldBuilder {
    fn new(position: Position) -> Self {
        Self {
            field: Field {
                text: String::new(),
                quoted: false,
                position,
            },
            chars: 0,
            kept_bytes: 0,
        }
    }

    fn push(&mut self, character: char) -> Result<(), InfError> {
        if self.chars == FIELD_CHARS_MAX {
            return Err(InfError::at(
                self.field.position,
                format!("a field is longer than {FIELD_CHARS_MAX} characters"),
            ));
        }
        self.chars += 1;
        self.field.text.push(character);
        Ok(())
    }

    fn keep(&mut self) {
        self.kept_bytes = self.field.text.len();
    }

    fn push_kept(&mut self, character: char) -> Result<(), InfError> {
        self.push(character)?;
        self.keep();
        Ok(())
    }

    fn finish(mut self) -> Field {
        self.field.text.truncate(self.kept_bytes);
        self.field
    }
}

struct Parser<'a> {
    rest: Chars<'a>,
    position: Position,
    line_chars: usize,
    fields: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars(),
            position: Position { line: 1, column: 1 },
            line_chars: 0,
            fields: 0,
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some('\r' | '\n'))
    }

    /// Takes one character that does not end the line.
    fn bump(&mut self) -> Option<char> {
        let character = self.rest.next();
        if character.is_some() {
            self.position.column += 1;
            self.line_chars += 1;
        }
        character
    }

    /// Takes a carriage return, a line feed, or both.
    fn end_line(&mut self) {
        if self.rest.next() == Some('\r') && self.peek() == Some('\n') {
            self.rest.next();
        }
        self.position.line += 1;
        self.position.column = 1;
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.bump();
        }
    }

    fn skip_comment(&mut self) {
        while !self.at_line_end() {
            self.bump();
        }
    }

    fn header(&mut self) -> Result<Section, InfError> {
        let position = self.position;
        self.bump();
        let mut name = String::new();
        loop {
            if self.at_line_end() {
                return Err(InfError::at(
                    position,
                    "this section header is not closed; expected ']' on the same line",
                ));
            }
            match self.bump() {
                Some(']') | None => break,
                Some(character) => name.push(character),
            }
        }
        if name.is_empty() || name.chars().count() > SECTION_NAME_CHARS_MAX {
            return Err(InfError::at(
                position,
                format!("a section name has 1 to {SECTION_NAME_CHARS_MAX} characters"),
            ));
        }
        self.skip_blanks();
        if !self.at_line_end() && self.peek() != Some(';') {
            return Err(InfError::at(
                self.position,
                format!(
                    "expected the end of the line after the header {}",
                    Quoted(&name)
                ),
            ));
        }
        Ok(Section {
            name,
            position,
            lines: Vec::new(),
        })
    }

    fn line(&mut self) -> Result<Line, InfError> {
        let position = self.position;
        self.line_chars = 0;
        let mut key = None;
        let mut fields = Vec::new();
        loop {
            let (field, delimiter) = self.field(key.is_none() && fields.is_empty())?;
            self.count_field(position)?;
            match delimiter {
                Delimiter::Equals if field.text.is_empty() => {
                    return Err(InfError::at(position, "expected a name before '='"));
                }
                Delimiter::Equals => key = Some(field),
                Delimiter::Comma => fields.push(field),
                Delimiter::EndOfLine => {
                    if !(fields.is_empty() && field.is_absent()) {
                        fields.push(field);
                    }
                    return Ok(Line {
                        key,
                        fields,
                        position,
                    });
                }
            }
        }
    }

    fn count_field(&mut self, line: Position) -> Result<(), InfError> {
        self.fields += 1;
        if self.fields > FIELDS_MAX {
            return Err(InfError::at(
                line,
                format!("more than {FIELDS_MAX} fields in one file"),
            ));
        }
        Ok(())
    }

    fn field(&mut self, may_be_key: bool) -> Result<(Field, Delimiter), InfError> {
        self.skip_blanks();
        let mut builder = FieldBuilder::new(self.position);
        loop {
            if self.line_chars > LINE_CHARS_MAX {
                return Err(InfError::at(
                    self.position,
                    format!("an entry is longer than {LINE_CHARS_MAX} characters"),
                ));
            }
            if self.at_line_end() {
                return Ok((builder.finish(), Delimiter::EndOfLine));
            }
            match self.peek() {
                Some(';') => {
                    self.skip_comment();
                    return Ok((builder.finish(), Delimiter::EndOfLine));
                }
                Some(',') => {
                    self.bump();
                    return Ok((builder.finish(), Delimiter::Comma));
                }
                Some('=') if may_be_key => {
                    self.bump();
                    return Ok((builder.finish(), Delimiter::Equals));
                }
                Some('"') => self.quoted(&mut builder)?,
                Some('%') => self.string_token(&mut builder)?,
                Some('\\') => self.backslashes(&mut builder)?,
                Some(character) => {
                    self.bump();
                    builder.push(character)?;
                    if !is_blank(character) {
                        builder.keep();
                    }
                }
                None => {}
            }
        }
    }

    fn quoted(&mut self, builder: &mut FieldBuilder) -> Result<(), InfError> {
        let opening = self.position;
        self.bump();
        builder.field.quoted = true;
        loop {
            if self.at_line_end() {
                return Err(InfError::at(
                    opening,
                    "this quoted string is not closed; expected '\"' on the same line (a \
                     quotation mark inside a string is written twice)",
                ));
            }
            match self.bump() {
                Some('"') if self.peek() == Some('"') => {
                    self.bump();
                    builder.push_kept('"')?;
                }
                Some('"') | None => {
                    builder.keep();
                    return Ok(());
                }
                Some(character) => builder.push_kept(character)?,
            }
        }
    }

    /// Copies `%name%` or `%%` whole: a semicolon or comma inside a token does not end anything.
    fn string_token(&mut self, builder: &mut FieldBuilder) -> Result<(), InfError> {
        self.bump();
        builder.push_kept('%')?;
        let closed = self
            .rest
            .clone()
            .take_while(|character| !matches!(character, '\r' | '\n'))
            .any(|character| character == '%');
        if !closed {
            return Ok(());
        }
        loop {
            match self.bump() {
                Some('%') | None => return builder.push_kept('%'),
                Some(character) => builder.push_kept(character)?,
            }
        }
    }

    /// Backslashes before the end of the line, or before a comment, continue the entry.
    fn backslashes(&mut self, builder: &mut FieldBuilder) -> Result<(), InfError> {
        let position = self.position;
        let mut count = 0_usize;
        while self.peek() == Some('\\') {
            self.bump();
            count += 1;
        }
        let next = self.rest.clone().find(|character| !is_blank(*character));
        if !matches!(next, None | Some('\r' | '\n' | ';')) {
            for _ in 0..count {
                builder.push_kept('\\')?;
            }
            return Ok(());
        }
        self.skip_comment();
        if self.peek().is_none() {
            return Err(InfError::at(
                position,
                "a backslash continues this entry, but the file ends here",
            ));
        }
        self.end_line();
        self.skip_blanks();
        Ok(())
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\r' | '\n')
}
