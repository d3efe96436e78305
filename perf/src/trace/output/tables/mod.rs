//! The tables of a report, with the columns that users of xperf and WPA know.

mod interrupts;
mod spread;

use super::table::{Cell, Table};
use crate::trace::analysis::{Analysis, ChangeReport};

/// All tables that have rows, in the order in which they are read.
pub fn all(analysis: &Analysis) -> Vec<Table> {
    let mut tables = vec![totals(analysis), comparison(analysis), phases(analysis)];
    for (change, number) in analysis.changes.iter().zip(1..) {
        tables.extend([timeline(change, number), figures(change, number)]);
    }
    tables.extend([
        interrupts::processors(analysis),
        interrupts::modules(analysis),
        interrupts::functions(analysis),
        interrupts::matrix(analysis),
        interrupts::histogram(
            "dpc-histogram",
            "DPC duration",
            100,
            &analysis.dpc_histogram,
        ),
        interrupts::histogram("isr-histogram", "ISR duration", 25, &analysis.isr_histogram),
        interrupts::latency(analysis),
        spread::queues(analysis),
        spread::imbalance(analysis),
        spread::threads(analysis),
    ]);
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn totals(analysis: &Analysis) -> Table {
    let mut table = Table::new("totals", "The whole trace", &["What", "Unit", "Value"]);
    for row in &analysis.totals {
        table.push(vec![
            Cell::text(&row.what),
            Cell::text(row.unit),
            Cell::Number(row.value, 2),
        ]);
    }
    table
}

fn figures(change: &ChangeReport, number: usize) -> Table {
    let mut table = Table::new(
        format!("figures-{number}"),
        format!("In numbers: {}", change.name),
        &["What", "Unit", "Value"],
    );
    for row in &change.figures {
        table.push(vec![
            Cell::text(&row.what),
            Cell::text(row.unit),
            Cell::Number(row.value, 3),
        ]);
    }
    table
}

fn comparison(analysis: &Analysis) -> Table {
    let names: Vec<_> = analysis
        .changes
        .iter()
        .map(|change| &change.name[..])
        .collect();
    let title = format!("Before and after: {}", names.join("; "));
    let mut table = Table::new(
        "comparison",
        title,
        &["What", "Unit", "Before", "After", "After / Before"],
    );
    for row in &analysis.comparison {
        table.push(vec![
            Cell::text(&row.what),
            Cell::text(row.unit),
            Cell::Number(row.before, 2),
            Cell::Number(row.after, 2),
            row.ratio.map(|ratio| Cell::Number(ratio, 2)).into(),
        ]);
    }
    table
}

fn phases(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "phases",
        "Phases",
        &[
            "Phase",
            "From s",
            "Length s",
            "DPC Count",
            "DPC usec",
            "ISR Count",
            "ISR usec",
            "Packets",
        ],
    )
    .with_note("A DPC or ISR belongs to the phase in which it ended.");
    // One phase is the whole trace.
    let phases = analysis.phases.iter().filter(|_| analysis.phases.len() > 1);
    for row in phases {
        let cells = vec![
            Cell::text(&row.name),
            Cell::Number(row.from_ns as f64 / 1e9, 3),
            Cell::Number(row.length_ns as f64 / 1e9, 3),
            Cell::Count(row.dpc_count),
            Cell::us(row.dpc_ns),
            Cell::Count(row.isr_count),
            Cell::us(row.isr_ns),
            Cell::Count(row.packets),
        ];
        if row.is_change {
            table.push_marked(cells);
        } else {
            table.push(cells);
        }
    }
    table
}

fn timeline(change: &ChangeReport, number: usize) -> Table {
    let at = change.at_ns as f64 / 1e9;
    let mut table = Table::new(
        format!("timeline-{number}"),
        format!("Timeline: {}, at {at:.3} s", change.name),
        &["Offset ms", "Since last ms", "CPU", "What"],
    );
    if change.gap_ns > 0 {
        table = table.with_note(format!(
            "Longest time without a DPC of the module: {:.3} ms around the change, {:.3} ms before.",
            change.gap_ns as f64 / 1e6,
            change.gap_before_ns as f64 / 1e6
        ));
    }
    for step in &change.timeline {
        table.push(vec![
            Cell::ms(step.offset_ns),
            Cell::ms(step.phase_ns),
            step.cpu.map(|cpu| Cell::Count(cpu.into())).into(),
            Cell::text(&step.what),
        ]);
    }
    table
}
