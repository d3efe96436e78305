//! DPCs and ISRs: whose they are, how long they took, and of what they took the time.

use super::durations::LONGEST_NS;
use super::measurer::Measurer;
use super::routines::Kind;
use etl::kernel::{Dpc, Isr};

impl Measurer<'_> {
    /// The routine that ran, by its own name if the framework called it.
    fn routine(
        &mut self,
        kind: Kind,
        address: u64,
        entry: i64,
        at: i64,
        cpu: u16,
        ticks: i64,
    ) -> usize {
        let images = &self.plan.survey.images;
        let number = self.result.routines.find(kind, address, ticks, images);
        let module = self.result.routines.list()[number].module;
        let is_framework = module.is_some_and(|module| self.framework[module]);
        let called = self
            .cpu(cpu)
            .callback
            .filter(|(called, _)| (entry..=at).contains(called));
        match called.filter(|_| is_framework) {
            Some((_, callback)) => self.result.routines.find(kind, callback, ticks, images),
            None => number,
        }
    }

    /// When a routine was entered that returned at `at`. One that takes longer than anything can is
    /// cut.
    fn entry(&self, initial_time: i64, at: i64) -> i64 {
        let entry = self.since(initial_time);
        entry.clamp(at.saturating_sub(LONGEST_NS as i64), at)
    }

    pub(super) fn dpc(&mut self, cpu: u16, at: i64, ticks: i64, dpc: &Dpc) {
        let entry = self.entry(dpc.initial_time, at);
        let kind = Kind::of_dpc(dpc.kind);
        let number = self.routine(kind, dpc.routine, entry, at, cpu, ticks);
        let is_threaded = kind == Kind::ThreadedDpc;
        let nesting = &mut self.cpu(cpu).nesting;
        let exclusive = if is_threaded {
            nesting.exclusive_of_threaded(entry, at)
        } else {
            nesting.exclusive(entry, at)
        };
        let module = self.account(number, at - entry, exclusive);
        if is_threaded {
            self.times(cpu).threaded.add(exclusive);
            return;
        }
        self.times(cpu).dpc.add(exclusive);
        self.result.phases[self.phase].dpcs.add(at - entry);
        self.spend(cpu, entry, at, exclusive, module, 0);
        let latency = self.latency(cpu, entry, module);
        if let Some(latency) = latency {
            self.result.latency.add(latency);
        }
        if self.is_focus(module) {
            self.focus_dpc(cpu, entry, at, exclusive, latency);
        }
    }

    pub(super) fn isr(&mut self, cpu: u16, at: i64, ticks: i64, isr: &Isr) {
        let Some(kind) = Kind::of_isr(isr.kind) else {
            return;
        };
        let entry = self.entry(isr.initial_time, at);
        let number = self.routine(kind, isr.routine, entry, at, cpu, ticks);
        let exclusive = self.cpu(cpu).nesting.exclusive(entry, at);
        let module = self.account(number, at - entry, exclusive);
        self.result.routines.get_mut(number).unclaimed += u64::from(!isr.claimed);
        self.cpu(cpu).last_isr = Some((module, at));
        self.times(cpu).isr.add(exclusive);
        self.result.phases[self.phase].isrs.add(at - entry);
        self.spend(cpu, entry, at, exclusive, module, 1);
        if self.is_focus(module) {
            self.first(cpu, entry, |firsts| &mut firsts.isr);
            self.times(cpu).focus_isr.add(exclusive);
        }
    }

    /// Adds to the routine; gives its module.
    fn account(&mut self, number: usize, inclusive: i64, exclusive: i64) -> Option<usize> {
        let routine = self.result.routines.get_mut(number);
        routine.durations.add(inclusive);
        let exclusive = u64::try_from(exclusive).unwrap_or(0);
        routine.exclusive_ns = routine.exclusive_ns.saturating_add(exclusive);
        routine.module
    }

    /// Takes time from a processor, for a module's DPC (0) or ISR (1).
    fn spend(
        &mut self,
        cpu: u16,
        entry: i64,
        exit: i64,
        exclusive: i64,
        module: Option<usize>,
        which: usize,
    ) {
        let result = &mut self.result;
        result.threads.interrupt(cpu, exclusive);
        result.heat.add(cpu, entry, exit, exclusive);
        let shares = result.modules.entry(module).or_default();
        shares.entry(cpu).or_default()[which].add(exclusive);
        if self.is_focus(module) {
            self.result.focus_heat.add(cpu, entry, exit, exclusive);
        }
    }

    fn is_focus(&self, module: Option<usize>) -> bool {
        module.is_some_and(|module| self.focus.get(module).copied().unwrap_or(false))
    }

    fn focus_dpc(&mut self, cpu: u16, entry: i64, at: i64, exclusive: i64, latency: Option<i64>) {
        self.first(cpu, entry, |firsts| &mut firsts.dpc);
        self.times(cpu).focus_dpc.add(exclusive);
        if let Some(change) = self.plan.phases[..=self.phase]
            .iter()
            .rev()
            .find_map(|phase| phase.change)
        {
            self.result.shares[change].add(cpu, at, exclusive);
        }
        if let Some((last, phase)) = self.last_focus {
            let gap = u64::try_from(entry - last).unwrap_or(0);
            // A gap that reaches over a change belongs to the change.
            let phases = phase..=self.phase;
            let change = phases
                .clone()
                .find(|phase| self.plan.phases[*phase].change.is_some());
            let whose = &mut self.result.phases[change.unwrap_or(self.phase)];
            whose.focus_gap_ns = whose.focus_gap_ns.max(gap);
        }
        let last = self.last_focus.map_or(at, |(last, _)| last.max(at));
        self.last_focus = Some((last, self.phase));
        let times = &mut self.result.phases[self.phase];
        times.focus_dpcs.add(at - entry);
        if let Some(latency) = latency {
            times.focus_latency.add(latency);
        }
    }

    /// How long the DPC waited.
    fn latency(&mut self, cpu: u16, entry: i64, module: Option<usize>) -> Option<i64> {
        let is_queue_latency = self.result.is_queue_latency;
        let state = self.cpu(cpu);
        if is_queue_latency {
            return state.queued_at.take().map(|queued| (entry - queued).max(0));
        }
        let (of, end) = state.last_isr?;
        if of != module || end > entry {
            return None;
        }
        state.last_isr = None;
        Some(entry - end)
    }
}
