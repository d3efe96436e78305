//! One Windows instance: its processors, memory, clock and findings.

use super::clock::Clock;
use super::conductor::{Conductor, Outcome};
use super::event::Event;
use super::finding::Finding;
use super::memory::PhysicalMemory;
use super::playing::played_system;
use super::pool::Pool;
use super::processor::Processor;
use super::timeline::Timeline;
use super::trace::TraceEvent;
use crate::fault_injection::{Fault, Injector, Struck};
use netadapter_abi::nt::PROCESSOR_NUMBER;
use parking_lot::{Mutex, RwLock};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// Processors in a group (*Processor Groups*).
pub const GROUP_SIZE: u32 = 64;

/// The machine of the caller, which runs on one of its processors.
///
/// # Panics
/// If the calling operating-system thread plays no processor.
pub fn system() -> &'static System {
    played_system()
}

/// The processors of a machine: as many slots as it can ever have.
pub struct Topology {
    slots: Vec<OnceLock<&'static Processor>>,
    active: AtomicU32,
}

impl Topology {
    fn new(maximum: u32) -> Self {
        Self {
            slots: (0..maximum).map(|_| OnceLock::new()).collect(),
            active: AtomicU32::new(0),
        }
    }

    /// The highest number of processors the machine can have.
    pub fn maximum(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The number of active processors.
    pub fn active_count(&self) -> u32 {
        self.active.load(Ordering::Acquire)
    }

    /// The processor with a system-wide index, if it exists.
    pub fn processor(&self, index: u32) -> Option<&'static Processor> {
        self.slots.get(index as usize)?.get().copied()
    }

    /// The active processors by index.
    pub fn active(&self) -> impl Iterator<Item = &'static Processor> + '_ {
        self.slots
            .iter()
            .filter_map(|slot| slot.get().copied())
            .filter(|p| p.is_active())
    }

    /// The number of groups that `processors` processors fill.
    pub fn groups(processors: u32) -> u16 {
        processors.div_ceil(GROUP_SIZE) as u16
    }

    /// Group and number of a processor index.
    pub fn number(index: u32) -> PROCESSOR_NUMBER {
        PROCESSOR_NUMBER {
            Group: (index / GROUP_SIZE) as u16,
            Number: (index % GROUP_SIZE) as u8,
            Reserved: 0,
        }
    }

    /// The index of a group and number, if the machine can have it.
    pub fn index(&self, number: PROCESSOR_NUMBER) -> Option<u32> {
        let index = u32::from(number.Group) * GROUP_SIZE + u32::from(number.Number);
        (u32::from(number.Number) < GROUP_SIZE && index < self.maximum()).then_some(index)
    }
}

/// The driver's code, as far as findings need it. Places are innermost first.
pub trait DriverCode: Send + Sync {
    /// The calls in the driver that led to the host, as offsets in its image.
    fn call_stack(&self) -> Vec<u32>;

    /// Function, file and line of each of such calls.
    fn describe(&self, stack: &[u32]) -> Vec<String>;

    /// The function at an address.
    fn function(&self, address: usize) -> Vec<String>;
}

/// The calls in the driver that led to here, innermost first, as offsets in its image; none outside
/// of a machine.
pub(super) fn driver_call_stack() -> Vec<u32> {
    if !super::on_processor() {
        return Vec::new();
    }
    let code = system().driver.get();
    code.map_or_else(Vec::new, |code| code.call_stack())
}

/// One Windows instance.
pub struct System {
    topology: Topology,
    memory: Arc<PhysicalMemory>,
    pool: Pool,
    clock: Clock,
    conductor: Option<&'static Conductor>,
    timeline: Timeline,
    stopped: AtomicBool,
    finding: Mutex<Option<Finding>>,
    warnings: Mutex<Vec<Finding>>,
    driver: OnceLock<Box<dyn DriverCode>>,
    faults: Injector,
    players: Mutex<Vec<JoinHandle<()>>>,
    subsystems: RwLock<HashMap<TypeId, &'static (dyn Any + Send + Sync)>>,
}

