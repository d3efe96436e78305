//! The report as text, for people.

use super::table::{Cell, Table};
use super::tables;
use crate::trace::analysis::{Analysis, HeatMap};
use std::fmt::{self, Display};

/// Rows of a table that are shown; all are in the files.
const ROWS_MAX: usize = 25;
/// Columns of a heat map.
const HEAT_COLUMNS: usize = 60;
/// Processors of a heat map that are shown.
const HEAT_ROWS_MAX: usize = 64;
/// From nothing to all of the time.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
/// From here on a shade is the next one.
const SHADE_STEPS: [f64; 4] = [0.01, 0.05, 0.2, 0.5];
/// The table whose columns are set under each other, a few processors at a time.
const MATRIX: &str = "matrix";
const MATRIX_PROCESSORS: usize = 6;

/// A report as text.
pub struct Text<'a>(pub &'a Analysis);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let analysis = self.0;
        warnings(f, analysis)?;
        file(f, analysis)?;
        let tables = tables::all(analysis);
        let (front, back): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|table| comes_first(&table.id));
        for table in &front {
            show(f, table)?;
        }
        heat(f, "Processor x time, DPC+ISR", &analysis.heat)?;
        if let (Some(focus), Some(map)) = (&analysis.focus, &analysis.focus_heat) {
            heat(f, &format!("Processor x time, DPC+ISR of {focus}"), map)?;
        }
        for table in &back {
            if table.id == MATRIX {
                for part in split(table) {
                    show(f, &part)?;
                }
            } else {
                show(f, table)?;
            }
        }
        Ok(())
    }
}

/// What comes before the heat maps.
fn comes_first(id: &str) -> bool {
    let fixed = ["totals", "comparison", "phases"].contains(&id);
    fixed
        || ["timeline", "figures"]
            .iter()
            .any(|kind| id.starts_with(kind))
}

fn warnings(f: &mut fmt::Formatter<'_>, analysis: &Analysis) -> fmt::Result {
    for warning in &analysis.warnings {
        writeln!(f, "{}: {}", warning.severity.name(), warning.text)?;
    }
    if !analysis.warnings.is_empty() {
        writeln!(f)?;
    }
    Ok(())
}

fn file(f: &mut fmt::Formatter<'_>, analysis: &Analysis) -> fmt::Result {
    let file = &analysis.file;
    let count = |count: u64| Cell::Count(count).for_people();
    let unknown = || "unknown".to_owned();
    let session = file.session.clone().unwrap_or_else(unknown);
    let system = file.system.clone().unwrap_or_else(unknown);
    let start = file.start_time.clone().unwrap_or_else(unknown);
    let processors = file.processors.len() as u64;
    let rows = [
        (
            "trace",
            format!("{}, {} bytes", file.path, count(file.bytes)),
        ),
        ("session", format!("{session}, {system}")),
        (
            "span",
            format!("{:.3} s from {start}", file.span_ns as f64 / 1e9),
        ),
        (
            "clock",
            format!("{}, {} ticks/s", file.clock, count(file.ticks_per_second)),
        ),
        ("processors", count(processors)),
        (
            "events",
            format!(
                "{}: {} DPC, {} ISR, {} CSwitch, {} ReadyThread, {} samples, {} of Dhpnic, {} others",
                count(file.events),
                count(file.dpcs),
                count(file.isrs),
                count(file.context_switches),
                count(file.ready_threads),
                count(file.samples),
                count(file.driver_events),
                count(file.other_events)
            ),
        ),
        (
            "buffers",
            format!(
                "{}, {} compressed; lost: {} events, {} buffers, {} bytes{}",
                count(file.buffers),
                count(file.compressed_buffers),
                count(file.events_lost),
                count(file.buffers_lost),
                count(file.bytes_lost),
                if file.lossy { " (lossy)" } else { "" }
            ),
        ),
    ];
    for (name, value) in rows {
        writeln!(f, "{name:12}{value}")?;
    }
    for mark in &file.marks {
        writeln!(
            f,
            "{:12}{:.3} s: {}",
            "mark",
            mark.at_ns as f64 / 1e9,
            mark.text
        )?;
    }
    Ok(())
}

