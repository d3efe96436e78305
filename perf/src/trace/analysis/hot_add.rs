//! The timeline of a change.

use super::{ChangeReport, Metric, Parts, Step};
use crate::trace::changes::Change;
use crate::trace::driver_events::{DriverEvent, RebalanceStep};
use crate::trace::measure::arrival::Firsts;

/// The changes, each with its timeline.
pub(super) fn changes(parts: &Parts<'_>) -> Vec<ChangeReport> {
    let changes = parts.changes.iter().enumerate();
    changes
        .map(|(number, change)| report(parts, number, change))
        .collect()
}

fn report(parts: &Parts<'_>, number: usize, change: &Change) -> ChangeReport {
    let at_ns = parts.since(change.from);
    let of = parts
        .phases
        .iter()
        .position(|phase| phase.change == Some(number));
    let gap =
        |phase: Option<usize>| phase.map_or(0, |phase| parts.measured.phases[phase].focus_gap_ns);
    ChangeReport {
        name: change.name.clone(),
        source: change.source,
        at_ns,
        length_ns: parts.since(change.to) - at_ns,
        processors: change.processors.clone(),
        timeline: timeline(parts, number, change, at_ns),
        figures: figures(parts, number, change, at_ns),
        gap_ns: gap(of),
        gap_before_ns: gap(of.and_then(|of| of.checked_sub(1))),
    }
}

fn timeline(parts: &Parts<'_>, number: usize, change: &Change, zero: i64) -> Vec<Step> {
    let records = &parts.survey.driver[change.events.clone()];
    let mut steps: Vec<_> = records
        .iter()
        .map(|record| {
            step(
                parts.since(record.at) - zero,
                Some(record.cpu.into()),
                record.event.text(),
            )
        })
        .collect();
    for (processor, firsts) in &parts.measured.firsts[number] {
        add_firsts(&mut steps, *processor, firsts, zero, parts.focus);
        if let Some(at) = steady(parts, number, *processor, firsts) {
            let what = format!("processor {processor} has its share from here on");
            steps.push(step(at - zero, Some(*processor), what));
        }
    }
    steps.sort_by_key(|step| step.offset_ns);
    let mut last = 0;
    for step in &mut steps {
        step.phase_ns = step.offset_ns - last;
        last = step.offset_ns;
    }
    steps
}

/// When a processor's share began to stay near that of the others; not before it had any.
fn steady(parts: &Parts<'_>, change: usize, processor: u32, firsts: &Firsts) -> Option<i64> {
    let cpu = u16::try_from(processor).ok()?;
    let bin = parts.measured.shares[change].steady(cpu)?;
    Some(firsts.dpc.map_or(bin, |first| first.max(bin)))
}

fn step(offset_ns: i64, cpu: Option<u32>, what: String) -> Step {
    Step {
        offset_ns,
        phase_ns: 0,
        cpu,
        what,
    }
}

fn add_firsts(
    steps: &mut Vec<Step>,
    processor: u32,
    firsts: &Firsts,
    zero: i64,
    focus: Option<&str>,
) {
    let focus = focus.unwrap_or("the module in focus");
    let named = [
        (
            firsts.record,
            format!("first record of processor {processor}"),
        ),
        (
            firsts.switch,
            format!("first context switch on processor {processor}"),
        ),
        (
            firsts.isr,
            format!("first ISR of {focus} on processor {processor}"),
        ),
        (
            firsts.dpc,
            format!("first DPC of {focus} on processor {processor}"),
        ),
        (
            firsts.packets,
            format!("first packets counted on processor {processor}"),
        ),
    ];
    for (at, what) in named {
        if let Some(at) = at {
            steps.push(step(at - zero, Some(processor), what));
        }
    }
}

/// How long after the change began things happened, and what it did. Where several processors were
/// added, the last counts.
fn figures(parts: &Parts<'_>, number: usize, change: &Change, zero: i64) -> Vec<Metric> {
    let records = &parts.survey.driver[change.events.clone()];
    let completes = records.iter().filter_map(|record| {
        let is_complete = matches!(record.event, DriverEvent::ProcessorComplete { .. });
        is_complete.then(|| parts.since(record.at))
    });
    let firsts = &parts.measured.firsts[number];
    let first = |of: fn(&Firsts) -> Option<i64>| firsts.values().filter_map(of).max();
    let steady = firsts
        .iter()
        .filter_map(|(processor, firsts)| steady(parts, number, *processor, firsts));
    let times = [
        ("the complete notification", completes.max()),
        (
            "the first context switch on the new processor",
            first(|firsts| firsts.switch),
        ),
        (
            "the first ISR of the module there",
            first(|firsts| firsts.isr),
        ),
        (
            "the first DPC of the module there",
            first(|firsts| firsts.dpc),
        ),
        (
            "the first packets counted there",
            first(|firsts| firsts.packets),
        ),
        ("its share is steady", steady.max()),
    ];
    let times = times.into_iter().filter_map(|(what, at)| {
        let value = (at? - zero) as f64 / 1e6;
        Some(metric(&format!("until {what}"), "ms", value))
    });
    times.chain(of_rebalance(change, parts)).collect()
}

fn of_rebalance(change: &Change, parts: &Parts<'_>) -> Vec<Metric> {
    let records = &parts.survey.driver[change.events.clone()];
    let mut figures = Vec::new();
    for (wanted, name) in [
        (RebalanceStep::QueryStop, "query stop took"),
        (RebalanceStep::Stop, "stop took"),
        (RebalanceStep::Start, "start took"),
    ] {
        let durations = records.iter().filter_map(|record| match record.event {
            DriverEvent::Rebalance { step, duration_ns } if step == wanted => Some(duration_ns),
            _ => None,
        });
        if let Some(longest) = durations.max() {
            figures.push(metric(name, "ms", longest as f64 / 1e6));
        }
    }
    let moved = records.iter().filter_map(|record| match record.event {
        DriverEvent::Indirection { moved, .. } => Some(moved),
        _ => None,
    });
    if let Some(moved) = moved.reduce(|a, b| a.saturating_add(b)) {
        figures.push(metric("indirection entries moved", "", moved.into()));
    }
    figures
}

fn metric(what: &str, unit: &'static str, value: f64) -> Metric {
    Metric {
        what: what.to_owned(),
        unit,
        value,
    }
}
