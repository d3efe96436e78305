//! What is read first.

use super::routines::UNKNOWN;
use super::{Analysis, Parts, Severity, Warning, spread};
use crate::trace::changes::Source;
use crate::trace::driver_events::{DriverEvent, Spread};
use crate::trace::measure::routines::Kind;
use crate::trace::symbols::Symbols;
use etl::LogFileMode;
use etl::kernel::group_mask;

/// A busiest processor with more than this, in parts of the mean, is told.
const IMBALANCE_MAX: f64 = 1.5;

/// What should be looked at, the most serious first.
pub(super) fn find(parts: &Parts<'_>, analysis: &Analysis, symbols: &Symbols) -> Vec<Warning> {
    let mut found = Found(Vec::new());
    file(parts, analysis, &mut found);
    clock(parts, &mut found);
    missing(parts, &mut found);
    long_routines(analysis, &mut found);
    driver(parts, &mut found);
    changes(parts, analysis, &mut found);
    imbalance(analysis, &mut found);
    for (severity, text) in symbols.notes() {
        found.add(*severity, text.clone());
    }
    let mut warnings = found.0;
    warnings.sort_by_key(|warning| warning.severity);
    warnings
}

struct Found(Vec<Warning>);

impl Found {
    fn add(&mut self, severity: Severity, text: String) {
        self.0.push(Warning { severity, text });
    }

    fn problem(&mut self, text: String) {
        self.add(Severity::Problem, text);
    }

    fn warning(&mut self, text: String) {
        self.add(Severity::Warning, text);
    }

    fn note(&mut self, text: String) {
        self.add(Severity::Note, text);
    }
}

fn file(parts: &Parts<'_>, analysis: &Analysis, found: &mut Found) {
    let health = &parts.survey.health;
    let file = &analysis.file;
    if file.events_lost > 0 || file.buffers_lost > 0 {
        found.problem(format!(
            "lossy: the session lost {} events and {} buffers; counts and times are too small \
             (record with more or larger buffers)",
            file.events_lost, file.buffers_lost
        ));
    }
    let gaps = health.buffers_after_lost_events + health.buffers_after_lost_buffers;
    if gaps > 0 || parts.survey.counts.realtime_losses > 0 {
        found.problem(format!(
            "lossy: {gaps} buffers say that events before them were lost, {} records that a \
             real-time session lost some",
            parts.survey.counts.realtime_losses
        ));
    }
    for damage in &file.damages {
        found.problem(format!(
            "at byte {}: {} ({} bytes)",
            damage.offset, damage.problem, damage.bytes
        ));
    }
    let more = health
        .damage_count
        .saturating_sub(health.damages.len() as u64);
    if more > 0 {
        found.problem(format!("{more} more damages like these"));
    }
    if let Some(announced) = health.buffers_written
        && u64::from(announced) != health.buffers
    {
        found.warning(format!(
            "the file has {} buffers but says it has {announced}: it may have been cut, or the \
             session did not end",
            health.buffers
        ));
    }
    if health.events_out_of_order > 0 {
        found.warning(format!(
            "{} events come out of order",
            health.events_out_of_order
        ));
    }
    if parts.survey.counts.malformed > 0 {
        found.warning(format!(
            "{} kernel events are shorter than their layout and were left out",
            parts.survey.counts.malformed
        ));
    }
}

fn clock(parts: &Parts<'_>, found: &mut Found) {
    let clock = &parts.survey.clock;
    if clock.is_assumed {
        found.problem(format!(
            "the clock's type or frequency is not known ({:?}); times assume {} ticks a second",
            clock.clock_type, clock.frequency
        ));
    }
    let mode = parts
        .survey
        .header
        .as_ref()
        .map(|header| header.log_file_mode);
    if mode.is_some_and(|mode| mode.contains(LogFileMode::NO_PER_PROCESSOR_BUFFERING)) {
        found.problem(
            "the session had one set of buffers for all processors: which processor an event \
             happened on is not known"
                .into(),
        );
    }
}

