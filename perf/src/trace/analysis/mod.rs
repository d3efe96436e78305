//! From what was measured to what is reported.

mod hot_add;
mod metrics;
mod model;
mod processors;
mod routines;
mod spread;
mod threads;
mod warnings;

pub use model::{
    Analysis, Bucket, ChangeReport, Comparison, CpuRow, DamageReport, FileReport, FunctionRow,
    HeatMap, HeatRow, Imbalance, Latency, Mark, Metric, ModuleRow, PhaseReport, QueueRow, SCHEMA,
    Severity, Step, ThreadRow, Warning,
};

use super::changes::{self, Change, Phase};
use super::driver_events::MODULE;
use super::measure::heat::Heat;
use super::measure::phase::PhaseTimes;
use super::measure::{Measurement, Plan};
use super::options::Choices;
use super::progress::Progress;
use super::survey::{Survey, total};
use super::symbols::Symbols;
use etl::{OpenError, ReadError, Trace};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Times that a trace is read.
const PASSES: u64 = 2;

/// What assembling a report needs.
struct Parts<'a> {
    survey: &'a Survey,
    changes: &'a [Change],
    phases: &'a [Phase],
    measured: &'a Measurement,
    focus: Option<&'a str>,
}

impl Parts<'_> {
    /// A time stamp as ns since the start of the span.
    fn since(&self, ticks: i64) -> i64 {
        self.survey.since(ticks)
    }

    fn span_ns(&self) -> i64 {
        self.since(self.survey.span.1)
    }

    /// Phases that are no change, with their times and lengths.
    fn steady(&self) -> impl DoubleEndedIterator<Item = (&Phase, &PhaseTimes, i64)> {
        let phases = self.phases.iter().zip(&self.measured.phases);
        let steady = phases.filter(|(phase, _)| phase.change.is_none());
        steady.map(|(phase, times)| {
            let length = self.since(phase.to) - self.since(phase.from);
            (phase, times, length)
        })
    }
}

/// Reads and analyses a file.
///
/// # Errors
/// If nothing of it can be read.
pub fn analyse(path: &Path, choices: &Choices) -> Result<Analysis, ReadError> {
    let bytes = std::fs::metadata(path).map_err(OpenError::from)?.len();
    let mut progress = Progress::new(bytes, PASSES);
    progress.name("reading names");
    let survey = Survey::of(Trace::open(path)?, &mut progress)?;
    progress.pass(bytes);
    let focus = focus(&survey, choices);
    let given = choices.at_seconds.map(|seconds| {
        let ns = (seconds * 1e9) as i64;
        survey.span.0.saturating_add(survey.clock.ticks(ns))
    });
    let changes = changes::find(&survey, given);
    let phases = changes::phases(survey.span, &changes);
    let plan = Plan {
        survey: &survey,
        changes: &changes,
        phases: &phases,
        focus: focus.as_deref(),
    };
    progress.name("measuring");
    let measured = Measurement::of(Trace::open(path)?, plan, &mut progress)?;
    progress.finish();
    let mut symbols = Symbols::new(&choices.symbols);
    let parts = Parts {
        survey: &survey,
        changes: &changes,
        phases: &phases,
        measured: &measured,
        focus: focus.as_deref(),
    };
    Ok(assemble(path, &parts, &mut symbols))
}

/// The module that is looked at most closely: the one that was asked for, or the driver, if it is
/// there.
fn focus(survey: &Survey, choices: &Choices) -> Option<String> {
    if let Some(module) = &choices.module {
        return Some(module.clone());
    }
    let is_there = survey.images.has(MODULE) || survey.counts.driver > 0;
    is_there.then(|| MODULE.to_owned())
}

