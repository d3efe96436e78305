//! The first pass over a trace: what is in it, who is who, and what the driver says.
//!
//! Names come late: WPR writes the list of images when it stops. So a trace is read twice, and the
//! second pass knows every name, the span of time and the changes.

use super::driver_events::{DriverEvent, PROVIDER};
use super::images::Images;
use super::progress::Progress;
use etl::kernel::{
    Cpu, EnabledGroups, KernelEvent, Loss, Nic, Process, ProcessorNumber, Thread, ThreadName,
};
use etl::tracelogging::decode;
use etl::{Clock, Event, Health, Identity, LogFileHeader, OpenError, ReadError, Trace};
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

/// Events of the driver that are kept one by one; statistics and polls are not.
const DRIVER_EVENTS_MAX: usize = 1 << 16;
/// Threads and processes that are kept track of.
const NAMES_MAX: usize = 1 << 18;

/// A thread's process, where it started, and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadInfo {
    /// Its process.
    pub process_id: u32,
    /// Where it started.
    pub start_address: u64,
    /// Its name.
    pub name: String,
    /// Whether it wrote events of the driver.
    pub writes_driver_events: bool,
}

/// When a processor was seen, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its first event.
    pub first: i64,
    /// Its last event.
    pub last: i64,
    /// How many.
    pub events: u64,
}

/// How many events of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say what is counted")]
pub struct Counts {
    pub dpcs: u64,
    pub isrs: u64,
    pub context_switches: u64,
    pub compact_switches: u64,
    pub ready_threads: u64,
    pub samples: u64,
    pub driver: u64,
    /// Events of the driver that are not understood.
    pub driver_unknown: u64,
    /// Kernel events that are shorter than their layout.
    pub malformed: u64,
    /// Events of providers other than the driver, and of classes that are not the kernel's.
    pub other_providers: u64,
    /// WPP messages.
    pub messages: u64,
    /// Losses that a real-time session noticed.
    pub realtime_losses: u64,
}

/// An event of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverRecord {
    /// When, in ticks.
    pub at: i64,
    /// The processor that wrote it.
    pub cpu: u16,
    /// What it says.
    pub event: DriverEvent,
}

/// What is in a trace.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What the file says of itself.
    pub header: Option<LogFileHeader>,
    /// What time stamps mean.
    pub clock: Clock,
    /// First and last time stamp of what is measured; of all events if nothing is.
    pub span: (i64, i64),
    /// The processors.
    pub processors: BTreeMap<u16, Seen>,
    /// The kernel's modules.
    pub images: Images,
    /// The threads.
    pub threads: HashMap<u32, ThreadInfo>,
    /// The processes' names.
    pub processes: HashMap<u32, String>,
    /// What the session asked for.
    pub enabled: Option<EnabledGroups>,
    /// Group and number of each processor.
    pub numbers: Vec<ProcessorNumber>,
    /// The machine.
    pub machine: Option<Cpu>,
    /// Its network adapters.
    pub nics: Vec<Nic>,
    /// What the driver says, but for statistics and polls.
    pub driver: Vec<DriverRecord>,
    /// Text that somebody put into the trace.
    pub marks: Vec<(i64, String)>,
    /// How many events of each kind there are.
    pub counts: Counts,
    /// The account of the file.
    pub health: Health,
}

/// Times further from the start than this, 13 days, are cut: sums of what is left fit.
const SINCE_MAX_NS: i64 = 1 << 50;

