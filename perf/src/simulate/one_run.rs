//! One run: a machine, its scenario with faults, then everything must come to a good end.

use super::scenario::{Policy, Scenario, Step};
use crate::bundled;
use netadapter_host::fault_injection::{Fault, Plan, Strike};
use netadapter_host::machine::{Machine, MachineBuilder, MachineError, RebalancePolicy};
use netadapter_nic::{Cable, CableHandle, Generator, GeneratorConfig, VirtioNetConfig};
use std::sync::Arc;

/// Packets that must still pass when the faults have ended.
const PACKETS_AT_THE_END: u64 = 64;

/// The driver under test.
pub struct Driver {
    /// The image.
    pub image: Vec<u8>,
    /// Its PDB, if there is one.
    pub symbols: Option<Vec<u8>>,
    /// Its INF.
    pub inf: Vec<u8>,
}

impl Driver {
    /// The driver that was built with this command.
    pub fn bundled() -> Self {
        Self {
            image: bundled::IMAGE.to_vec(),
            symbols: Some(bundled::SYMBOLS.to_vec()),
            inf: bundled::INF.to_vec(),
        }
    }
}

/// What a run is decided by.
pub struct Orders<'a> {
    /// The driver.
    pub driver: &'a Driver,
    /// What happens.
    pub scenario: &'a Scenario,
    /// The seed of all order and of all faults.
    pub seed: u64,
    /// Which faults strike.
    pub plan: Plan,
}

/// How a run went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The faults that struck, in their order.
    pub struck: Vec<Strike>,
    /// What identifies the run's events: equal for equal orders.
    pub digest: Option<u64>,
    /// Packets that reached the protocols.
    pub packets: u64,
    /// What was wrong.
    pub failure: Option<RunFailure>,
}

/// What can be wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunFailure {
    /// The machine could not be made as the scenario says.
    Input(String),
    /// The driver broke a rule.
    Violation {
        /// The rule.
        rule: &'static str,
        /// All that there is to say.
        text: String,
    },
    /// Something that must hold after every run does not.
    Claim(String),
}

impl RunFailure {
    /// Whether `other` is the same failure, maybe at another place of the run.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Violation { rule, .. }, Self::Violation { rule: other, .. }) => rule == other,
            (Self::Claim(_), Self::Claim(_)) | (Self::Input(_), Self::Input(_)) => true,
            _ => false,
        }
    }
}

impl From<MachineError> for RunFailure {
    fn from(error: MachineError) -> Self {
        match error {
            MachineError::Finding(finding) => Self::Violation {
                rule: finding.rule,
                text: finding.to_string(),
            },
            MachineError::Driver { .. } => Self::Claim(error.to_string()),
            other => Self::Input(other.to_string()),
        }
    }
}

/// Does one run.
pub fn run(orders: &Orders<'_>) -> Outcome {
    let mut outcome = Outcome {
        struck: Vec::new(),
        digest: None,
        packets: 0,
        failure: None,
    };
    outcome.failure = try_run(orders, &mut outcome).err();
    outcome
}

