//! The results for programs: schema `dhpnic.hot-add/1`.

use super::measure::Measurement;
use super::run::Outcome;
use serde_json::{Value, json};

/// The schema's name and version.
pub const SCHEMA: &str = "dhpnic.hot-add/1";

/// The outcome as a JSON value.
pub fn value(outcome: &Outcome) -> Value {
    let events: Vec<Value> = outcome
        .events
        .iter()
        .map(|event| match event.processor {
            Some(processor) => {
                json!({"at_ns": event.at_ns, "name": event.name, "processor": processor})
            }
            None => json!({"at_ns": event.at_ns, "name": event.name}),
        })
        .collect();
    let steps: Vec<Value> = outcome.phases.iter().skip(1).map(phase).collect();
    json!({
        "schema": SCHEMA,
        "image": {"sha256": outcome.image_sha256},
        "seed": outcome.seed,
        "policy": outcome.policy,
        "traffic": outcome.traffic,
        "before": outcome.phases.first().map(phase),
        "after": outcome.phases.last().map(phase),
        "steps": steps,
        "events": events,
        "blackout_ns": outcome.blackout_ns.unwrap_or(0),
        "entries_moved": outcome.entries_moved,
        "loss": {
            "accepted": outcome.loss.accepted,
            "delivered": outcome.loss.delivered,
            "lost": outcome.loss.lost,
            "dropped_by_device": outcome.loss.dropped_by_device,
            "discarded_while_pausing": outcome.loss.discarded,
            "misordered": outcome.loss.misordered,
            "on_second_queue": outcome.loss.on_second_queue,
            "damaged": outcome.loss.damaged,
        },
        "sent": {
            "submitted": outcome.sent.submitted,
            "transmitted": outcome.sent.transmitted,
        },
        "buffers": {"before": outcome.buffers.before, "after": outcome.buffers.after},
        "violations": [],
    })
}

fn phase(phase: &Measurement) -> Value {
    let per_processor: Vec<Value> = phase
        .per_processor
        .iter()
        .map(|share| {
            json!({
                "group": share.group,
                "number": share.number,
                "packets": share.packets,
                "busy_ns": share.busy_ns,
                "dpcs": share.dpcs,
            })
        })
        .collect();
    json!({
        "processors": phase.processors,
        "rx_queues": phase.rx_queues,
        "indirection_entries": phase.indirection_entries,
        "packets": phase.packets,
        "packets_per_second": phase.packets_per_second_projected(),
        "projected": true,
        "packets_per_second_wall": phase.packets_per_second_wall(),
        "per_processor": per_processor,
    })
}
