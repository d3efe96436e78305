//! What a report says: numbers and names, ready to be shown. Schema `dhpnic.trace/1`.

use super::super::changes::Source;
use super::super::measure::routines::Kind;
use serde::Serialize;

/// The schema's name and version.
pub const SCHEMA: &str = "dhpnic.trace/1";

/// Everything that is known of a trace.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The file and its session.
    pub file: FileReport,
    /// What is missing or wrong, and what should be looked at; the most serious first.
    pub warnings: Vec<Warning>,
    /// The module that is looked at most closely.
    pub focus: Option<String>,
    /// The phases.
    pub phases: Vec<PhaseReport>,
    /// The changes, with their timelines.
    pub changes: Vec<ChangeReport>,
    /// The whole trace in numbers.
    pub totals: Vec<Metric>,
    /// Before the first change and after the last.
    pub comparison: Vec<Comparison>,
    /// Each processor, over the whole trace.
    pub processors: Vec<CpuRow>,
    /// Each module.
    pub modules: Vec<ModuleRow>,
    /// Each routine.
    pub functions: Vec<FunctionRow>,
    /// How long DPCs took.
    pub dpc_histogram: Vec<Bucket>,
    /// How long ISRs took.
    pub isr_histogram: Vec<Bucket>,
    /// Processor × time, of all modules.
    pub heat: HeatMap,
    /// Processor × time, of the module in focus.
    pub focus_heat: Option<HeatMap>,
    /// From the interrupt to the DPC.
    pub latency: Latency,
    /// Each queue on each processor.
    pub queues: Vec<QueueRow>,
    /// How evenly the work is spread, in each phase.
    pub imbalance: Vec<Imbalance>,
    /// The driver's threads.
    pub threads: Vec<ThreadRow>,
}

/// The file and its session.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct FileReport {
    pub path: String,
    pub bytes: u64,
    pub session: Option<String>,
    pub system: Option<String>,
    pub computer: Option<String>,
    pub adapters: Vec<String>,
    pub processors: Vec<u16>,
    pub clock: String,
    pub ticks_per_second: u64,
    /// Time stamp of the start of the span.
    pub start_ticks: i64,
    /// When that was, UTC.
    pub start_time: Option<String>,
    pub span_ns: i64,
    pub events: u64,
    pub dpcs: u64,
    pub isrs: u64,
    pub context_switches: u64,
    pub ready_threads: u64,
    pub samples: u64,
    pub driver_events: u64,
    pub other_events: u64,
    pub buffers: u64,
    pub compressed_buffers: u64,
    pub lossy: bool,
    pub events_lost: u64,
    pub buffers_lost: u64,
    pub bytes_lost: u64,
    pub damages: Vec<DamageReport>,
    pub marks: Vec<Mark>,
}

/// Something that is wrong with the file.
#[derive(Clone, Debug, Serialize)]
pub struct DamageReport {
    /// Where.
    pub offset: u64,
    /// How much.
    pub bytes: u64,
    /// What.
    pub problem: String,
}

/// Text that somebody put into the trace.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// When.
    pub at_ns: i64,
    /// What.
    pub text: String,
}

/// How serious a warning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Numbers may be wrong, or something did not work.
    Problem,
    /// Something should be looked at.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A sentence that is read first.
#[derive(Clone, Debug, Serialize)]
pub struct Warning {
    /// How serious.
    pub severity: Severity,
    /// What, and what to do.
    pub text: String,
}

/// A phase.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct PhaseReport {
    pub name: String,
    pub is_change: bool,
    pub from_ns: i64,
    pub length_ns: i64,
    pub dpc_count: u64,
    pub dpc_ns: u64,
    pub isr_count: u64,
    pub isr_ns: u64,
    pub packets: u64,
}

/// A change.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct ChangeReport {
    pub name: String,
    pub source: Source,
    /// Zero of the timeline.
    pub at_ns: i64,
    pub length_ns: i64,
    pub processors: Vec<u32>,
    pub timeline: Vec<Step>,
    /// How long what took, and what it did.
    pub figures: Vec<Metric>,
    /// The longest time without a DPC of the module in focus, around the change.
    pub gap_ns: u64,
    /// The same before the change.
    pub gap_before_ns: u64,
}

/// A step of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct Step {
    /// Since zero of the timeline.
    pub offset_ns: i64,
    /// Since the step before.
    pub phase_ns: i64,
    pub cpu: Option<u32>,
    pub what: String,
}

