//! Deterministic machines: one operating-system thread plays all processors, devices and timers,
//! and one seed decides who goes on at every point where that could be someone else.
//!
//! Whoever waits for something of the machine from outside conducts it meanwhile, so that what
//! happens outside (a test, a command) lies between two moments of the machine and never beside
//! one. Time is virtual: it passes a little at every point, and jumps when nothing can run.

mod choices;
mod part;
mod standstill;

pub(super) use part::Part;

use super::clock::Clock;
use super::playing::{current_thread, on_processor, play_as, processor};
use super::processor::Processor;
use super::system::System;
use super::thread::{Suspension, Thread, suspend};
use super::trace::{Trace, TraceEvent};
use choices::Choices;
use parking_lot::Mutex;
use part::Readiness;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

/// Time that passes from one point to the next at which a processor can be interrupted.
const POINT_NS: u64 = 50;

/// Turns in a row that brought nothing forward, for each who had one, after which time jumps.
const IDLE_TURNS: usize = 4;

/// As above, when there is nothing to jump to: from then on all spin for ever.
const IDLE_TURNS_FOR_EVER: usize = 100_000;

/// Turns after which a wait from outside is given up: nothing that ends takes as long.
const TURNS_MAX: u64 = 20_000_000;

/// A device, a cable, anything that acts beside the processors of a conducted machine.
pub trait Actor: Send + Sync {
    /// When it has something to do, at the earliest; nothing if it must be woken first.
    fn due_ns(&self, now_ns: u64) -> Option<u64>;
    /// Does a little of it.
    fn act(&self, now_ns: u64);
}

/// What keeps a thread or a processor from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Nothing does.
    Nothing,
    /// An event that nobody has set.
    Event,
    /// An event that nobody has set, or the end of a time.
    EventOrTime,
    /// A spin lock that this processor holds.
    SpinLock { holder: u32 },
}

/// How conducting ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<T> {
    /// What was waited for is there.
    Done(T),
    /// The machine has stopped.
    Stopped,
    /// Nothing can ever happen again without help from outside.
    Standstill,
    /// All who run only wait for each other, or it took too long.
    Livelock,
}

