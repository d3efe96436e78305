//! Elements of a page, as XML that HTML reads too.

use crate::trace::output::table::{Cell, Table};
use std::fmt::Write;

/// Rows of a table that a page shows; the files for programs have all.
const ROWS_MAX: usize = 400;

/// Columns whose words may be long.
const WIDE: [&str; 4] = ["What", "Phase", "Shares %", "Function"];

/// Text as it stands in a page. Control characters, which a trace can have in any name, are shown
/// as U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            // Neither XML nor HTML has these.
            '\u{FFFE}' | '\u{FFFF}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other if other.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Adds to a string, which never fails.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {{
        let _ = write!($out, $($format)*);
    }};
}
pub(super) use put;

/// A table with its heading.
pub(super) fn table(out: &mut String, table: &Table) {
    let (id, title) = (escape(&table.id), escape(&table.title));
    put!(out, "<h3 id=\"{id}\">{title}</h3>\n");
    if let Some(note) = &table.note {
        put!(out, "<p class=\"note\">{}</p>\n", escape(note));
    }
    put!(
        out,
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}\" tabindex=\"0\"><table>\n<thead><tr>"
    );
    for (column, name) in table.columns.iter().enumerate() {
        let class = class(table, column);
        put!(out, "<th scope=\"col\"{class}>{}</th>", escape(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (number, row) in table.rows.iter().enumerate().take(ROWS_MAX) {
        out.push_str(if table.marked.contains(&number) {
            "<tr class=\"marked\">"
        } else {
            "<tr>"
        });
        for (column, cell) in row.iter().enumerate() {
            put!(out, "<td{}>{}</td>", class(table, column), shown(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let more = table.rows.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        put!(
            out,
            "<p class=\"note\">{more} more rows are in the files that --csv and --json write.</p>\n"
        );
    }
}

fn class(table: &Table, column: usize) -> &'static str {
    if table.is_numeric(column) {
        " class=\"number\""
    } else if WIDE.contains(&table.columns[column].as_ref()) {
        " class=\"wide\""
    } else {
        ""
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "–".into(),
        cell => escape(&cell.for_people()),
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_from_a_trace_are_text_only() {
        assert_eq!(
            escape("<script>\u{1b}[31m&\"\n"),
            "&lt;script&gt;\u{FFFD}[31m&amp;&quot; "
        );
    }
}