impl System {
    /// Makes an instance with no processor running yet.
    pub fn new(maximum: u32, memory: PhysicalMemory, clock: Clock) -> Self {
        Self::with(maximum, memory, clock, None)
    }

    /// As [`System::new`], with virtual time, and all order of events decided by `seed`.
    pub fn deterministic(maximum: u32, memory: PhysicalMemory, seed: u64) -> Self {
        let clock = Clock::conducted();
        // Conductors live as long as the process, as the processors that know them.
        let conductor = Box::leak(Box::new(Conductor::new(seed, clock.share())));
        Self::with(maximum, memory, clock, Some(conductor))
    }

    fn with(
        maximum: u32,
        memory: PhysicalMemory,
        clock: Clock,
        conductor: Option<&'static Conductor>,
    ) -> Self {
        let memory = Arc::new(memory);
        Self {
            topology: Topology::new(maximum),
            pool: Pool::new(memory.clone()),
            memory,
            clock,
            conductor,
            timeline: Timeline::default(),
            stopped: AtomicBool::new(false),
            finding: Mutex::new(None),
            warnings: Mutex::default(),
            driver: OnceLock::new(),
            faults: Injector::default(),
            players: Mutex::default(),
            subsystems: RwLock::default(),
        }
    }

    /// The processors.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Physical memory.
    pub fn memory(&self) -> &PhysicalMemory {
        &self.memory
    }

