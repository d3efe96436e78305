//! What a driver must have given back when it is unloaded.

use super::dispatcher::Timers;
use super::objects::Objects;
use super::rules;
use super::threads::Threads;
use super::{InterfaceNotifications, IoSpace, ProcessorCallbacks};
use crate::executive::{InUse, System, violation_at};

/// Stops the machine if the driver, whose unload routine has returned, left something behind.
///
/// IRQL: PASSIVE_LEVEL, on a processor.
pub(crate) fn require_nothing_left(system: &System) {
    if let Some(block) = system.pool().blocks().first() {
        let made_by = system.describe_driver(&block.made_by);
        violation_at(&rules::POOL_LEAKED, pool_report(system), made_by);
    }
    let threads = system.subsystem::<Threads>().running();
    if threads > 0 {
        let detail = format!("{threads} threads of the driver still run");
        violation_at(&rules::THREAD_OUTLIVES_DRIVER, detail, Vec::new());
    }
    let (handles, references) = system.subsystem::<Objects>().held();
    let counts = [
        (handles, "handles"),
        (references, "references to objects"),
        (system.subsystem::<Timers>().armed(), "timers"),
        (
            system.subsystem::<ProcessorCallbacks>().registered(),
            "processor change callbacks",
        ),
        (
            system.subsystem::<InterfaceNotifications>().registered(),
            "registrations for PnP notification",
        ),
        (
            system.subsystem::<IoSpace>().mapped(),
            "mappings of registers",
        ),
    ];
    let left: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !left.is_empty() {
        violation_at(
            &rules::REGISTRATION_LEFT_BEHIND,
            left.join(", "),
            Vec::new(),
        );
    }
}

/// The blocks in use, by what they are and where in the driver they were allocated.
fn pool_report(system: &System) -> String {
    let blocks = system.pool().blocks();
    let bytes: usize = blocks.iter().map(|block| block.bytes).sum();
    let mut kinds: Vec<(&InUse, usize, usize)> = Vec::new();
    for block in &blocks {
        let is_kind = |kind: &InUse| kind.purpose == block.purpose && kind.made_by == block.made_by;
        match kinds.iter_mut().find(|(kind, ..)| is_kind(kind)) {
            Some((_, count, total)) => {
                *count += 1;
                *total += block.bytes;
            }
            None => kinds.push((block, 1, block.bytes)),
        }
    }
    let kinds = kinds.iter().map(|(kind, count, total)| {
        let places = system.describe_driver(&kind.made_by);
        let place = places.first().map_or("the host", String::as_str);
        format!("{count} x {}, {total} bytes, by {place}", kind.purpose)
    });
    let kinds = kinds.collect::<Vec<_>>().join("; ");
    format!("{} blocks, {bytes} bytes: {kinds}", blocks.len())
}