/// A number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct Metric {
    pub what: String,
    pub unit: &'static str,
    pub value: f64,
}

/// A number before the first change, and after the last.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names say what the fields are")]
pub struct Comparison {
    pub what: String,
    pub unit: &'static str,
    pub before: f64,
    pub after: f64,
    /// After, in parts of before; `None` if before is 0.
    pub ratio: Option<f64>,
}

/// A processor.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct CpuRow {
    pub cpu: u16,
    /// Group and number, if the trace says.
    pub group_number: Option<String>,
    pub dpc_count: u64,
    pub dpc_ns: u64,
    pub dpc_percent: f64,
    pub isr_count: u64,
    pub isr_ns: u64,
    pub isr_percent: f64,
    pub threaded_dpc_count: u64,
    pub threaded_dpc_ns: u64,
    /// `None` where the trace has no context switches of the processor.
    pub busy_percent: Option<f64>,
    pub switches_per_second: f64,
}

/// A module.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct ModuleRow {
    pub module: String,
    pub dpc_count: u64,
    pub dpc_ns: u64,
    pub dpc_over: u64,
    pub isr_count: u64,
    pub isr_ns: u64,
    pub isr_over: u64,
    /// DPC and ISR time on each processor, in the order of the processors' table.
    pub per_cpu_ns: Vec<u64>,
}

/// A routine.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct FunctionRow {
    pub module: String,
    pub function: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub count: u64,
    pub total_ns: u64,
    pub exclusive_ns: u64,
    pub average_ns: f64,
    pub p50_ns: u64,
    pub p99_ns: u64,
    pub max_ns: u64,
    /// Longer than the guidance: 100 µs for a DPC, 25 µs for an ISR.
    pub over: u64,
    /// Interrupts that were not its device's.
    pub unclaimed: u64,
}

/// A row of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct Bucket {
    pub lower_us: u64,
    /// `None` in the last row.
    pub upper_us: Option<u64>,
    pub count: u64,
    pub percent: f64,
    /// All of it is longer than the guidance.
    pub over_guidance: bool,
}

/// Processor × time.
#[derive(Clone, Debug, Serialize)]
pub struct HeatMap {
    /// Length of a bin.
    pub bin_ns: f64,
    /// The processors.
    pub rows: Vec<HeatRow>,
}

/// A processor's row.
#[derive(Clone, Debug, Serialize)]
pub struct HeatRow {
    /// The processor.
    pub cpu: u16,
    /// The share of each bin, from 0 to 1.
    pub shares: Vec<f64>,
}

/// From the interrupt to the DPC.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct Latency {
    /// `dpc queue`, or `end of ISR`: an approximation.
    pub measured_from: &'static str,
    pub count: u64,
    pub average_ns: f64,
    pub p50_ns: u64,
    pub p99_ns: u64,
    pub max_ns: u64,
}

/// A queue while its DPC ran on one processor.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct QueueRow {
    pub queue: u32,
    pub direction: &'static str,
    pub cpu: u32,
    pub from_ns: i64,
    pub length_ns: i64,
    pub packets: u64,
    pub packets_per_second: f64,
    pub bytes: u64,
    pub polls: u64,
    pub empty_polls: u64,
    pub packets_per_poll: f64,
    pub notifications: u64,
    pub dpcs: u64,
    /// DPC time of the module on the processor in that time, per packet of all its queues there.
    pub dpc_ns_per_packet: Option<f64>,
}

/// How evenly something is spread over processors.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct Imbalance {
    pub phase: String,
    /// `packets`, `DPC count` or `DPC time`.
    pub what: &'static str,
    pub cpus: Vec<u16>,
    pub shares: Vec<f64>,
    /// 1 is perfect.
    pub max_to_mean: f64,
    pub coefficient_of_variation: f64,
}

/// A thread.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct ThreadRow {
    pub process: String,
    pub process_id: u32,
    pub thread_id: u32,
    pub name: String,
    /// Why it counts as the driver's.
    pub reason: &'static str,
    pub count: u64,
    pub waits: u64,
    pub preemptions: u64,
    pub run_ns: u64,
    pub ready_ns: u64,
    pub ready_p99_ns: u64,
    pub ready_max_ns: u64,
    pub ready_over_1_ms: u64,
}