fn assemble(path: &Path, parts: &Parts<'_>, symbols: &mut Symbols) -> Analysis {
    let processors = processors::rows(parts);
    let functions = routines::functions(parts, symbols);
    let modules = routines::modules(parts, &functions, &processors);
    let changes = hot_add::changes(parts);
    let imbalance = spread::imbalance(parts);
    let comparison = metrics::comparison(parts);
    let mut analysis = Analysis {
        schema: SCHEMA,
        file: file(path, parts),
        warnings: Vec::new(),
        focus: parts.focus.map(str::to_owned),
        phases: phases(parts),
        changes,
        totals: metrics::totals(parts),
        comparison,
        processors,
        modules,
        functions,
        dpc_histogram: routines::histogram(parts, |times| &times.dpcs),
        isr_histogram: routines::histogram(parts, |times| &times.isrs),
        heat: heat_map(&parts.measured.heat),
        focus_heat: parts.focus.map(|_| heat_map(&parts.measured.focus_heat)),
        latency: routines::latency(parts),
        queues: spread::queues(parts),
        imbalance,
        threads: threads::rows(parts),
    };
    analysis.warnings = warnings::find(parts, &analysis, symbols);
    analysis
}

fn phases(parts: &Parts<'_>) -> Vec<PhaseReport> {
    let phases = parts.phases.iter().zip(&parts.measured.phases);
    phases
        .map(|(phase, times)| {
            let cpus = times.cpus.values();
            let sum = |of: fn(&super::measure::phase::CpuTimes) -> u64| total(cpus.clone().map(of));
            PhaseReport {
                name: phase.name.clone(),
                is_change: phase.change.is_some(),
                from_ns: parts.since(phase.from),
                length_ns: parts.since(phase.to) - parts.since(phase.from),
                dpc_count: sum(|cpu| cpu.dpc.count),
                dpc_ns: sum(|cpu| cpu.dpc.exclusive_ns),
                isr_count: sum(|cpu| cpu.isr.count),
                isr_ns: sum(|cpu| cpu.isr.exclusive_ns),
                packets: sum(|cpu| cpu.packets),
            }
        })
        .collect()
}

fn heat_map(heat: &Heat) -> HeatMap {
    let rows = heat.shares().into_iter();
    HeatMap {
        bin_ns: heat.bin_ns(),
        rows: rows.map(|(cpu, shares)| HeatRow { cpu, shares }).collect(),
    }
}

fn file(path: &Path, parts: &Parts<'_>) -> FileReport {
    let survey = parts.survey;
    let (health, counts, clock) = (&survey.health, &survey.counts, &survey.clock);
    let header = survey.header.as_ref();
    let system = header.map(|header| {
        let [major, minor, ..] = header.version;
        format!("Windows {major}.{minor}, build {}", header.provider_version)
    });
    let machine = survey.machine.as_ref();
    let damages = health.damages.iter().map(|damage| DamageReport {
        offset: damage.offset,
        bytes: damage.bytes,
        problem: damage.problem.to_string(),
    });
    let marks = survey.marks.iter().map(|(at, text)| Mark {
        at_ns: parts.since(*at),
        text: text.clone(),
    });
    FileReport {
        path: path.display().to_string(),
        bytes: health.file_bytes,
        session: header.map(|header| header.session_name.clone()),
        system,
        computer: machine.map(|machine| machine.computer_name.clone()),
        adapters: survey
            .nics
            .iter()
            .map(|nic| nic.description.clone())
            .collect(),
        processors: survey.processors.keys().copied().collect(),
        clock: format!("{:?}", clock.clock_type),
        ticks_per_second: clock.frequency,
        start_ticks: survey.span.0,
        start_time: start_time(survey),
        span_ns: parts.span_ns(),
        events: health.events,
        dpcs: counts.dpcs,
        isrs: counts.isrs,
        context_switches: counts.context_switches,
        ready_threads: counts.ready_threads,
        samples: counts.samples,
        driver_events: counts.driver,
        other_events: counts.other_providers + counts.messages,
        buffers: health.buffers,
        compressed_buffers: health.compressed_buffers,
        lossy: health.is_lossy() || counts.realtime_losses > 0,
        events_lost: health.events_lost.into(),
        buffers_lost: health.buffers_lost.into(),
        bytes_lost: health.bytes_lost,
        damages: damages.collect(),
        marks: marks.collect(),
    }
}

/// When the span began; `None` if the file does not say, or says something that is no time.
fn start_time(survey: &Survey) -> Option<String> {
    let header = survey.header.as_ref()?;
    if header.start_time == 0 {
        return None;
    }
    let ns = survey.clock.unix_nanoseconds(survey.span.0);
    let since = Duration::from_nanos(u64::try_from(ns).ok()?);
    Some(humantime::format_rfc3339_millis(UNIX_EPOCH.checked_add(since)?).to_string())
}
