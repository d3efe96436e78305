//! One run: a machine, what happens to it, and what is claimed of it afterwards.
//!
//! A run has two phases. In the first, faults strike, and the driver may fail what it is asked, as
//! long as it breaks no rule. In the second nothing strikes any more: the device must work again,
//! all that was accepted must come out, and nothing may be left when the driver is unloaded.

use super::judge;
use super::scenario::{Policy, Scenario, Step};
use super::wire::BurstyCable;
use netadapter_host::executive::{Finding, Trace};
use netadapter_host::fault_injection::{Plan, Strike};
use netadapter_host::machine::{Machine, MachineBuilder, MachineError, RebalancePolicy};
use netadapter_host::upper_edge::UpperEdge;
use netadapter_nic::{Cable, CableHandle, Generator, GeneratorConfig, VirtioNetConfig};
use std::sync::Arc;

/// Virtual time after which the first phase goes on without the packets that it waited for.
const PATIENCE_NS: u64 = 2_000_000_000;
/// Virtual time within which the second phase must come to its end.
const LIVENESS_NS: u64 = 20_000_000_000;
/// Packets that must arrive in the second phase.
const LIVENESS_PACKETS: u64 = 64;
/// How often the device may be brought back before it must stay: what was under way when the
/// faults ended can still take it away.
const RECOVERIES: u32 = 4;
/// Queue pairs of the network function.
const QUEUE_PAIRS: u16 = 16;

/// The driver that runs.
#[derive(Clone)]
pub struct Driver {
    /// Its image.
    pub image: Vec<u8>,
    /// Its PDB, if there is one.
    pub symbols: Option<Vec<u8>>,
    /// Its INF.
    pub inf: Vec<u8>,
}

/// How a run ended.
#[derive(Debug)]
pub enum Verdict {
    /// All claims hold.
    Good,
    /// The driver broke a rule of Windows.
    Violation(Box<Finding>),
    /// A claim did not hold.
    Claim(String),
    /// The scenario or the driver cannot be used.
    Unusable(String),
}

impl Verdict {
    /// Whether all claims hold.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Good)
    }

    /// What tells whether two runs failed in the same way.
    pub fn kind(&self) -> &str {
        match self {
            Self::Good => "good",
            Self::Violation(finding) => finding.rule,
            Self::Claim(_) => "CLAIM",
            Self::Unusable(_) => "UNUSABLE",
        }
    }
}

impl From<MachineError> for Verdict {
    fn from(error: MachineError) -> Self {
        match error {
            MachineError::Finding(finding) => Self::Violation(finding),
            MachineError::Driver { .. } => Self::Claim(format!(
                "{error}, although nothing in its surroundings went wrong"
            )),
            other => Self::Unusable(other.to_string()),
        }
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// The faults that struck.
    pub struck: Vec<Strike>,
    /// What happened, event by event.
    pub trace: Trace,
    /// Packets that reached the protocols.
    pub packets: u64,
    /// Processors that were added.
    pub hot_adds: u32,
}

/// Runs `scenario` with everything that can differ decided by `seed`.
pub fn run(driver: &Driver, scenario: &Scenario, seed: u64, plan: Plan) -> Report {
    match World::new(driver, scenario, seed, plan) {
        Ok(world) => world.run(scenario),
        Err(error) => Report {
            verdict: error.into(),
            struck: Vec::new(),
            trace: Trace::default(),
            packets: 0,
            hot_adds: 0,
        },
    }
}

/// The SHA-256 of the driver's image, after checking that driver and scenario can be used.
///
/// # Errors
/// Why they cannot.
pub(super) fn identify(driver: &Driver, scenario: &Scenario) -> Result<[u8; 32], String> {
    let world = World::new(driver, scenario, 0, Plan::None);
    world
        .map(|world| world.machine.image().sha256())
        .map_err(|error| error.to_string())
}

/// A machine and its surroundings.
pub(super) struct World {
    pub(super) machine: Machine,
    pub(super) cable: CableHandle,
    /// Packets that reached the protocols through adapters that are gone.
    packets_before: u64,
    /// The adapter that there was when it was looked at last.
    edge: Option<Arc<UpperEdge>>,
    hot_adds: u32,
}

impl World {
    fn new(
        driver: &Driver,
        scenario: &Scenario,
        seed: u64,
        plan: Plan,
    ) -> Result<Self, MachineError> {
        let nic = VirtioNetConfig {
            queue_pairs: QUEUE_PAIRS,
            msix_vectors: QUEUE_PAIRS + 1,
            ..VirtioNetConfig::default()
        };
        let generator = Generator::new(&GeneratorConfig {
            seed,
            flows: scenario.flows,
            frame_size: scenario.frame_size,
            packets: None,
            destination: nic.mac,
            mtu: nic.mtu,
        });
        let generator =
            generator.map_err(|error| MachineError::Configuration(error.to_string()))?;
        let (cable, handle) = Cable::new(Arc::new(generator));
        let builder = builder(driver, scenario)
            .nic(nic)
            .wire(Box::new(BurstyCable::new(cable, seed)))
            .deterministic(seed)
            .faults(seed, plan);
        Ok(Self {
            machine: builder.power_on()?,
            cable: handle,
            packets_before: 0,
            edge: None,
            hot_adds: 0,
        })
    }

