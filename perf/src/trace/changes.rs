//! What changed while the trace was recorded, and the phases between the changes.

use super::driver_events::{DriverEvent, RebalanceStep, list};
use super::survey::Survey;
use etl::LogFileMode;
use serde::Serialize;

/// Events of one change follow each other within this time.
const CLUSTER_NS: i64 = 1_000_000_000;

/// A processor whose first record comes later than this after the start was not there, or idle.
const LATE_NS: i64 = 250_000_000;

/// Changes that are told apart.
const CHANGES_MAX: usize = 64;

/// How a change is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The driver said so.
    Driver,
    /// A processor's first record; it may have been idle before.
    FirstRecord,
    /// The command line said so.
    CommandLine,
}

/// Something that changed. Times are in ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub name: String,
    /// When it began.
    pub from: i64,
    /// When it was complete.
    pub to: i64,
    /// The processors that were added.
    pub processors: Vec<u32>,
    /// How it is known.
    pub source: Source,
    /// The driver's events that belong to it.
    pub events: std::ops::Range<usize>,
}

/// A time in which nothing changes, or a change. Times are in ticks; the end is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What it is called.
    pub name: String,
    /// When it begins.
    pub from: i64,
    /// When it ends.
    pub to: i64,
    /// The change that it is.
    pub change: Option<usize>,
}

/// The changes of a trace: by the driver's events, else by `given` (in ticks), else by the first
/// record of processors that come late.
pub fn find(survey: &Survey, given: Option<i64>) -> Vec<Change> {
    if let Some(at) = given {
        return vec![Change {
            name: "the change given by --at".into(),
            from: at,
            to: at,
            processors: Vec::new(),
            source: Source::CommandLine,
            events: 0..0,
        }];
    }
    let changes = by_driver(survey);
    if changes.is_empty() {
        by_first_record(survey)
    } else {
        changes
    }
}

fn begins_change(event: &DriverEvent) -> bool {
    matches!(
        event,
        DriverEvent::ProcessorStart { .. }
            | DriverEvent::InterfaceArrival { .. }
            | DriverEvent::Rebalance { .. }
    )
}

fn continues_change(event: &DriverEvent) -> bool {
    let continues = matches!(
        event,
        DriverEvent::ProcessorComplete { .. }
            | DriverEvent::ProcessorFailure { .. }
            | DriverEvent::Spread(_)
            | DriverEvent::Indirection { .. }
            | DriverEvent::VectorTarget { .. }
            | DriverEvent::BufferPool { .. }
            | DriverEvent::Link { .. }
    );
    begins_change(event) || continues
}

fn by_driver(survey: &Survey) -> Vec<Change> {
    let gap = survey.clock.ticks(CLUSTER_NS);
    let mut changes: Vec<Change> = Vec::new();
    for (number, record) in survey.driver.iter().enumerate() {
        if let Some(change) = changes.last_mut()
            && record.at.saturating_sub(change.to) <= gap
            && continues_change(&record.event)
        {
            change.to = record.at;
            change.events.end = number + 1;
        } else if begins_change(&record.event) && changes.len() < CHANGES_MAX {
            changes.push(Change {
                name: String::new(),
                from: record.at,
                to: record.at,
                processors: Vec::new(),
                source: Source::Driver,
                events: number..number + 1,
            });
        }
    }
    for change in &mut changes {
        let records = &survey.driver[change.events.clone()];
        let events: Vec<_> = records.iter().map(|record| &record.event).collect();
        (change.name, change.processors) = name(&events);
    }
    changes
}

/// What a change is called, and the processors that it added.
fn name(events: &[&DriverEvent]) -> (String, Vec<u32>) {
    let failed = |wanted: u32| {
        events.iter().any(|event| {
            matches!(event, DriverEvent::ProcessorFailure { processor, .. } if *processor == wanted)
        })
    };
    let started = events.iter().filter_map(|event| match event {
        DriverEvent::ProcessorStart { processor } => Some(*processor),
        _ => None,
    });
    let (failures, added): (Vec<_>, Vec<_>) = started.partition(|processor| failed(*processor));
    let is_memory = events
        .iter()
        .any(|event| matches!(event, DriverEvent::InterfaceArrival { class } if class == "memory"));
    let is_rebalance = events.iter().any(|event| {
        matches!(
            event,
            DriverEvent::Rebalance {
                step: RebalanceStep::Start | RebalanceStep::Stop,
                ..
            }
        )
    });
    let name = match (&added[..], &failures[..]) {
        ([one], _) => format!("processor {one} added"),
        ([_, ..], _) => format!("processors {} added", list(&added)),
        ([], [_, ..]) => format!("processor {} failed to start", list(&failures)),
        ([], []) if is_memory => "memory added".into(),
        ([], []) if is_rebalance => "resource rebalance".into(),
        ([], []) => "hot add announced".into(),
    };
    (name, added)
}

