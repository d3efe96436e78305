//! The report as a page: one file that needs no other, with charts, for screens light and dark, and
//! for paper.

mod charts;
mod markup;
mod scale;

use super::table::Table;
use super::tables;
use crate::failure::Failure;
use crate::trace::analysis::{Analysis, Comparison, Imbalance};
use markup::{escape, put};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const STYLE: &str = include_str!("style.css");

/// Numbers that are shown large.
const TILES_MAX: usize = 8;

/// Changes whose timelines are shown.
const CHANGES_MAX: usize = 8;

/// Writes the page: all of it, or nothing.
///
/// # Errors
/// If the file cannot be written.
pub fn write(analysis: &Analysis, path: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Input(format!(
            "--report {}: cannot be written: {error}",
            path.display()
        ))
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    file.write_all(page(analysis).as_bytes())
        .map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// A part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    body: String,
}

/// The page.
pub(in crate::trace) fn page(analysis: &Analysis) -> String {
    let tables = tables::all(analysis);
    let mut sections = vec![
        hot_add(analysis, &tables),
        processors(analysis, &tables),
        durations(analysis, &tables),
        spread(analysis, &tables),
        section(
            "modules-functions",
            "Modules and functions",
            &tables,
            &["modules", "functions", "matrix"],
        ),
        section("driver-threads", "Threads", &tables, &["threads"]),
        section("whole", "Whole trace", &tables, &["totals", "phases"]),
    ];
    sections.retain(|section| !section.body.is_empty());
    let name = Path::new(&analysis.file.path).file_name();
    let name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut out = String::new();
    put!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
         <meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{} – dhpnic trace</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        escape(&name)
    );
    header(&mut out, &name, analysis);
    out.push_str("<nav aria-label=\"Sections\"><ul>");
    for Section { id, title, .. } in &sections {
        put!(out, "<li><a href=\"#{id}\">{title}</a></li>");
    }
    out.push_str("</ul></nav>\n<main id=\"main\" tabindex=\"-1\">\n");
    warnings(&mut out, analysis);
    tiles(&mut out, analysis);
    for Section { id, title, body } in &sections {
        put!(
            out,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{body}</section>\n"
        );
    }
    put!(
        out,
        "</main>\n<footer><p>Made by dhpnic {} from {} bytes. Durations are exclusive where they are \
         summed: an ISR counts for itself, not for the DPC that it interrupted.</p></footer>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        analysis.file.bytes
    );
    out
}