/// The sum of numbers that anybody may have written.
pub fn total(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

impl Survey {
    /// A time stamp as ns since the start of the span.
    pub fn since(&self, ticks: i64) -> i64 {
        let since = ticks.saturating_sub(self.span.0);
        let ns = self.clock.nanoseconds(since);
        ns.clamp(-SINCE_MAX_NS, SINCE_MAX_NS)
    }

    /// Reads a trace to its end.
    ///
    /// # Errors
    /// If nothing of the file can be read, or no longer.
    pub fn of<R: Read + Seek>(
        mut trace: Trace<R>,
        progress: &mut Progress,
    ) -> Result<Self, ReadError> {
        let mut surveyor = Surveyor::new(&trace);
        let mut seen = 0_u64;
        while let Some(event) = trace.next_event()? {
            surveyor.event(&event);
            seen += 1;
            if seen.is_multiple_of(Progress::EVENTS) {
                progress.set(trace.progress());
            }
        }
        let mut survey = surveyor.finish();
        survey.health = trace.health().clone();
        if survey.health.events == 0 {
            let bytes = survey.health.file_bytes;
            return Err(OpenError::NotEtl { bytes }.into());
        }
        Ok(survey)
    }
}

struct Surveyor {
    survey: Survey,
    provider: etl::Uuid,
    /// First and last time stamp of DPCs, ISRs, switches and the driver's events.
    measured: Option<(i64, i64)>,
    all: Option<(i64, i64)>,
}

impl Surveyor {
    fn new<R: Read + Seek>(trace: &Trace<R>) -> Self {
        Self {
            survey: Survey {
                header: trace.header().cloned(),
                clock: trace.clock(),
                span: (0, 0),
                processors: BTreeMap::new(),
                images: Images::default(),
                threads: HashMap::new(),
                processes: HashMap::new(),
                enabled: None,
                numbers: Vec::new(),
                machine: None,
                nics: Vec::new(),
                driver: Vec::new(),
                marks: Vec::new(),
                counts: Counts::default(),
                health: Health::default(),
            },
            provider: etl::provider_guid(PROVIDER),
            measured: None,
            all: None,
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let at = event.time_stamp;
        extend(&mut self.all, at);
        let seen = self.survey.processors.entry(event.processor);
        let seen = seen.or_insert(Seen {
            first: at,
            last: at,
            events: 0,
        });
        seen.last = at;
        seen.events += 1;
        let counts = &mut self.survey.counts;
        match event.identity() {
            Identity::Kernel { .. } => self.kernel(event),
            Identity::Provider { provider, .. } if provider == self.provider => {
                extend(&mut self.measured, at);
                self.driver(event);
            }
            Identity::Provider { .. } | Identity::Classic { .. } => counts.other_providers += 1,
            Identity::Message { .. } => counts.messages += 1,
            Identity::Other { .. } => {}
        }
    }

    fn kernel(&mut self, event: &Event<'_>) {
        let at = event.time_stamp;
        let survey = &mut self.survey;
        let counts = &mut survey.counts;
        let decoded = match event.kernel() {
            Ok(Some(decoded)) => decoded,
            Ok(None) => return,
            Err(_) => {
                counts.malformed += 1;
                return;
            }
        };
        let measured = match &decoded {
            KernelEvent::Dpc(_) => &mut counts.dpcs,
            KernelEvent::Isr(_) => &mut counts.isrs,
            KernelEvent::ContextSwitch(_) => &mut counts.context_switches,
            KernelEvent::ReadyThread(_) => &mut counts.ready_threads,
            KernelEvent::SampledProfile(_) => &mut counts.samples,
            KernelEvent::CompactSwitches => &mut counts.compact_switches,
            _ => return self.name(decoded, at),
        };
        *measured += 1;
        extend(&mut self.measured, at);
    }

    fn name(&mut self, event: KernelEvent<'_>, at: i64) {
        let survey = &mut self.survey;
        match event {
            KernelEvent::Image(action, image) => survey.images.add(action, &image, at),
            KernelEvent::DebugId(id) => survey.images.add_debug_id(id),
            KernelEvent::Process(_, process) => self.process(process),
            KernelEvent::Thread(_, thread) => self.thread(thread),
            KernelEvent::ThreadName(name) => self.thread_name(name),
            KernelEvent::EnabledGroups(groups) => {
                let enabled = survey.enabled.get_or_insert_default();
                for (mask, more) in enabled.masks.iter_mut().zip(groups.masks) {
                    *mask |= more;
                }
            }
            KernelEvent::ProcessorNumbers(numbers) => survey.numbers = numbers,
            KernelEvent::Cpu(cpu) => survey.machine = Some(cpu),
            KernelEvent::Nic(nic) if survey.nics.len() < NAMES_MAX => survey.nics.push(nic),
            KernelEvent::Mark(text) if survey.marks.len() < NAMES_MAX => {
                survey.marks.push((at, text));
            }
            KernelEvent::Lost(Loss::Event | Loss::Buffer | Loss::File) => {
                survey.counts.realtime_losses += 1;
            }
            _ => {}
        }
    }

    fn process(&mut self, process: Process) {
        let processes = &mut self.survey.processes;
        if processes.len() < NAMES_MAX {
            processes.insert(process.process_id, process.image_file_name);
        }
    }

    fn thread_info(&mut self, thread_id: u32) -> Option<&mut ThreadInfo> {
        let threads = &mut self.survey.threads;
        if threads.len() == NAMES_MAX && !threads.contains_key(&thread_id) {
            return None;
        }
        Some(threads.entry(thread_id).or_default())
    }

    fn thread(&mut self, thread: Thread) {
        if let Some(info) = self.thread_info(thread.thread_id) {
            info.process_id = thread.process_id;
            info.start_address = thread.start_address;
            if !thread.name.is_empty() {
                info.name = thread.name;
            }
        }
    }

    fn thread_name(&mut self, name: ThreadName) {
        if let Some(info) = self.thread_info(name.thread_id) {
            info.process_id = name.process_id;
            info.name = name.name;
        }
    }

    fn driver(&mut self, event: &Event<'_>) {
        self.survey.counts.driver += 1;
        if let (Some(thread_id), Some(process_id)) = (event.thread_id(), event.process_id())
            && thread_id != u32::MAX
            && let Some(info) = self.thread_info(thread_id)
        {
            info.process_id = process_id;
            info.writes_driver_events = true;
        }
        let survey = &mut self.survey;
        match parse(event) {
            Some(DriverEvent::QueueStatistics(_) | DriverEvent::Poll { .. }) => {}
            Some(parsed) if survey.driver.len() < DRIVER_EVENTS_MAX => {
                survey.driver.push(DriverRecord {
                    at: event.time_stamp,
                    cpu: event.processor,
                    event: parsed,
                });
            }
            Some(_) => {}
            None => survey.counts.driver_unknown += 1,
        }
    }

    fn finish(mut self) -> Survey {
        self.survey.images.finish();
        self.survey.span = self.measured.or(self.all).unwrap_or_default();
        self.survey
    }
}

/// The driver's event in a record of its provider.
pub fn parse(event: &Event<'_>) -> Option<DriverEvent> {
    let (metadata, payload) = event.trace_logging()?;
    let fields = decode(&metadata, payload, event.pointer_size());
    DriverEvent::parse(&metadata.name(), &fields)
}

fn extend(span: &mut Option<(i64, i64)>, at: i64) {
    let (first, last) = span.get_or_insert((at, at));
    *first = (*first).min(at);
    *last = (*last).max(at);
}