/// What the trace has none of.
fn missing(parts: &Parts<'_>, found: &mut Found) {
    let (counts, enabled) = (&parts.survey.counts, &parts.survey.enabled);
    let off = |mask: u32| match enabled {
        Some(groups) if !groups.is_empty() && !groups.contains(mask) => " (it was not recorded)",
        _ => "",
    };
    if counts.dpcs == 0 {
        found.warning(format!(
            "no DPC events{}: record with the keyword DPC",
            off(group_mask::DPC)
        ));
    }
    if counts.isrs == 0 {
        found.warning(format!(
            "no ISR events{}: record with the keyword Interrupt",
            off(group_mask::INTERRUPT)
        ));
    }
    if counts.compact_switches > 0 {
        found.warning(format!(
            "{} records of compact context switches are not read; record with CSwitch instead of \
             CompactCSwitch",
            counts.compact_switches
        ));
    } else if counts.context_switches == 0 {
        found.note(format!(
            "no context switches{}: how busy processors were, and how long threads waited, is not \
             known",
            off(group_mask::CONTEXT_SWITCH)
        ));
    }
    if counts.dpcs + counts.isrs > 0 && parts.survey.images.modules().is_empty() {
        found.warning("no image events: routines have no names (record with Loader)".into());
    }
    if counts.driver == 0 {
        found.note(
            "no events of the provider Dhpnic: what changed, and packets per queue, are known from \
             the kernel's events only"
                .into(),
        );
    }
    if counts.driver_unknown > 0 {
        found.note(format!(
            "{} events of the provider Dhpnic are not understood (a newer driver?)",
            counts.driver_unknown
        ));
    }
    if let Some(focus) = parts.focus
        && !parts.survey.images.has(focus)
    {
        found.warning(format!("no image {focus} in the trace"));
    }
}

fn long_routines(analysis: &Analysis, found: &mut Found) {
    for (what, guidance_us, kinds) in [
        ("DPCs", 100, &[Kind::Dpc, Kind::TimerDpc][..]),
        ("ISRs", 25, &[Kind::Isr]),
    ] {
        let rows = analysis.functions.iter();
        let rows = rows.filter(|row| kinds.contains(&row.kind) && row.over > 0);
        let over: u64 = rows.clone().map(|row| row.over).sum();
        let Some(worst) = rows.max_by_key(|row| row.max_ns) else {
            continue;
        };
        found.warning(format!(
            "{over} {what} took longer than {guidance_us} µs; the longest, {:.0} µs, is {}!{}",
            worst.max_ns as f64 / 1e3,
            worst.module,
            worst.function
        ));
    }
    let unknown = analysis
        .functions
        .iter()
        .filter(|row| row.module == UNKNOWN);
    let unknown: u64 = unknown.map(|row| row.count).sum();
    if unknown > 0 {
        found.note(format!(
            "{unknown} DPCs and ISRs are in no image that the trace names"
        ));
    }
}

/// What the driver says that should not happen.
fn driver(parts: &Parts<'_>, found: &mut Found) {
    for record in &parts.survey.driver {
        match &record.event {
            DriverEvent::Reset { reason } => {
                let at = parts.since(record.at) as f64 / 1e9;
                found.problem(format!("at {at:.3} s the adapter was reset: {reason}"));
            }
            DriverEvent::ProcessorFailure { processor, status } => found.problem(format!(
                "processor {processor} failed to start, status {status:#010x}"
            )),
            _ => {}
        }
    }
    // The spread that the last table was made for.
    let mut last: Option<&Spread> = None;
    for record in &parts.survey.driver {
        let DriverEvent::Indirection { entries, moved } = &record.event else {
            continue;
        };
        let now = spread::last_spread(parts, record.at.saturating_add(1));
        if let (Some(before), Some(after)) = (last, now)
            && let Some(text) = too_many_moved(before, after, *entries, *moved)
        {
            found.warning(text);
        }
        last = now;
    }
}

/// When queues become more, only the entries of the new ones need to move.
fn too_many_moved(before: &Spread, after: &Spread, entries: usize, moved: u32) -> Option<String> {
    if before.queues == 0 || after.queues <= before.queues {
        return None;
    }
    let stay = u64::from(before.queues) * entries as u64 / u64::from(after.queues);
    let needed = entries as u64 - stay;
    (u64::from(moved) > needed).then(|| {
        format!(
            "{moved} of {entries} indirection entries moved from {} to {} queues; {needed} are \
             enough",
            before.queues, after.queues
        )
    })
}

fn changes(parts: &Parts<'_>, analysis: &Analysis, found: &mut Found) {
    for (change, report) in parts.changes.iter().zip(&analysis.changes) {
        if change.source == Source::FirstRecord {
            found.note(format!(
                "{:.3} s: {}; no event of the driver says when it was added",
                report.at_ns as f64 / 1e9,
                report.name
            ));
        }
    }
    for firsts in &parts.measured.firsts {
        for (processor, first) in firsts {
            if first.record.is_none() {
                found.warning(format!("processor {processor} was added, but never used"));
            } else if first.dpc.is_none()
                && let Some(focus) = parts.focus
                && parts.survey.counts.dpcs > 0
            {
                found.warning(format!(
                    "processor {processor} was added, but ran no DPC of {focus}"
                ));
            }
        }
    }
}

fn imbalance(analysis: &Analysis, found: &mut Found) {
    for row in &analysis.imbalance {
        if row.max_to_mean <= IMBALANCE_MAX || row.cpus.len() < 2 {
            continue;
        }
        found.warning(format!(
            "{}: {} are spread unevenly, the busiest of {} processors has {:.1} times the mean",
            row.phase,
            row.what,
            row.cpus.len(),
            row.max_to_mean
        ));
    }
}