fn header(out: &mut String, name: &str, analysis: &Analysis) {
    let file = &analysis.file;
    let changes: Vec<_> = analysis
        .changes
        .iter()
        .map(|change| change.name.as_str())
        .collect();
    let title = match &changes[..] {
        [] => name.to_owned(),
        [only] => format!("{name}: {only}"),
        several => format!("{name}: {} changes", several.len()),
    };
    let facts = [
        file.start_time.clone(),
        Some(format!("{:.3} s", file.span_ns as f64 / 1e9)),
        Some(format!("{} processors", file.processors.len())),
        file.system.clone(),
        file.computer.clone(),
        (!file.adapters.is_empty()).then(|| file.adapters.join(", ")),
        file.lossy.then(|| "lossy".to_owned()),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    put!(
        out,
        "<header><h1>{}</h1>\n<p class=\"quiet\">{}</p></header>\n",
        escape(&title),
        escape(&facts.join(" · "))
    );
}

fn warnings(out: &mut String, analysis: &Analysis) {
    if analysis.warnings.is_empty() {
        return;
    }
    out.push_str("<ul class=\"warnings\" aria-label=\"Findings\">\n");
    for warning in &analysis.warnings {
        let severity = warning.severity.name();
        put!(
            out,
            "<li class=\"{severity}\"><strong>{severity}</strong>{}</li>\n",
            escape(&warning.text)
        );
    }
    out.push_str("</ul>\n");
}

/// The numbers that people come for: of the hot add where there is one, else of the whole trace.
fn tiles(out: &mut String, analysis: &Analysis) {
    let mut tiles: Vec<(String, String)> = Vec::new();
    let unit = |value: String, unit: &str| match unit {
        "" => escape(&value),
        unit => format!("{} <small>{}</small>", escape(&value), escape(unit)),
    };
    let comparison = analysis.comparison.iter();
    for Comparison {
        what,
        unit: of,
        before,
        after,
        ..
    } in comparison.filter(|row| is_key(&row.what))
    {
        let value = format!("{} → {}", number(*before), number(*after));
        tiles.push((escape(what), unit(value, of)));
    }
    if let Some(change) = analysis.changes.first() {
        let figures = change.figures.iter().map(|figure| {
            let value = number(figure.value);
            (escape(&figure.what), unit(value, figure.unit))
        });
        tiles.extend(figures);
    } else {
        let totals = analysis.totals.iter();
        tiles.extend(totals.map(|row| (escape(&row.what), unit(number(row.value), row.unit))));
    }
    if tiles.is_empty() {
        return;
    }
    out.push_str("<dl class=\"tiles\">\n");
    for (what, value) in tiles.iter().take(TILES_MAX) {
        put!(out, "<div><dt>{what}</dt><dd>{value}</dd></div>\n");
    }
    out.push_str("</dl>\n");
}

/// Comparisons that are shown large.
fn is_key(what: &str) -> bool {
    let fixed = ["DPC+ISR, busiest processor", "DPC duration, P99"].contains(&what);
    fixed || what.ends_with("processors with its DPCs") || what.ends_with("packets counted")
}

fn number(value: f64) -> String {
    let is_whole = value.fract() == 0.0 || value.abs() >= 1000.0;
    let decimals = if is_whole { 0 } else { 2 };
    super::table::Cell::Number(value, decimals).for_people()
}

fn section(id: &'static str, title: &'static str, tables: &[Table], wanted: &[&str]) -> Section {
    let mut body = String::new();
    for id in wanted {
        add(&mut body, tables, id);
    }
    Section { id, title, body }
}

fn add(body: &mut String, tables: &[Table], id: &str) {
    if let Some(table) = tables.iter().find(|table| table.id == id) {
        markup::table(body, table);
    }
}

fn hot_add(analysis: &Analysis, tables: &[Table]) -> Section {
    let mut body = String::new();
    for (change, number) in analysis.changes.iter().zip(1..).take(CHANGES_MAX) {
        charts::timeline(&mut body, change);
        add(&mut body, tables, &format!("timeline-{number}"));
        add(&mut body, tables, &format!("figures-{number}"));
    }
    let more = analysis.changes.len().saturating_sub(CHANGES_MAX);
    if more > 0 {
        put!(
            body,
            "<p class=\"note\">{more} more changes are in the files that --csv and --json write.</p>\n"
        );
    }
    add(&mut body, tables, "comparison");
    Section {
        id: "hot-add",
        title: "What changed",
        body,
    }
}

fn processors(analysis: &Analysis, tables: &[Table]) -> Section {
    let mut body = String::new();
    let caption = "DPC and ISR time, processor by time";
    if !analysis.heat.rows.is_empty() {
        charts::heat(&mut body, caption, &analysis.heat, analysis);
    }
    if let (Some(focus), Some(map)) = (&analysis.focus, &analysis.focus_heat)
        && !map.rows.is_empty()
    {
        charts::heat(&mut body, &format!("{caption}, {focus}"), map, analysis);
    }
    add(&mut body, tables, "processors");
    Section {
        id: "by-processor",
        title: "Processors",
        body,
    }
}

fn durations(analysis: &Analysis, tables: &[Table]) -> Section {
    let mut body = String::new();
    charts::histogram(&mut body, "DPC", "dpc", 100, &analysis.dpc_histogram);
    add(&mut body, tables, "dpc-histogram");
    charts::histogram(&mut body, "ISR", "isr", 25, &analysis.isr_histogram);
    add(&mut body, tables, "isr-histogram");
    add(&mut body, tables, "latency");
    Section {
        id: "durations",
        title: "Durations",
        body,
    }
}

fn spread(analysis: &Analysis, tables: &[Table]) -> Section {
    let mut body = String::new();
    for what in ["packets", "DPC time"] {
        let mut rows = analysis.imbalance.iter().filter(|row| row.what == what);
        let both: Option<(&Imbalance, &Imbalance)> = rows.next().zip(rows.next_back());
        if let Some((before, after)) = both {
            charts::shares(&mut body, before, after);
        }
    }
    add(&mut body, tables, "imbalance");
    add(&mut body, tables, "queues");
    Section {
        id: "spread",
        title: "RSS spread",
        body,
    }
}
