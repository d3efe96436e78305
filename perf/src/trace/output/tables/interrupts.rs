//! DPCs and ISRs, by processor, module and function.

use crate::trace::analysis::{Analysis, Bucket};
use crate::trace::output::table::{Cell, Table};
use std::borrow::Cow;

pub(super) fn processors(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "processors",
        "DPC and ISR by processor",
        &[
            "CPU", "Group:Number", "DPC Count", "DPC usec", "DPC %", "ISR Count", "ISR usec",
            "ISR %", "DPC+ISR %", "Threaded DPC usec", "Busy %", "CSwitches/s",
        ],
    )
    .with_note(
        "Exclusive time: an ISR counts for itself, not for the DPC that it interrupted. Per cent of \
         the time that the processor is in the trace.",
    );
    let file = &analysis.file;
    let has_times = file.dpcs + file.isrs + file.context_switches > 0;
    for row in analysis.processors.iter().filter(|_| has_times) {
        table.push(vec![
            Cell::Count(row.cpu.into()),
            row.group_number.as_ref().map(Cell::text).into(),
            Cell::Count(row.dpc_count),
            Cell::us(row.dpc_ns),
            Cell::percent(row.dpc_percent),
            Cell::Count(row.isr_count),
            Cell::us(row.isr_ns),
            Cell::percent(row.isr_percent),
            Cell::percent(row.dpc_percent + row.isr_percent),
            Cell::us(row.threaded_dpc_ns),
            row.busy_percent.map(Cell::percent).into(),
            Cell::Number(row.switches_per_second, 0),
        ]);
    }
    table
}

pub(super) fn modules(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "modules",
        "DPC and ISR by module",
        &[
            "Module",
            "DPC Count",
            "DPC usec",
            ">100 usec",
            "ISR Count",
            "ISR usec",
            ">25 usec",
            "DPC+ISR %",
        ],
    )
    .with_note("Exclusive time. Per cent of all processors' time.");
    let all_ns = analysis.file.span_ns.max(1) as f64 * analysis.processors.len().max(1) as f64;
    for row in &analysis.modules {
        let cells = vec![
            Cell::text(&row.module),
            Cell::Count(row.dpc_count),
            Cell::us(row.dpc_ns),
            Cell::Count(row.dpc_over),
            Cell::Count(row.isr_count),
            Cell::us(row.isr_ns),
            Cell::Count(row.isr_over),
            Cell::Number((row.dpc_ns as f64 + row.isr_ns as f64) * 100.0 / all_ns, 3),
        ];
        let is_focus = analysis
            .focus
            .as_ref()
            .is_some_and(|focus| focus.eq_ignore_ascii_case(&row.module));
        if is_focus {
            table.push_marked(cells);
        } else {
            table.push(cells);
        }
    }
    table
}

pub(super) fn functions(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "functions",
        "DPC and ISR by function",
        &[
            "Module",
            "Function",
            "Type",
            "Count",
            "Total usec",
            "Exclusive usec",
            "Avg usec",
            "P50 usec",
            "P99 usec",
            "Max usec",
            "Over guidance",
            "Not claimed",
        ],
    )
    .with_note(
        "Guidance: 100 usec for a DPC, 25 usec for an ISR (Example 15: Measuring DPC/ISR Time). A \
         threaded DPC's time may contain other threads.",
    );
    for row in &analysis.functions {
        let cells = vec![
            Cell::text(&row.module),
            Cell::text(&row.function),
            Cell::text(row.kind.name()),
            Cell::Count(row.count),
            Cell::us(row.total_ns),
            Cell::us(row.exclusive_ns),
            Cell::us_f64(row.average_ns),
            Cell::us(row.p50_ns),
            Cell::us(row.p99_ns),
            Cell::us(row.max_ns),
            Cell::Count(row.over),
            Cell::Count(row.unclaimed),
        ];
        if row.over > 0 {
            table.push_marked(cells);
        } else {
            table.push(cells);
        }
    }
    table
}

/// xperf's *CPU Usage Summing By Module For the Whole Trace*.
pub(super) fn matrix(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "matrix",
        "CPU usage summing by module for the whole trace",
        &[],
    );
    for row in &analysis.processors {
        table
            .columns
            .push(Cow::Owned(format!("CPU {} usec", row.cpu)));
        table.columns.push(Cow::Borrowed("%"));
    }
    table.columns.push(Cow::Borrowed("Module"));
    let span = analysis.file.span_ns.max(1) as f64;
    for row in &analysis.modules {
        let mut cells = Vec::new();
        for ns in &row.per_cpu_ns {
            cells.push(Cell::us(*ns));
            cells.push(Cell::percent(*ns as f64 * 100.0 / span));
        }
        cells.push(Cell::text(&row.module));
        table.push(cells);
    }
    table
}

pub(super) fn histogram(id: &str, title: &str, guidance_us: u64, buckets: &[Bucket]) -> Table {
    let mut table = Table::new(
        id,
        title,
        &[
            "Lower Bound usec",
            "Upper Bound usec",
            "Count",
            "Percent",
            "Guidance",
        ],
    )
    .with_note(format!("Guidance: no longer than {guidance_us} usec."));
    if buckets.iter().all(|bucket| bucket.count == 0) {
        return table;
    }
    for bucket in buckets {
        let is_over = bucket.over_guidance;
        let cells = vec![
            Cell::Count(bucket.lower_us),
            bucket.upper_us.map(Cell::Count).into(),
            Cell::Count(bucket.count),
            Cell::percent(bucket.percent),
            Cell::text(if is_over { "over" } else { "" }),
        ];
        if is_over && bucket.count > 0 {
            table.push_marked(cells);
        } else {
            table.push(cells);
        }
    }
    table
}

pub(super) fn latency(analysis: &Analysis) -> Table {
    let latency = &analysis.latency;
    let mut table = Table::new(
        "latency",
        "From the interrupt to the DPC",
        &[
            "Measured from",
            "Count",
            "Avg usec",
            "P50 usec",
            "P99 usec",
            "Max usec",
        ],
    );
    if latency.measured_from == "end of ISR" {
        table = table.with_note(
            "An approximation: from the end of an ISR to the next DPC of the same module on that \
             processor. The keyword DPCQueue gives the real one.",
        );
    }
    if latency.count > 0 {
        table.push(vec![
            Cell::text(latency.measured_from),
            Cell::Count(latency.count),
            Cell::us_f64(latency.average_ns),
            Cell::us(latency.p50_ns),
            Cell::us(latency.p99_ns),
            Cell::us(latency.max_ns),
        ]);
    }
    table
}