    fn run(mut self, scenario: &Scenario) -> Report {
        let result = self
            .safety(scenario)
            .and_then(|()| self.liveness())
            .and_then(|()| judge::adapter(&self));
        let struck = self.machine.system().faults().struck();
        let packets = self.packets();
        let hot_adds = self.hot_adds;
        let system = self.machine.system();
        // What the shutdown does belongs to the trace, but the machine is gone then.
        let result = result.and_then(|()| Ok(self.machine.shut_down()?));
        let trace = system
            .conductor()
            .map(|conductor| conductor.trace())
            .unwrap_or_default();
        Report {
            verdict: result.err().unwrap_or(Verdict::Good),
            struck,
            trace,
            packets,
            hot_adds,
        }
    }

    /// Faults strike, and steps may fail.
    fn safety(&mut self, scenario: &Scenario) -> Result<(), Verdict> {
        let started = self.machine.start();
        self.excuse(started)?;
        scenario.steps.iter().try_for_each(|step| self.step(*step))
    }

    fn step(&mut self, step: Step) -> Result<(), Verdict> {
        match step {
            Step::Traffic { packets } => self.traffic(packets),
            Step::AddProcessor => {
                let added = self.machine.hot_add_processor();
                self.hot_adds += u32::from(added.is_ok());
                self.excuse(added.map(drop))
            }
            Step::CancelStop => Ok(self.machine.cancel_stop()?),
            Step::LinkDown => self.set_link(false),
            Step::LinkUp => self.set_link(true),
            Step::SurpriseRemove => Ok(self.machine.surprise_remove()?),
            Step::AddMemory { .. } | Step::Sleep | Step::Resume | Step::HotReplace { .. } => {
                Err(Verdict::Unusable(format!("this host cannot {step} yet")))
            }
        }
    }

    fn set_link(&mut self, up: bool) -> Result<(), Verdict> {
        self.machine.nic().set_link(up);
        Ok(())
    }

    /// A driver may fail if something around it has failed before.
    fn excuse(&self, result: Result<(), MachineError>) -> Result<(), Verdict> {
        match result {
            Err(MachineError::Driver { .. }) if self.has_struck() => Ok(()),
            other => Ok(other?),
        }
    }

    fn has_struck(&self) -> bool {
        !self.machine.system().faults().struck().is_empty()
    }

    /// Waits for packets, as long as there is an adapter that could bring some.
    fn traffic(&mut self, packets: u64) -> Result<(), Verdict> {
        let goal = self.packets() + packets;
        let machine = &self.machine;
        let Some(edge) = machine.upper_edge() else {
            return Ok(());
        };
        let before = self.packets_before;
        let arrived = machine.run_for(PATIENCE_NS, || {
            before + edge.packets() >= goal || !machine.has_adapter()
        })?;
        if arrived || self.has_struck() {
            return Ok(());
        }
        Err(Verdict::Claim(format!(
            "{packets} packets did not arrive within {} virtual seconds, although nothing went \
             wrong",
            PATIENCE_NS / 1_000_000_000
        )))
    }

    /// Packets that reached the protocols.
    fn packets(&mut self) -> u64 {
        let edge = self.machine.upper_edge();
        let same = match (&edge, &self.edge) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old),
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.packets_before += self.edge.as_ref().map_or(0, |edge| edge.packets());
            self.edge = edge;
        }
        self.packets_before + self.edge.as_ref().map_or(0, |edge| edge.packets())
    }

    /// Nothing strikes any more: everything must work again.
    fn liveness(&mut self) -> Result<(), Verdict> {
        self.machine.system().faults().disarm();
        self.machine.nic().set_link(true);
        for _ in 0..RECOVERIES {
            self.machine.recover()?;
            let goal = self.packets() + LIVENESS_PACKETS;
            let (machine, before) = (&self.machine, self.packets_before);
            let Some(edge) = machine.upper_edge() else {
                continue;
            };
            let arrived = machine.run_for(LIVENESS_NS, || {
                before + edge.packets() >= goal || !machine.has_adapter()
            })?;
            if !arrived {
                return Err(Verdict::Claim(judge::standstill(self)));
            }
            if machine.has_adapter() {
                return self.drain();
            }
        }
        Err(Verdict::Claim(format!(
            "the device was gone again each of {RECOVERIES} times that it was brought back"
        )))
    }

    /// Ends the traffic and waits for what is under way.
    fn drain(&mut self) -> Result<(), Verdict> {
        self.cable.pause();
        let nic = self.machine.nic().clone();
        let Some(edge) = self.machine.upper_edge() else {
            return Err(Verdict::Claim("the adapter is gone".into()));
        };
        let drained = self.machine.run_for(LIVENESS_NS, || {
            nic.frames_under_way() == 0 && {
                let sends = edge.snapshot().sends;
                sends.submitted == sends.completed
            }
        })?;
        if drained {
            return Ok(());
        }
        Err(Verdict::Claim(judge::standstill(self)))
    }
}

fn builder(driver: &Driver, scenario: &Scenario) -> MachineBuilder {
    let mut builder = Machine::builder()
        .processors(scenario.processors)
        .maximum_processors(scenario.maximum_processors)
        .memory(scenario.memory_mib << 20)
        .policy(match scenario.policy {
            Policy::Participate => RebalancePolicy::Participate,
            Policy::StayOut => RebalancePolicy::StayOut,
            Policy::ClassDefault => RebalancePolicy::ClassDefault,
        })
        .driver(&driver.image, &driver.inf);
    if let Some(symbols) = &driver.symbols {
        builder = builder.symbols(symbols);
    }
    for (name, value) in &scenario.keywords {
        builder = builder.keyword(name, value);
    }
    builder
}

/// Whether this host can do a step.
pub(super) fn can(step: Step) -> bool {
    !matches!(
        step,
        Step::AddMemory { .. } | Step::Sleep | Step::Resume | Step::HotReplace { .. }
    )
}
