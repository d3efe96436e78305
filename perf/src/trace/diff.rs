//! `dhpnic trace diff`: two traces, side by side.

use super::analysis::{Analysis, FunctionRow, Metric, ModuleRow};
use super::measure::routines::Kind;
use super::options::DiffOptions;
use super::output::table::{Cell, Table};
use super::output::text;
use super::run::{print, read, to_json};
use crate::failure::Failure;
use crate::json;
use serde::Serialize;
use std::collections::BTreeMap;

/// The schema's name and version.
const SCHEMA: &str = "dhpnic.trace-diff/1";

/// A number of both traces.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    what: String,
    unit: &'static str,
    a: Option<f64>,
    b: Option<f64>,
}

/// What differs.
#[derive(Clone, Debug, Serialize)]
struct Diff {
    schema: &'static str,
    a: String,
    b: String,
    totals: Vec<Row>,
    hot_add: Vec<Row>,
    modules: Vec<Row>,
    functions: Vec<Row>,
}

/// Compares two traces.
///
/// # Errors
/// If nothing of a trace can be read, or a result cannot be written.
pub fn run(options: &DiffOptions) -> Result<(), Failure> {
    let a = read(&options.a, &options.choices)?;
    let b = read(&options.b, &options.choices)?;
    let diff = Diff::of(&a, &b);
    if let Some(path) = &options.json {
        json::write(&to_json(&diff)?, path)?;
    }
    let mut out = format!("A  {}\nB  {}\n", diff.a, diff.b);
    for (name, analysis) in [("A", &a), ("B", &b)] {
        for warning in &analysis.warnings {
            let severity = warning.severity.name();
            out.push_str(&format!("{name}  {severity}: {}\n", warning.text));
        }
    }
    for table in diff.tables() {
        out.push_str(&text::shown(&table));
    }
    print(&out)
}

impl Diff {
    fn of(a: &Analysis, b: &Analysis) -> Self {
        let figures = |analysis: &Analysis| {
            let changes = analysis.changes.first();
            changes
                .map(|change| change.figures.clone())
                .unwrap_or_default()
        };
        Self {
            schema: SCHEMA,
            a: a.file.path.clone(),
            b: b.file.path.clone(),
            totals: metrics(&a.totals, &b.totals),
            hot_add: metrics(&figures(a), &figures(b)),
            modules: modules(a, b),
            functions: functions(a, b),
        }
    }

    fn tables(&self) -> Vec<Table> {
        let parts = [
            ("totals", "The whole traces", &self.totals),
            ("hot-add", "The first change of each", &self.hot_add),
            ("modules", "DPC and ISR time by module", &self.modules),
            ("functions", "By function", &self.functions),
        ];
        let tables = parts.map(|(id, title, rows)| {
            let mut table = Table::new(id, title, &["What", "Unit", "A", "B", "B - A", "B / A"]);
            for row in rows {
                table.push(cells(row));
            }
            table
        });
        tables
            .into_iter()
            .filter(|table| !table.rows.is_empty())
            .collect()
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let number = |value: Option<f64>| value.map(|value| Cell::Number(value, 2)).into();
    let both = row.a.zip(row.b);
    vec![
        Cell::text(&row.what),
        Cell::text(row.unit),
        number(row.a),
        number(row.b),
        number(both.map(|(a, b)| b - a)),
        number(both.filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a)),
    ]
}

/// Rows of what either has, in the order of the first, then of the second.
fn metrics(a: &[Metric], b: &[Metric]) -> Vec<Row> {
    let value = |of: &[Metric], what: &str| {
        let found = of.iter().find(|metric| metric.what == what);
        found.map(|metric| metric.value)
    };
    let only_b = b.iter().filter(|metric| value(a, &metric.what).is_none());
    let names = a.iter().chain(only_b);
    names
        .map(|metric| Row {
            what: metric.what.clone(),
            unit: metric.unit,
            a: value(a, &metric.what),
            b: value(b, &metric.what),
        })
        .collect()
}

/// DPC and ISR time of each module in per cent of a processor, the largest difference first.
fn modules(a: &Analysis, b: &Analysis) -> Vec<Row> {
    let percent = |analysis: &Analysis, row: &ModuleRow| {
        (row.dpc_ns as f64 + row.isr_ns as f64) * 100.0 / analysis.file.span_ns.max(1) as f64
    };
    let mut rows: BTreeMap<String, [Option<f64>; 2]> = BTreeMap::new();
    for (side, analysis) in [a, b].into_iter().enumerate() {
        for row in &analysis.modules {
            let name = row.module.to_lowercase();
            rows.entry(name).or_default()[side] = Some(percent(analysis, row));
        }
    }
    sorted(rows.into_iter().map(|(what, [a, b])| Row {
        what,
        unit: "% of a processor",
        a,
        b,
    }))
}

/// How long each function takes, P99, the largest difference first.
fn functions(a: &Analysis, b: &Analysis) -> Vec<Row> {
    let mut rows: BTreeMap<(String, String, Kind), [Option<f64>; 2]> = BTreeMap::new();
    for (side, analysis) in [a, b].into_iter().enumerate() {
        for row in &analysis.functions {
            let FunctionRow {
                module,
                function,
                kind,
                ..
            } = row;
            let key = (module.to_lowercase(), function.clone(), *kind);
            rows.entry(key).or_default()[side] = Some(row.p99_ns as f64 / 1e3);
        }
    }
    sorted(
        rows.into_iter()
            .map(|((module, function, kind), [a, b])| Row {
                what: format!("{module}!{function}, {}, P99", kind.name()),
                unit: "µs",
                a,
                b,
            }),
    )
}

fn sorted(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut rows: Vec<_> = rows.collect();
    let difference = |row: &Row| (row.b.unwrap_or(0.0) - row.a.unwrap_or(0.0)).abs();
    rows.sort_by(|a, b| difference(b).total_cmp(&difference(a)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(what: &str, value: f64) -> Metric {
        Metric {
            what: what.into(),
            unit: "ms",
            value,
        }
    }

    #[test]
    fn what_only_one_trace_has_is_shown_too() {
        let rows = metrics(
            &[metric("x", 1.0), metric("y", 2.0)],
            &[metric("z", 4.0), metric("x", 3.0)],
        );
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (&row.what[..], row.a, row.b))
            .collect();
        assert_eq!(
            rows,
            [
                ("x", Some(1.0), Some(3.0)),
                ("y", Some(2.0), None),
                ("z", None, Some(4.0))
            ]
        );
    }

    #[test]
    fn the_largest_difference_comes_first() {
        let row = |what: &str, a, b| Row {
            what: what.into(),
            unit: "",
            a,
            b,
        };
        let rows = sorted(
            [
                row("small", Some(5.0), Some(6.0)),
                row("new", None, Some(9.0)),
            ]
            .into_iter(),
        );
        assert_eq!(rows[0].what, "new");
    }
}
