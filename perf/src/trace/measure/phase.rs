//! What is measured in each phase of a trace.

use super::durations::Durations;
use super::routines::{DPC_GUIDANCE_NS, ISR_GUIDANCE_NS};
use std::collections::BTreeMap;

/// DPCs or ISRs on one processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Their time, without what interrupted them.
    pub exclusive_ns: u64,
}

impl Share {
    pub(super) fn add(&mut self, exclusive_ns: i64) {
        self.count += 1;
        let ns = u64::try_from(exclusive_ns).unwrap_or(0);
        self.exclusive_ns = self.exclusive_ns.saturating_add(ns);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.exclusive_ns = self.exclusive_ns.saturating_add(other.exclusive_ns);
    }
}

/// What a processor did in a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// DPCs, without threaded ones.
    pub dpc: Share,
    /// ISRs.
    pub isr: Share,
    /// Threaded DPCs; other threads can have run within them.
    pub threaded: Share,
    /// DPCs of the module in focus.
    pub focus_dpc: Share,
    /// ISRs of the module in focus.
    pub focus_isr: Share,
    /// Context switches.
    pub switches: u64,
    /// Time of which is known what ran.
    pub known_ns: u64,
    /// Time of the idle thread, without DPCs and ISRs.
    pub idle_ns: u64,
    /// Packets that the driver received or sent here.
    pub packets: u64,
}

impl CpuTimes {
    /// Adds all of another phase.
    pub fn merge(&mut self, other: &Self) {
        self.dpc.merge(other.dpc);
        self.isr.merge(other.isr);
        self.threaded.merge(other.threaded);
        self.focus_dpc.merge(other.focus_dpc);
        self.focus_isr.merge(other.focus_isr);
        self.switches += other.switches;
        self.known_ns = self.known_ns.saturating_add(other.known_ns);
        self.idle_ns = self.idle_ns.saturating_add(other.idle_ns);
        self.packets = self.packets.saturating_add(other.packets);
    }
}

/// What happened in a phase.
#[derive(Clone, Debug)]
pub struct PhaseTimes {
    /// The processors.
    pub cpus: BTreeMap<u16, CpuTimes>,
    /// All DPCs.
    pub dpcs: Durations,
    /// All ISRs.
    pub isrs: Durations,
    /// DPCs of the module in focus.
    pub focus_dpcs: Durations,
    /// From the interrupt of the module in focus to its DPC.
    pub focus_latency: Durations,
    /// The longest time without a DPC of the module in focus, on any processor.
    pub focus_gap_ns: u64,
}

impl Default for PhaseTimes {
    fn default() -> Self {
        Self::new()
    }
}

impl PhaseTimes {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            cpus: BTreeMap::new(),
            dpcs: Durations::new(DPC_GUIDANCE_NS),
            isrs: Durations::new(ISR_GUIDANCE_NS),
            focus_dpcs: Durations::new(DPC_GUIDANCE_NS),
            focus_latency: Durations::new(DPC_GUIDANCE_NS),
            focus_gap_ns: 0,
        }
    }

    /// Adds all of another phase.
    pub fn merge(&mut self, other: &Self) {
        for (cpu, times) in &other.cpus {
            self.cpus.entry(*cpu).or_default().merge(times);
        }
        self.dpcs.merge(&other.dpcs);
        self.isrs.merge(&other.isrs);
        self.focus_dpcs.merge(&other.focus_dpcs);
        self.focus_latency.merge(&other.focus_latency);
        self.focus_gap_ns = self.focus_gap_ns.max(other.focus_gap_ns);
    }
}
