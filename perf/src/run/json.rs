//! The results for programs: schema `dhpnic.run/1`.

use super::account::Arrivals;
use super::report::{AdapterReport, Outcome};
use serde_json::{Value, json};

/// The schema's name and version.
pub const SCHEMA: &str = "dhpnic.run/1";

/// The outcome as a JSON value.
pub fn value(outcome: &Outcome) -> Value {
    let adapters: Vec<Value> = outcome.adapters.iter().map(adapter).collect();
    json!({
        "schema": SCHEMA,
        "image": {"sha256": outcome.image_sha256},
        "pair": outcome.is_pair,
        "adapters": adapters,
        "callbacks": outcome.callbacks,
        "debug_output": outcome.debug_output,
        "violations": [],
    })
}

fn adapter(adapter: &AdapterReport) -> Value {
    let queues: Vec<Value> = adapter
        .receive_queues
        .iter()
        .map(|queue| {
            json!({
                "queue": queue.queue,
                "packets": queue.packets,
                "bytes": queue.bytes,
                "refused": queue.refused,
            })
        })
        .collect();
    json!({
        "address": adapter.address,
        "receive_queues": queues,
        "sent": {"submitted": adapter.submitted, "completed": adapter.completed},
        "arrivals": adapter.arrivals.as_ref().map(arrivals),
    })
}

fn arrivals(arrivals: &Arrivals) -> Value {
    json!({
        "intact": arrivals.intact,
        "repeated": arrivals.repeated,
        "misordered": arrivals.misordered,
        "unknown": arrivals.unknown,
        "discarded": arrivals.discarded,
    })
}