/// Who may be next.
enum Candidate {
    Processor(&'static Processor),
    Actor(usize, Arc<dyn Actor>),
    Timer,
}

impl Candidate {
    /// Tells it from the others.
    fn name(&self) -> usize {
        match self {
            Self::Timer => 0,
            Self::Actor(position, _) => 1 + position,
            Self::Processor(processor) => 2 + processor.index() as usize,
        }
    }
}

/// Decides who goes on.
pub struct Conductor {
    clock: Clock,
    choices: Mutex<Choices>,
    processors: Mutex<Vec<(&'static Processor, &'static System)>>,
    actors: Mutex<Vec<Arc<dyn Actor>>>,
    threads: Mutex<Vec<Weak<Thread>>>,
    trace: Mutex<Trace>,
    /// Points until the playing processor is left.
    points_left: AtomicU32,
    conducting: Mutex<()>,
}

impl Conductor {
    pub(super) fn new(seed: u64, clock: Clock) -> Self {
        Self {
            clock,
            choices: Mutex::new(Choices::new(seed)),
            processors: Mutex::default(),
            actors: Mutex::default(),
            threads: Mutex::default(),
            trace: Mutex::default(),
            points_left: AtomicU32::new(0),
            conducting: Mutex::default(),
        }
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    pub(super) fn add_processor(&self, processor: &'static Processor, system: &'static System) {
        self.processors.lock().push((processor, system));
    }

    /// From now on `actor` acts.
    pub fn add_actor(&self, actor: Arc<dyn Actor>) {
        self.actors.lock().push(actor);
    }

    pub(super) fn add_thread(&self, thread: &Arc<Thread>) {
        let mut threads = self.threads.lock();
        if threads.len() == threads.capacity() {
            threads.retain(|thread| thread.strong_count() > 0);
        }
        threads.push(Arc::downgrade(thread));
    }

    /// What has happened so far.
    pub fn trace(&self) -> Trace {
        self.trace.lock().clone()
    }

    /// Adds to what has happened.
    pub(super) fn record(&self, event: TraceEvent) {
        self.trace.lock().add(self.clock.now_ns(), event);
    }

    /// Others may run here; the time when the caller goes on.
    ///
    /// The caller is on a processor and holds no lock of the host.
    #[inline]
    pub(super) fn point(&self) -> u64 {
        let now_ns = self.clock.pass(POINT_NS);
        let left = self.points_left.load(Ordering::Relaxed);
        if left > 0 {
            self.points_left.store(left - 1, Ordering::Relaxed);
            return now_ns;
        }
        suspend(Suspension::Preempted);
        self.clock.now_ns()
    }

    /// The caller's processor cannot go on before someone else has run.
    pub(super) fn spin(&self, awaited: Awaited) {
        current_thread().await_(awaited);
        suspend(Suspension::Spinning);
        current_thread().await_(Awaited::Nothing);
    }

    /// The caller's processor does nothing for `span_ns` but take interrupts.
    pub(super) fn stall(&self, span_ns: u64) {
        let until_ns = self.clock.now_ns() + span_ns;
        while self.clock.now_ns() < until_ns {
            suspend(Suspension::Stalled(until_ns));
            processor().serve_due();
        }
    }

    /// When an interrupt that a device sends now arrives.
    pub(super) fn interrupt_due_ns(&self) -> u64 {
        self.clock.now_ns() + self.choices.lock().interrupt_latency_ns()
    }

    /// When another processor notices a DPC that is queued on it now.
    pub(super) fn dpc_due_ns(&self) -> u64 {
        self.clock.now_ns() + self.choices.lock().dpc_latency_ns()
    }

    /// Lets the machine run until `done` has an answer.
    ///
    /// # Panics
    /// If the caller is a thread of the machine: those wait by events.
    pub(super) fn conduct<T>(
        &self,
        system: &System,
        mut done: impl FnMut() -> Option<T>,
    ) -> Outcome<T> {
        assert!(!on_processor(), "a thread of the machine cannot conduct it");
        let _one_at_a_time = self.conducting.lock();
        part::prepare_host_thread();
        let mut idle_turns = 0;
        for _ in 0..TURNS_MAX {
            if let Some(answer) = done() {
                return Outcome::Done(answer);
            }
            if system.is_stopped() {
                return Outcome::Stopped;
            }
            let candidates = self.candidates();
            if candidates.idle_only && idle_turns >= IDLE_TURNS * candidates.list.len() {
                match candidates.next_due_ns {
                    Some(due_ns) => self.clock.pass_until(due_ns),
                    None if candidates.list.is_empty() => return Outcome::Standstill,
                    None if idle_turns >= IDLE_TURNS_FOR_EVER => return Outcome::Livelock,
                    None => {}
                }
                if candidates.next_due_ns.is_some() {
                    idle_turns = 0;
                    continue;
                }
            }
            idle_turns = if self.turn(system, candidates.list) {
                0
            } else {
                idle_turns + 1
            };
        }
        Outcome::Livelock
    }

    fn candidates(&self) -> Candidates {
        let now_ns = self.clock.now_ns();
        let mut candidates = Candidates::default();
        for &(processor, _) in self.processors.lock().iter() {
            let (readiness, pending_ns) = processor.part.readiness(processor, now_ns);
            candidates.add(readiness, now_ns, Candidate::Processor(processor));
            if let Some(due_ns) = pending_ns.filter(|&due_ns| due_ns > now_ns) {
                candidates.later(due_ns);
            }
        }
        for (position, actor) in self.actors.lock().iter().enumerate() {
            if let Some(due_ns) = actor.due_ns(now_ns) {
                let readiness = Readiness::At(due_ns);
                candidates.add(readiness, now_ns, Candidate::Actor(position, actor.clone()));
            }
        }
        if let Some(due_ns) = self.clock.next_due_ns() {
            candidates.add(Readiness::At(due_ns), now_ns, Candidate::Timer);
        }
        candidates
    }

    /// Lets one of the candidates go on; whether that brought anything forward.
    fn turn(&self, system: &System, mut candidates: Vec<Candidate>) -> bool {
        let mut choices = self.choices.lock();
        let chosen = candidates.swap_remove(choices.next(candidates.iter().map(Candidate::name)));
        let points = choices.points();
        let preempts = choices.preempts();
        drop(choices);
        match chosen {
            Candidate::Processor(processor) => {
                self.points_left.store(points, Ordering::Relaxed);
                let home = self.home_of(processor);
                play_as(Some((processor, home)));
                let went_on = processor.part.turn(processor, system, preempts);
                play_as(None);
                went_on
            }
            Candidate::Actor(_, actor) => {
                actor.act(self.clock.now_ns());
                true
            }
            Candidate::Timer => {
                self.record(TraceEvent::Timer);
                self.clock.run_due();
                true
            }
        }
    }

    fn home_of(&self, processor: &Processor) -> &'static System {
        let processors = self.processors.lock();
        let (_, home) = processors
            .iter()
            .find(|(other, _)| std::ptr::eq(*other, processor))
            .expect("a processor that plays was added");
        home
    }
}

/// Who may be next, and when that changes.
struct Candidates {
    list: Vec<Candidate>,
    /// Whether none of them has more to do than to look whether others have done something.
    idle_only: bool,
    next_due_ns: Option<u64>,
}

impl Default for Candidates {
    fn default() -> Self {
        Self {
            list: Vec::with_capacity(8),
            idle_only: true,
            next_due_ns: None,
        }
    }
}

impl Candidates {
    fn add(&mut self, readiness: Readiness, now_ns: u64, candidate: Candidate) {
        match readiness {
            Readiness::Never => {}
            Readiness::Idle => self.list.push(candidate),
            Readiness::Now => {
                self.list.push(candidate);
                self.idle_only = false;
            }
            Readiness::At(due_ns) if due_ns <= now_ns => {
                self.list.push(candidate);
                self.idle_only = false;
            }
            Readiness::At(due_ns) => self.later(due_ns),
        }
    }

    fn later(&mut self, due_ns: u64) {
        let next = self.next_due_ns.map_or(due_ns, |next| next.min(due_ns));
        self.next_due_ns = Some(next);
    }
}
