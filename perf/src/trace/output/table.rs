//! A table, whatever it is shown as.

use std::borrow::Cow;

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number, shown with so many decimals.
    Number(f64, usize),
    /// Nothing is known.
    Missing,
}

impl Cell {
    /// Microseconds, from nanoseconds.
    pub fn us(ns: u64) -> Self {
        Self::Number(ns as f64 / 1e3, 1)
    }

    /// Microseconds, from nanoseconds with a fraction.
    pub fn us_f64(ns: f64) -> Self {
        Self::Number(ns / 1e3, 1)
    }

    /// Milliseconds, from nanoseconds.
    pub fn ms(ns: i64) -> Self {
        Self::Number(ns as f64 / 1e6, 3)
    }

    /// Per cent.
    pub fn percent(value: f64) -> Self {
        Self::Number(value, 2)
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As people read it: thousands set apart.
    pub fn for_people(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => thousands(&count.to_string()),
            Self::Number(number, decimals) => thousands(&format!("{number:.decimals$}")),
            Self::Missing => "-".into(),
        }
    }

    /// As programs read it: nothing rounded.
    pub fn for_programs(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(number, _) => number.to_string(),
            Self::Missing => String::new(),
        }
    }

    /// Whether it stands at the right of its column.
    pub fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

impl From<Option<Cell>> for Cell {
    fn from(cell: Option<Cell>) -> Self {
        cell.unwrap_or(Self::Missing)
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name for files and links.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What must be known to read it.
    pub note: Option<String>,
    /// The columns' headings.
    pub columns: Vec<Cow<'static, str>>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Rows whose number is in here stand out.
    pub marked: Vec<usize>,
}

impl Table {
    /// A table without rows.
    pub fn new(id: impl Into<String>, title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            note: None,
            columns: columns.iter().map(|name| Cow::Borrowed(*name)).collect(),
            rows: Vec::new(),
            marked: Vec::new(),
        }
    }

    /// The same with a note.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.id);
        self.rows.push(row);
    }

    /// Adds a row that stands out.
    pub fn push_marked(&mut self, row: Vec<Cell>) {
        self.marked.push(self.rows.len());
        self.push(row);
    }

    /// Whether a column's values stand at the right: where every known one is a number.
    pub fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.all(Cell::is_number)
    }
}

/// Digits with commas between thousands.
fn thousands(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    // What is no number has no thousands.
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{sign}{number}");
    }
    let mut text = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_for_people_only() {
        let cases = [
            (Cell::Count(1_234_567), "1,234,567", "1234567"),
            (Cell::Number(-1234.5678, 2), "-1,234.57", "-1234.5678"),
            (Cell::us(1_500), "1.5", "1.5"),
            (Cell::Missing, "-", ""),
            (Cell::Number(f64::INFINITY, 1), "inf", "inf"),
            (Cell::text("a,b"), "a,b", "a,b"),
        ];
        for (cell, people, programs) in cases {
            assert_eq!(cell.for_people(), people);
            assert_eq!(cell.for_programs(), programs);
        }
    }
}