fn by_first_record(survey: &Survey) -> Vec<Change> {
    // Events that are rare say nothing about when a processor came.
    let counts = &survey.counts;
    if counts.dpcs + counts.isrs + counts.context_switches == 0 {
        return Vec::new();
    }
    // Where buffers were written over, every processor's first record is of another time.
    let mode = survey.header.as_ref().map(|header| header.log_file_mode);
    if mode.is_some_and(|mode| mode.intersects(LogFileMode::BUFFERING | LogFileMode::CIRCULAR)) {
        return Vec::new();
    }
    let late = survey.span.0.saturating_add(survey.clock.ticks(LATE_NS));
    let old = survey
        .processors
        .iter()
        .filter(|(_, seen)| seen.first < late);
    // The next processor always has the next index.
    let Some(last_old) = old.map(|(processor, _)| *processor).max() else {
        return Vec::new();
    };
    let new = survey.processors.range(last_old + 1..);
    let mut new: Vec<_> = new
        .filter(|(_, seen)| seen.first < survey.span.1)
        .map(|(processor, seen)| (seen.first, u32::from(*processor)))
        .collect();
    new.sort_unstable();
    let gap = survey.clock.ticks(CLUSTER_NS);
    let mut changes: Vec<Change> = Vec::new();
    for (at, processor) in new {
        let is_full = changes.len() == CHANGES_MAX;
        match changes.last_mut() {
            Some(change) if at.saturating_sub(change.to) <= gap || is_full => {
                change.to = at;
                change.processors.push(processor);
            }
            _ => changes.push(Change {
                name: String::new(),
                from: at,
                to: at,
                processors: vec![processor],
                source: Source::FirstRecord,
                events: 0..0,
            }),
        }
    }
    for change in &mut changes {
        change.processors.sort_unstable();
        let processors = list(&change.processors);
        change.name = format!("first record of processor {processors} (added, or idle before)");
    }
    changes
}

/// The phases of a span of time between and within changes.
pub fn phases(span: (i64, i64), changes: &[Change]) -> Vec<Phase> {
    // The last event belongs to the last phase.
    let end = span.1.saturating_add(1);
    let mut phases = Vec::new();
    let mut from = span.0;
    let mut name = if changes.is_empty() {
        "whole trace".to_owned()
    } else {
        "before".to_owned()
    };
    for (number, change) in changes.iter().enumerate() {
        let begin = change.from.clamp(from, end);
        let complete = change.to.saturating_add(1).clamp(begin, end);
        phases.push(Phase {
            name,
            from,
            to: begin,
            change: None,
        });
        phases.push(Phase {
            name: change.name.clone(),
            from: begin,
            to: complete,
            change: Some(number),
        });
        from = complete;
        name = if changes.len() == 1 {
            "after".to_owned()
        } else {
            format!("after change {}", number + 1)
        };
    }
    phases.push(Phase {
        name,
        from,
        to: end,
        change: None,
    });
    phases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: i64, to: i64) -> Change {
        Change {
            name: "processor 4 added".into(),
            from,
            to,
            processors: vec![4],
            source: Source::Driver,
            events: 0..0,
        }
    }

    #[test]
    fn phases_cover_the_span_without_gaps() {
        let changes = [change(100, 150), change(300, 300)];
        let phases = phases((10, 500), &changes);
        let names: Vec<_> = phases.iter().map(|phase| &phase.name[..]).collect();
        let added = "processor 4 added";
        assert_eq!(
            names,
            ["before", added, "after change 1", added, "after change 2"]
        );
        assert_eq!((phases[0].from, phases[4].to), (10, 501));
        assert!(phases.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(phases[1].change, Some(0));
    }

    #[test]
    fn a_change_outside_of_the_span_is_cut() {
        let phases = phases((10, 500), &[change(-5, 1000)]);
        let times: Vec<_> = phases.iter().map(|phase| (phase.from, phase.to)).collect();
        assert_eq!(times, [(10, 10), (10, 501), (501, 501)]);
    }

    #[test]
    fn a_change_is_named_after_what_was_added() {
        let start = |processor| DriverEvent::ProcessorStart { processor };
        let failure = DriverEvent::ProcessorFailure {
            processor: 5,
            status: 1,
        };
        let cases = [
            (vec![start(4)], "processor 4 added", vec![4]),
            (
                vec![start(4), start(5)],
                "processors 4, 5 added",
                vec![4, 5],
            ),
            (
                vec![start(5), failure],
                "processor 5 failed to start",
                vec![],
            ),
        ];
        for (events, text, processors) in cases {
            let events: Vec<_> = events.iter().collect();
            assert_eq!(name(&events), (text.to_owned(), processors));
        }
    }
}
