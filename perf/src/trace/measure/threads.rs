//! Which thread runs where: context switches, and the time until a ready thread runs.

use super::durations::Durations;
use etl::kernel::{ContextSwitch, ReadyThread};
use std::collections::HashMap;

/// Threads that are told apart.
const THREADS_MAX: usize = 1 << 17;

/// The idle thread of every processor.
const IDLE: u32 = 0;
/// A thread that stops in this state could go on: it was preempted.
const STATE_READY: i8 = 1;
/// A thread that stops in this state waits.
const STATE_WAITING: i8 = 5;

/// A thread that waits longer for its processor than this is told.
const READY_GUIDANCE_NS: u64 = 1_000_000;

/// What a thread did.
#[derive(Clone, Debug)]
pub struct ThreadTimes {
    /// How often it was given a processor.
    pub switch_ins: u64,
    /// How often it stopped to wait.
    pub waits: u64,
    /// How often it stopped although it could have gone on.
    pub preemptions: u64,
    /// How long it ran, without the DPCs and ISRs that interrupted it.
    pub run_ns: u64,
    /// How long it could have run, but did not.
    pub ready: Durations,
    ready_since: Option<i64>,
}

impl ThreadTimes {
    fn new() -> Self {
        Self {
            switch_ins: 0,
            waits: 0,
            preemptions: 0,
            run_ns: 0,
            ready: Durations::new(READY_GUIDANCE_NS),
            ready_since: None,
        }
    }
}

/// What a processor runs.
#[derive(Clone, Copy, Debug)]
struct Running {
    thread_id: u32,
    since: i64,
    /// DPC and ISR time since then.
    interrupted_ns: i64,
}

/// A stretch of time on a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Whether the idle thread ran.
    pub is_idle: bool,
    /// How long, with DPCs and ISRs.
    pub length_ns: i64,
    /// DPC and ISR time within it.
    pub interrupted_ns: i64,
}

/// The threads of a trace.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    running: HashMap<u16, Running>,
    times: HashMap<u32, ThreadTimes>,
}

impl Threads {
    fn times(&mut self, thread_id: u32) -> Option<&mut ThreadTimes> {
        if self.times.len() == THREADS_MAX && !self.times.contains_key(&thread_id) {
            return None;
        }
        let times = self.times.entry(thread_id);
        Some(times.or_insert_with(ThreadTimes::new))
    }

    /// A processor goes on with another thread; gives what it ran until now. `start` is where what
    /// the processor ran before its first switch begins.
    pub fn switch(&mut self, cpu: u16, at: i64, switch: &ContextSwitch, start: i64) -> Slice {
        let running = self.running.insert(
            cpu,
            Running {
                thread_id: switch.new_thread_id,
                since: at,
                interrupted_ns: 0,
            },
        );
        let running = running.unwrap_or(Running {
            thread_id: switch.old_thread_id,
            since: start,
            interrupted_ns: 0,
        });
        let slice = self.end(running, at);
        let is_ready = switch.old_state == STATE_READY;
        if switch.old_thread_id != IDLE
            && let Some(old) = self.times(switch.old_thread_id)
        {
            old.waits += u64::from(switch.old_state == STATE_WAITING);
            old.preemptions += u64::from(is_ready);
            old.ready_since = is_ready.then_some(at);
        }
        if switch.new_thread_id != IDLE
            && let Some(new) = self.times(switch.new_thread_id)
        {
            new.switch_ins += 1;
            if let Some(since) = new.ready_since.take() {
                new.ready.add(at - since);
            }
        }
        slice
    }

    fn end(&mut self, running: Running, at: i64) -> Slice {
        let length_ns = (at - running.since).max(0);
        let interrupted_ns = running.interrupted_ns.min(length_ns);
        let is_idle = running.thread_id == IDLE;
        if !is_idle && let Some(times) = self.times(running.thread_id) {
            let ran = (length_ns - interrupted_ns) as u64;
            times.run_ns = times.run_ns.saturating_add(ran);
        }
        Slice {
            is_idle,
            length_ns,
            interrupted_ns,
        }
    }

    /// Ends what every processor runs now, and begins it anew: phases are measured apart.
    pub fn cut(&mut self, at: i64) -> Vec<(u16, Slice)> {
        let running: Vec<_> = self.running.iter().map(|(cpu, run)| (*cpu, *run)).collect();
        let cut = running.into_iter().map(|(cpu, run)| {
            let slice = self.end(run, at);
            let again = Running {
                since: at.max(run.since),
                interrupted_ns: 0,
                ..run
            };
            self.running.insert(cpu, again);
            (cpu, slice)
        });
        cut.collect()
    }

    /// A DPC or ISR took this much time from what the processor runs.
    pub fn interrupt(&mut self, cpu: u16, ns: i64) {
        if let Some(running) = self.running.get_mut(&cpu) {
            running.interrupted_ns = running.interrupted_ns.saturating_add(ns);
        }
    }

    /// A thread can run.
    pub fn ready(&mut self, at: i64, ready: &ReadyThread) {
        if let Some(times) = self.times(ready.thread_id) {
            times.ready_since = Some(at);
        }
    }

    /// What each thread did.
    pub fn all(&self) -> &HashMap<u32, ThreadTimes> {
        &self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(new: u32, old: u32, old_state: i8) -> ContextSwitch {
        ContextSwitch {
            new_thread_id: new,
            old_thread_id: old,
            old_state,
            ..ContextSwitch::default()
        }
    }

    #[test]
    fn interrupts_are_taken_out_of_the_thread_that_they_interrupt() {
        let mut threads = Threads::default();
        // What ran before the first switch is known from the switch.
        let idle = threads.switch(0, 100, &switch(7, IDLE, 2), 0);
        assert!(idle.is_idle && idle.length_ns == 100);
        threads.interrupt(0, 30);
        let slice = threads.switch(0, 200, &switch(IDLE, 7, STATE_WAITING), 0);
        assert_eq!((slice.length_ns, slice.interrupted_ns), (100, 30));
        assert_eq!(threads.all()[&7].run_ns, 70);
        assert_eq!(threads.all()[&7].waits, 1);
    }

    #[test]
    fn a_thread_is_ready_until_it_runs() {
        let mut threads = Threads::default();
        let ready = ReadyThread {
            thread_id: 7,
            ..ReadyThread::default()
        };
        threads.ready(50, &ready);
        threads.switch(0, 80, &switch(7, IDLE, 2), 0);
        threads.switch(0, 90, &switch(8, 7, STATE_READY), 0);
        threads.switch(1, 130, &switch(7, IDLE, 2), 0);
        let times = &threads.all()[&7];
        assert_eq!((times.ready.total_ns, times.ready.max_ns), (30 + 40, 40));
        assert_eq!((times.switch_ins, times.preemptions), (2, 1));
    }

    #[test]
    fn a_cut_ends_and_begins_what_runs() {
        let mut threads = Threads::default();
        threads.switch(0, 0, &switch(7, IDLE, 2), 0);
        threads.interrupt(0, 5);
        let cut = threads.cut(40);
        assert_eq!(cut.len(), 1);
        assert_eq!((cut[0].1.length_ns, cut[0].1.interrupted_ns), (40, 5));
        let rest = threads.switch(0, 100, &switch(IDLE, 7, 5), 0);
        assert_eq!((rest.length_ns, rest.interrupted_ns), (60, 0));
    }
}