fn try_run(orders: &Orders<'_>, outcome: &mut Outcome) -> Result<(), RunFailure> {
    let (cable, handle) = cable(orders)?;
    let builder = builder(orders)?.wire(Box::new(cable));
    let mut machine = match builder.boot() {
        Ok(machine) => machine,
        // A driver may fail its start when a call of it failed.
        Err(MachineError::Driver { .. }) if fails_calls(&orders.plan) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let result = live(&mut machine, &handle, orders.scenario, outcome);
    outcome.struck = machine.system().faults().struck();
    outcome.digest = machine.trace().map(|trace| trace.digest());
    result?;
    Ok(machine.shut_down()?)
}

fn fails_calls(plan: &Plan) -> bool {
    match plan {
        Plan::None => false,
        Plan::Chance(chances) => chances.keys().any(|fault| fault.is_call()),
        Plan::Exactly(strikes) => strikes.iter().any(|strike| strike.fault.is_call()),
        Plan::Systematic(_) => true,
    }
}

fn cable(orders: &Orders<'_>) -> Result<(Cable, CableHandle), RunFailure> {
    let VirtioNetConfig { mac, mtu, .. } = VirtioNetConfig::default();
    let config = GeneratorConfig {
        seed: orders.seed,
        flows: orders.scenario.flows,
        frame_size: orders.scenario.frame_size,
        packets: None,
        destination: mac,
        mtu,
    };
    let generator =
        Generator::new(&config).map_err(|error| RunFailure::Input(error.to_string()))?;
    Ok(Cable::new(Arc::new(generator)))
}

fn builder(orders: &Orders<'_>) -> Result<MachineBuilder, RunFailure> {
    let Orders {
        driver, scenario, ..
    } = orders;
    let memory = scenario.memory_mib.checked_mul(1 << 20);
    let memory = memory.ok_or_else(|| {
        RunFailure::Input(format!("`memory-mib` is {}: too much", scenario.memory_mib))
    })?;
    let mut builder = Machine::builder()
        .driver(&driver.image, &driver.inf)
        .processors(scenario.processors)
        .maximum_processors(scenario.maximum_processors)
        .memory(memory)
        .policy(match scenario.policy {
            Policy::Participate => RebalancePolicy::Participate,
            Policy::StayOut => RebalancePolicy::StayOut,
            Policy::ClassDefault => RebalancePolicy::ClassDefault,
        })
        .deterministic(orders.seed)
        .faults(orders.seed, orders.plan.clone());
    if let Some(symbols) = &driver.symbols {
        builder = builder.symbols(symbols);
    }
    for (name, value) in &scenario.keywords {
        builder = builder.keyword(name, value);
    }
    Ok(builder)
}

/// The phase with faults, and the one without, in which all must come to a good end.
fn live(
    machine: &mut Machine,
    cable: &CableHandle,
    scenario: &Scenario,
    outcome: &mut Outcome,
) -> Result<(), RunFailure> {
    for step in &scenario.steps {
        take(machine, *step)?;
    }
    machine.system().faults().disarm();
    machine.nic().set_link(true);
    let_packets_pass(machine, PACKETS_AT_THE_END)?;
    cable.pause();
    drain(machine, cable)?;
    if let Some(edge) = machine.upper_edge() {
        outcome.packets = edge.packets();
        check_table(&edge.snapshot().indirection, machine)?;
    }
    let totals = machine.nic().ledger().totals();
    if totals.is_clean() {
        Ok(())
    } else {
        Err(RunFailure::Claim(format!("packets went wrong: {totals:?}")))
    }
}

fn take(machine: &mut Machine, step: Step) -> Result<(), RunFailure> {
    match step {
        Step::Traffic { packets } => let_packets_pass(machine, packets)?,
        Step::AddProcessor => match machine.hot_add_processor() {
            Ok(_) => {}
            Err(MachineError::Driver { .. }) if may_refuse_processor(machine) => {}
            Err(error) => return Err(error.into()),
        },
        Step::LinkDown => machine.nic().set_link(false),
        Step::LinkUp => machine.nic().set_link(true),
    }
    Ok(())
}

/// Whether a fault has struck for which a processor may be refused.
fn may_refuse_processor(machine: &Machine) -> bool {
    let struck = machine.system().faults().struck();
    struck.iter().any(|strike| {
        strike.fault.is_call()
            || matches!(strike.fault, Fault::ProcessorVeto | Fault::ProcessorStart)
    })
}

fn let_packets_pass(machine: &Machine, count: u64) -> Result<(), RunFailure> {
    let Some(edge) = machine.upper_edge() else {
        return Ok(());
    };
    let goal = edge.packets() + count;
    let gone = || machine.upper_edge().is_none();
    Ok(machine.run_until("packets", || edge.packets() >= goal || gone())?)
}

/// Waits until everything that is under way has come out.
fn drain(machine: &Machine, cable: &CableHandle) -> Result<(), RunFailure> {
    if machine.upper_edge().is_none() {
        return Ok(());
    }
    let nic = machine.nic().clone();
    machine.run_until("frames under way", || nic.frames_under_way() == 0)?;
    let sent = || {
        machine
            .upper_edge()
            .is_none_or(|edge| edge.snapshot().sends.submitted == cable.transmitted().0)
    };
    Ok(machine.run_until("sends under way", sent)?)
}

/// Every entry of the indirection table steers to a processor that there is.
fn check_table(table: &[Option<u32>], machine: &Machine) -> Result<(), RunFailure> {
    let topology = machine.system().topology();
    let is_active = |index: &u32| topology.processor(*index).is_some_and(|p| p.is_active());
    let wrong = table.iter().flatten().find(|index| !is_active(index));
    wrong.map_or(Ok(()), |index| {
        Err(RunFailure::Claim(format!(
            "the indirection table steers to processor {index}, which is not active"
        )))
    })
}
