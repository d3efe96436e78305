//! Queues and threads.

use crate::trace::analysis::Analysis;
use crate::trace::output::table::{Cell, Table};

pub(super) fn queues(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "queues",
        "RSS: queues and processors",
        &[
            "Queue", "Direction", "CPU", "From s", "Length s", "Packets", "Packets/s", "Bytes",
            "Polls", "Empty polls", "Packets/Poll", "Notifications", "DPCs", "DPC usec/packet",
        ],
    )
    .with_note(
        "A row for each processor that a queue was on. DPC time per packet is that of the module on \
         the processor, over all its queues there.",
    );
    for row in &analysis.queues {
        table.push(vec![
            Cell::Count(row.queue.into()),
            Cell::text(row.direction),
            Cell::Count(row.cpu.into()),
            Cell::Number(row.from_ns as f64 / 1e9, 3),
            Cell::Number(row.length_ns as f64 / 1e9, 3),
            Cell::Count(row.packets),
            Cell::Number(row.packets_per_second, 0),
            Cell::Count(row.bytes),
            Cell::Count(row.polls),
            Cell::Count(row.empty_polls),
            Cell::Number(row.packets_per_poll, 1),
            Cell::Count(row.notifications),
            Cell::Count(row.dpcs),
            row.dpc_ns_per_packet
                .map(|ns| Cell::Number(ns / 1e3, 3))
                .into(),
        ]);
    }
    table
}

pub(super) fn imbalance(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "imbalance",
        "RSS: how evenly work is spread",
        &[
            "Phase",
            "What",
            "CPUs",
            "Max / mean",
            "Coefficient of variation",
            "Shares %",
        ],
    )
    .with_note("1.00 is even. Over the processors that the queues are spread over.");
    for row in &analysis.imbalance {
        let shares = row.cpus.iter().zip(&row.shares);
        let shares: Vec<_> = shares
            .map(|(cpu, share)| format!("{cpu}: {:.1}", share * 100.0))
            .collect();
        table.push(vec![
            Cell::text(&row.phase),
            Cell::text(row.what),
            Cell::Count(row.cpus.len() as u64),
            Cell::Number(row.max_to_mean, 2),
            Cell::Number(row.coefficient_of_variation, 3),
            Cell::text(shares.join("  ")),
        ]);
    }
    table
}

pub(super) fn threads(analysis: &Analysis) -> Table {
    let mut table = Table::new(
        "threads",
        "Context switches and ready time of the driver's threads",
        &[
            "New Process",
            "New Thread Id",
            "Name",
            "Count",
            "Count: Waits",
            "Preempted",
            "CPU Usage usec",
            "Ready usec",
            "Ready P99 usec",
            "Ready Max usec",
            "Ready >1 ms",
            "Why",
        ],
    );
    for row in &analysis.threads {
        table.push(vec![
            Cell::text(format!("{} ({})", row.process, row.process_id)),
            Cell::Count(row.thread_id.into()),
            Cell::text(&row.name),
            Cell::Count(row.count),
            Cell::Count(row.waits),
            Cell::Count(row.preemptions),
            Cell::us(row.run_ns),
            Cell::us(row.ready_ns),
            Cell::us(row.ready_p99_ns),
            Cell::us(row.ready_max_ns),
            Cell::Count(row.ready_over_1_ms),
            Cell::text(row.reason),
        ]);
    }
    table
}
