//! What is known while events are read.

use super::arrival::{Firsts, Shares};
use super::durations::Durations;
use super::heat::Heat;
use super::intervals::Nesting;
use super::phase::{CpuTimes, PhaseTimes};
use super::queues::Queues;
use super::routines::{DPC_GUIDANCE_NS, Routines};
use super::threads::{Slice, Threads};
use super::{Measurement, Plan};
use crate::trace::driver_events::{DriverEvent, PROVIDER, QueueCounters};
use crate::trace::survey;
use etl::kernel::{ContextSwitch, KernelEvent};
use etl::{Event, Identity};
use std::collections::{HashMap, HashSet};

/// The framework that calls a driver's ISRs and DPCs for it.
const FRAMEWORK: &str = "Wdf01000.sys";

/// DPCs in queues that are kept track of.
const QUEUED_MAX: usize = 1 << 16;

/// What is known of a processor while its events are read.
#[derive(Debug, Default)]
pub(super) struct CpuState {
    pub(super) nesting: Nesting,
    /// When the framework last called a driver's callback, and where that is.
    pub(super) callback: Option<(i64, u64)>,
    /// The module of the last ISR, and its end.
    pub(super) last_isr: Option<(Option<usize>, i64)>,
    /// When the DPC that is about to run was queued.
    pub(super) queued_at: Option<i64>,
}

/// The second pass, event by event.
pub(super) struct Measurer<'a> {
    pub(super) plan: Plan<'a>,
    provider: etl::Uuid,
    pub(super) framework: Vec<bool>,
    pub(super) focus: Vec<bool>,
    /// Where each phase ends.
    ends: Vec<i64>,
    pub(super) phase: usize,
    cpus: HashMap<u16, CpuState>,
    /// When each DPC was queued.
    queued: HashMap<u64, i64>,
    pub(super) last_focus: Option<(i64, usize)>,
    /// Processors that any change added.
    added: HashSet<u16>,
    pub(super) result: Measurement,
}

impl<'a> Measurer<'a> {
    pub(super) fn new(plan: Plan<'a>) -> Self {
        let survey = plan.survey;
        let span_ns = survey.since(survey.span.1);
        let is_named = |name: &str| {
            let modules = survey.images.modules().iter();
            modules
                .map(|module| module.name.eq_ignore_ascii_case(name))
                .collect()
        };
        let since = |ticks: i64| survey.since(ticks);
        let shares = plan
            .changes
            .iter()
            .map(|change| Shares::new(since(change.from)));
        let firsts = plan.changes.iter().map(|change| {
            let processors = change.processors.iter();
            processors
                .map(|processor| (*processor, Firsts::default()))
                .collect()
        });
        let added = plan.changes.iter().flat_map(|change| &change.processors);
        let added = added.filter_map(|processor| u16::try_from(*processor).ok());
        Self {
            plan,
            provider: etl::provider_guid(PROVIDER),
            framework: is_named(FRAMEWORK),
            focus: plan.focus.map(is_named).unwrap_or_default(),
            ends: plan.phases.iter().map(|phase| since(phase.to)).collect(),
            phase: 0,
            cpus: HashMap::new(),
            queued: HashMap::new(),
            last_focus: None,
            added: added.collect(),
            result: Measurement {
                phases: plan.phases.iter().map(|_| PhaseTimes::new()).collect(),
                routines: Routines::default(),
                modules: HashMap::new(),
                heat: Heat::new(span_ns),
                focus_heat: Heat::new(span_ns),
                threads: Threads::default(),
                queues: Queues::default(),
                firsts: firsts.collect(),
                shares: shares.collect(),
                latency: Durations::new(DPC_GUIDANCE_NS),
                is_queue_latency: false,
            },
        }
    }

    /// A time stamp as ns since the start of the span.
    pub(super) fn since(&self, ticks: i64) -> i64 {
        self.plan.survey.since(ticks)
    }

    pub(super) fn cpu(&mut self, cpu: u16) -> &mut CpuState {
        self.cpus.entry(cpu).or_default()
    }