/// The table of all processors in parts that fit on a screen.
fn split(table: &Table) -> Vec<Table> {
    let numbers = table.columns.len() - 1;
    let step = MATRIX_PROCESSORS * 2;
    let parts = (0..numbers).step_by(step).map(|start| {
        let end = (start + step).min(numbers);
        let row = |row: &Vec<Cell>| {
            let module = row[numbers..].iter();
            row[start..end].iter().chain(module).cloned().collect()
        };
        let module = table.columns[numbers..].iter();
        Table {
            columns: table.columns[start..end]
                .iter()
                .chain(module)
                .cloned()
                .collect(),
            rows: table.rows.iter().map(row).collect(),
            ..table.clone()
        }
    });
    parts.collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A table as text.
pub fn shown(table: &Table) -> String {
    struct Shown<'a>(&'a Table);
    impl Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            show(f, self.0)
        }
    }
    Shown(table).to_string()
}

fn show(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    writeln!(f, "\n{}", table.title)?;
    if let Some(note) = &table.note {
        writeln!(f, "{note}")?;
    }
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .take(ROWS_MAX)
        .map(|row| row.iter().map(Cell::for_people).collect())
        .collect();
    let widths: Vec<_> = table
        .columns
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let cells = rows.iter().map(|row| width(&row[column]));
            cells.chain([width(name)]).max().unwrap_or(0)
        })
        .collect();
    let names: Vec<_> = table.columns.iter().map(|name| name.as_ref()).collect();
    line(f, table, &widths, &names)?;
    for row in &rows {
        let row: Vec<_> = row.iter().map(String::as_str).collect();
        line(f, table, &widths, &row)?;
    }
    let more = table.rows.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        writeln!(f, "  {more} more rows; --csv, --json and --report have all")?;
    }
    Ok(())
}

fn line(
    f: &mut fmt::Formatter<'_>,
    table: &Table,
    widths: &[usize],
    cells: &[&str],
) -> fmt::Result {
    let last = cells.len() - 1;
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        write!(f, "  ")?;
        if table.is_numeric(column) {
            write!(f, "{cell:>width$}")?;
        } else if column == last {
            write!(f, "{cell}")?;
        } else {
            write!(f, "{cell:width$}")?;
        }
    }
    writeln!(f)
}

fn heat(f: &mut fmt::Formatter<'_>, title: &str, map: &HeatMap) -> fmt::Result {
    if map
        .rows
        .iter()
        .all(|row| row.shares.iter().all(|share| *share <= 0.0))
    {
        return Ok(());
    }
    let bins = map.rows.first().map_or(1, |row| row.shares.len());
    let per_column = bins.div_ceil(HEAT_COLUMNS);
    let column_ms = map.bin_ns * per_column as f64 / 1e6;
    writeln!(f, "\n{title}, a column is {column_ms:.1} ms")?;
    writeln!(
        f,
        "  {} below 1 %, {} 5 %, {} 20 %, {} 50 %, {} above",
        SHADES[0], SHADES[1], SHADES[2], SHADES[3], SHADES[4]
    )?;
    for row in map.rows.iter().take(HEAT_ROWS_MAX) {
        let columns = row.shares.chunks(per_column);
        let shades: String = columns
            .map(|bins| {
                let mean = bins.iter().sum::<f64>() / bins.len() as f64;
                SHADES[SHADE_STEPS.partition_point(|step| *step <= mean)]
            })
            .collect();
        writeln!(f, "  CPU {:4} {shades}", row.cpu)?;
    }
    let more = map.rows.len().saturating_sub(HEAT_ROWS_MAX);
    if more > 0 {
        writeln!(f, "  {more} more processors; --report has all")?;
    }
    Ok(())
}