    /// Pool memory.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Who decides about the order of events, on a deterministic machine.
    pub fn conductor(&self) -> Option<&'static Conductor> {
        self.conductor
    }

    /// Whether the machine is deterministic.
    pub fn is_conducted(&self) -> bool {
        self.conductor.is_some()
    }

    /// Adds to the event trace, if there is one.
    #[inline]
    pub fn record(&self, event: TraceEvent) {
        if let Some(conductor) = self.conductor {
            conductor.record(event);
        }
    }

    /// Records a milestone that happens now.
    pub fn milestone(&self, name: &'static str, processor: Option<u32>) {
        let concerned = processor.map_or(0, |index| index + 1);
        self.record(TraceEvent::Milestone(name, concerned));
        self.timeline.record(self.clock.now_ns(), name, processor);
    }

    /// What happened when.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Whether the machine has stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// The finding that stopped the machine.
    pub fn finding(&self) -> Option<Finding> {
        self.finding.lock().clone()
    }

    /// The broken rules that did not stop the machine, each place in the driver once.
    pub fn warnings(&self) -> Vec<Finding> {
        self.warnings.lock().clone()
    }

    /// Records a broken rule that does not stop the machine.
    pub(super) fn report(&self, warning: Finding) {
        let mut warnings = self.warnings.lock();
        if !warnings.iter().any(|earlier| warning.is_again(earlier)) {
            warnings.push(warning);
        }
    }

    /// Stops the machine; the first finding is kept.
    pub fn stop(&self, finding: Option<Finding>) {
        let mut slot = self.finding.lock();
        if !self.is_stopped() {
            *slot = finding;
        }
        self.stopped.store(true, Ordering::Release);
        drop(slot);
        for processor in self.topology.slots.iter().filter_map(OnceLock::get) {
            processor.wake();
        }
    }

    /// Tells whose code the machine runs.
    pub fn set_driver(&self, code: Box<dyn DriverCode>) {
        // A machine has one driver image; a second one would not change how frames are found.
        let _ = self.driver.set(code);
    }

    /// What may go wrong around the driver.
    pub fn faults(&self) -> &Injector {
        &self.faults
    }

    /// Whether a call that the driver makes now fails, as one that may.
    pub fn fails_call(&self, fault: Fault) -> Option<Struck> {
        self.faults.fails_call(fault, driver_call_stack)
    }

    /// The place in the driver that called the host, innermost first.
    pub fn driver_call_site(&self) -> Vec<String> {
        self.describe_driver(&driver_call_stack())
    }

    /// Function, file and line of calls in the driver, given as offsets in its image.
    pub fn describe_driver(&self, stack: &[u32]) -> Vec<String> {
        let code = self.driver.get();
        code.map_or_else(Vec::new, |code| code.describe(stack))
    }

    /// The driver's function at `address`.
    pub fn driver_function(&self, address: usize) -> Vec<String> {
        let code = self.driver.get();
        code.map_or_else(Vec::new, |code| code.function(address))
    }

    /// The part of Windows whose state is a `T`, made when it is first asked for.
    ///
    /// Takes a lock: not for the data path.
    pub fn subsystem<T: Default + Send + Sync + 'static>(&self) -> &'static T {
        let key = TypeId::of::<T>();
        let found = self.subsystems.read().get(&key).copied();
        let state = found.unwrap_or_else(|| {
            // Subsystems live as long as the process: driver memory that is never freed may
            // still point into them after the machine has stopped.
            *self
                .subsystems
                .write()
                .entry(key)
                .or_insert_with(|| Box::leak(Box::<T>::default()))
        });
        state
            .downcast_ref()
            .expect("subsystems are kept by their own type")
    }

    /// Adds the next processor without starting it. Its index is the number of processors.
    ///
    /// Returns nothing if the machine can have no more.
    pub fn announce_processor(&self, index: u32) -> Option<&'static Processor> {
        let slot = self.topology.slots.get(index as usize)?;
        // Processors live as long as the process: threads and queues of a stopped machine may
        // still name them.
        Some(*slot.get_or_init(|| {
            let number = Topology::number(index);
            Box::leak(Box::new(Processor::new(index, number, 0, self.conductor)))
        }))
    }

    /// Starts an announced processor: from now on it runs threads, interrupts and DPCs.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start_processor(&'static self, processor: &'static Processor) -> std::io::Result<()> {
        match self.conductor {
            Some(conductor) => conductor.add_processor(processor, self),
            None => self.players.lock().push(processor.power_on(self)?),
        }
        processor.set_active();
        self.topology.active.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Waits until no processor runs any more. The machine must have been stopped.
    pub fn join(&self) {
        for player in self.players.lock().drain(..) {
            // A panic of the host has been printed by the thread itself.
            let _ = player.join();
        }
        self.clock.stop();
    }

    /// Waits, outside of the machine, for an event or for the machine to stop.
    pub fn wait_outside(&self, event: &Event) {
        self.wait_outside_until("what is waited for from outside", || event.is_set());
    }

    /// Waits, outside of the machine, until `done`, for `limit_ns` of the machine's time at most;
    /// whether `done`.
    pub fn wait_outside_for(&self, limit_ns: u64, mut done: impl FnMut() -> bool) -> bool {
        let end_ns = self.clock.now_ns().saturating_add(limit_ns);
        // Something is due at the end, so that a machine on which nothing happens gets there.
        self.clock.after(limit_ns, || {});
        let mut is_done = false;
        self.wait_outside_until("what is waited for from outside", || {
            is_done = done();
            is_done || self.clock.now_ns() >= end_ns
        });
        is_done
    }

    /// Waits, outside of the machine, until `done` or until the machine stops; whether `done`.
    /// A machine on which nothing can happen any more stops with a finding that says who waits
    /// for what; `wanted` says what the caller waits for.
    pub fn wait_outside_until(&self, wanted: &str, mut done: impl FnMut() -> bool) -> bool {
        let Some(conductor) = self.conductor else {
            while !done() {
                if self.is_stopped() {
                    return done();
                }
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            return true;
        };
        match conductor.conduct(self, || done().then_some(())) {
            Outcome::Done(()) => return true,
            Outcome::Stopped => {}
            Outcome::Standstill => conductor.stop_deadlocked(self, wanted),
            Outcome::Livelock => conductor.stop_livelocked(self, wanted),
        }
        false
    }
}
