//! The second pass over a trace: times.

pub mod arrival;
pub mod durations;
pub mod heat;
pub mod intervals;
mod measurer;
pub mod phase;
pub mod queues;
pub mod routines;
pub mod threads;
mod work;

use super::changes::{Change, Phase};
use super::progress::Progress;
use super::survey::Survey;
use arrival::{Firsts, Shares};
use durations::Durations;
use etl::{ReadError, Trace};
use heat::Heat;
use measurer::Measurer;
use phase::{PhaseTimes, Share};
use queues::Queues;
use routines::Routines;
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};
use threads::Threads;

/// What is known before times are measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The first pass.
    pub survey: &'a Survey,
    /// What changed.
    pub changes: &'a [Change],
    /// The phases, in order.
    pub phases: &'a [Phase],
    /// The module that is looked at most closely.
    pub focus: Option<&'a str>,
}

/// What was measured. Times are ns since the start of the span.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Each phase.
    pub phases: Vec<PhaseTimes>,
    /// All routines.
    pub routines: Routines,
    /// DPCs and ISRs of each module (or none) on each processor, without threaded DPCs.
    pub modules: HashMap<Option<usize>, BTreeMap<u16, [Share; 2]>>,
    /// Processor × time.
    pub heat: Heat,
    /// Processor × time of the module in focus.
    pub focus_heat: Heat,
    /// The threads.
    pub threads: Threads,
    /// The driver's queues.
    pub queues: Queues,
    /// For each change, each processor that it added.
    pub firsts: Vec<BTreeMap<u32, Firsts>>,
    /// For each change, what each processor did for the module in focus after it.
    pub shares: Vec<Shares>,
    /// From the interrupt to the DPC of the same module on that processor, or, where the trace has
    /// the DPC queues, from the queue to the DPC.
    pub latency: Durations,
    /// Whether the latency is that of the DPC queues.
    pub is_queue_latency: bool,
}

impl Measurement {
    /// Reads a trace to its end.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn of<R: Read + Seek>(
        mut trace: Trace<R>,
        plan: Plan<'_>,
        progress: &mut Progress,
    ) -> Result<Self, ReadError> {
        let mut measurer = Measurer::new(plan);
        let mut seen = 0_u64;
        while let Some(event) = trace.next_event()? {
            measurer.event(&event);
            seen += 1;
            if seen.is_multiple_of(Progress::EVENTS) {
                progress.set(trace.progress());
            }
        }
        Ok(measurer.finish())
    }
}