    pub(super) fn times(&mut self, cpu: u16) -> &mut CpuTimes {
        self.result.phases[self.phase].cpus.entry(cpu).or_default()
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        let at = self.since(event.time_stamp);
        while at >= self.ends[self.phase] && self.phase + 1 < self.ends.len() {
            self.cut(self.ends[self.phase]);
            self.phase += 1;
        }
        let cpu = event.processor;
        self.first(cpu, at, |firsts| &mut firsts.record);
        match event.identity() {
            Identity::Kernel { .. } => {
                // One that is too short was counted in the first pass.
                if let Ok(Some(decoded)) = event.kernel() {
                    self.kernel(cpu, at, event.time_stamp, &decoded);
                }
            }
            Identity::Provider { provider, .. } if provider == self.provider => {
                match survey::parse(event) {
                    Some(DriverEvent::QueueStatistics(counters)) => self.count(at, &counters),
                    Some(DriverEvent::Poll { cpu, packets, .. }) if packets > 0 => {
                        self.first(cpu as u16, at, |firsts| &mut firsts.packets);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn kernel(&mut self, cpu: u16, at: i64, ticks: i64, event: &KernelEvent<'_>) {
        match event {
            KernelEvent::Dpc(dpc) => self.dpc(cpu, at, ticks, dpc),
            KernelEvent::Isr(isr) => self.isr(cpu, at, ticks, isr),
            KernelEvent::ContextSwitch(switch) => self.switch(cpu, at, switch),
            KernelEvent::ReadyThread(ready) => self.result.threads.ready(at, ready),
            KernelEvent::Wdf(_, routine) => self.cpu(cpu).callback = Some((at, *routine)),
            KernelEvent::DpcEnqueue(enqueue) if self.queued.len() < QUEUED_MAX => {
                self.queued.insert(enqueue.key, at);
                self.result.is_queue_latency = true;
            }
            KernelEvent::DpcExecution(execution) => {
                let queued_at = self.queued.remove(&execution.key);
                self.cpu(cpu).queued_at = queued_at;
            }
            _ => {}
        }
    }

    fn switch(&mut self, cpu: u16, at: i64, switch: &ContextSwitch) {
        self.first(cpu, at, |firsts| &mut firsts.switch);
        let seen = self.plan.survey.processors.get(&cpu);
        let start = seen.map_or(at, |seen| self.since(seen.first).max(0));
        let begin = self
            .phase
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        let start = start.max(begin).min(at);
        let slice = self.result.threads.switch(cpu, at, switch, start);
        let times = self.times(cpu);
        times.switches += 1;
        add_slice(times, slice);
    }

    /// Ends a phase for what runs now.
    fn cut(&mut self, at: i64) {
        for (cpu, slice) in self.result.threads.cut(at) {
            add_slice(self.times(cpu), slice);
        }
    }

    fn count(&mut self, at: i64, counters: &QueueCounters) {
        let counted = self.result.queues.count(at, counters);
        // A processor's index has 11 bits.
        let cpu = counters.processor as u16;
        if counted.packets > 0 {
            self.first(cpu, at, |firsts| &mut firsts.packets);
        }
        let times = self.times(cpu);
        times.packets = times.packets.saturating_add(counted.packets);
    }

    /// Takes note of something that happens for the first time on a processor that was added.
    pub(super) fn first(
        &mut self,
        cpu: u16,
        at: i64,
        which: impl Fn(&mut Firsts) -> &mut Option<i64>,
    ) {
        if !self.added.contains(&cpu) {
            return;
        }
        for (change, firsts) in self.plan.changes.iter().zip(&mut self.result.firsts) {
            if let Some(firsts) = firsts.get_mut(&u32::from(cpu))
                && at >= self.plan.survey.since(change.from)
            {
                which(firsts).get_or_insert(at);
            }
        }
    }

    pub(super) fn finish(mut self) -> Measurement {
        let survey = self.plan.survey;
        self.cut(survey.since(survey.span.1));
        self.result
    }
}

fn add_slice(times: &mut CpuTimes, slice: Slice) {
    times.known_ns = times.known_ns.saturating_add(slice.length_ns as u64);
    if slice.is_idle {
        let idle = slice.length_ns - slice.interrupted_ns;
        times.idle_ns = times.idle_ns.saturating_add(idle as u64);
    }
}
