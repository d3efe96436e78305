//! The description of a machine.

use super::devices::SoftwareAdapter;
use super::error::MachineError;
use super::run::Machine;
use crate::fault_injection::Plan;
use crate::inf::{DeviceIds, Inf, Installation, RebalancePolicy, Target};
use netadapter_nic::{VirtioNetConfig, Wire};

/// Hardware IDs of the network function, most specific first.
pub const HARDWARE_IDS: [&str; 3] = [
    "PCI\\VEN_1AF4&DEV_1041&SUBSYS_11001AF4&REV_01",
    "PCI\\VEN_1AF4&DEV_1041&SUBSYS_11001AF4",
    "PCI\\VEN_1AF4&DEV_1041",
];

/// Describes a machine before it boots.
pub struct MachineBuilder {
    pub(super) processors: u32,
    pub(super) maximum_processors: u32,
    pub(super) memory_bytes: u64,
    pub(super) maximum_memory_bytes: u64,
    pub(super) image: Vec<u8>,
    pub(super) symbols: Option<Vec<u8>>,
    pub(super) inf: Vec<u8>,
    pub(super) policy: Option<RebalancePolicy>,
    pub(super) keywords: Vec<(String, String)>,
    pub(super) nic: VirtioNetConfig,
    pub(super) wire: Option<Box<dyn Wire>>,
    pub(super) promiscuous: bool,
    pub(super) software: Vec<SoftwareAdapter>,
    pub(super) faults: Option<(u64, Plan)>,
    pub(super) seed: Option<u64>,
}

impl Default for MachineBuilder {
    fn default() -> Self {
        Self {
            processors: 1,
            maximum_processors: 64,
            memory_bytes: 4 << 30,
            maximum_memory_bytes: 8 << 30,
            image: Vec::new(),
            symbols: None,
            inf: Vec::new(),
            policy: None,
            keywords: Vec::new(),
            nic: VirtioNetConfig::default(),
            wire: None,
            promiscuous: false,
            software: Vec::new(),
            faults: None,
            seed: None,
        }
    }
}

impl MachineBuilder {
    /// Processors that are there at boot; 1 if not set.
    pub fn processors(mut self, processors: u32) -> Self {
        self.processors = processors;
        self
    }

    /// Processors that the machine can ever have; 64 if not set.
    pub fn maximum_processors(mut self, maximum: u32) -> Self {
        self.maximum_processors = maximum;
        self
    }

    /// Physical memory in bytes; 4 GiB if not set.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Physical memory that the machine can ever have, in bytes; 8 GiB if not set.
    pub fn maximum_memory(mut self, bytes: u64) -> Self {
        self.maximum_memory_bytes = bytes;
        self
    }

    /// The driver's image and INF, as files have them.
    pub fn driver(mut self, image: &[u8], inf: &[u8]) -> Self {
        self.image = image.to_vec();
        self.inf = inf.to_vec();
        self
    }

    /// The driver's PDB, so that findings name functions and lines.
    pub fn symbols(mut self, pdb: &[u8]) -> Self {
        self.symbols = Some(pdb.to_vec());
        self
    }

    /// Overrides what the INF says about rebalance.
    pub fn policy(mut self, policy: RebalancePolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Sets a configuration keyword of every device, as an administrator would after the
    /// installation.
    pub fn keyword(mut self, name: &str, value: &str) -> Self {
        self.keywords.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The network function.
    pub fn nic(mut self, nic: VirtioNetConfig) -> Self {
        self.nic = nic;
        self
    }

    /// What is at the other end of the cable.
    pub fn wire(mut self, wire: Box<dyn Wire>) -> Self {
        self.wire = Some(wire);
        self
    }

    /// Opens the adapter's filter for frames to any address.
    pub fn promiscuous(mut self, promiscuous: bool) -> Self {
        self.promiscuous = promiscuous;
        self
    }

    /// Adds a device without hardware for the driver. A machine with such devices has no network
    /// function and needs no wire.
    pub fn software_adapter(mut self, adapter: SoftwareAdapter) -> Self {
        self.software.push(adapter);
        self
    }

    /// Lets faults strike from the boot on: `plan` says which, `seed` when.
    pub fn faults(mut self, seed: u64, plan: Plan) -> Self {
        self.faults = Some((seed, plan));
        self
    }

    /// Makes time virtual and lets `seed` decide who goes on at every point where Windows could
    /// interrupt or switch, and how late interrupts are: equal seeds and files give equal runs,
    /// event by event ([`Machine::trace`]). Such a machine runs while its methods are called.
    pub fn deterministic(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the machine and boots it: the driver is installed, loaded and started.
    ///
    /// # Errors
    /// If the description makes no sense, a file cannot be used, the driver fails, or it breaks a
    /// rule.
    pub fn boot(self) -> Result<Machine, MachineError> {
        let mut machine = self.power_on()?;
        machine.start()?;
        Ok(machine)
    }

    /// Builds the machine with the driver installed, and does not load it yet: see
    /// [`Machine::start`].
    ///
    /// # Errors
    /// If the description makes no sense, or a file cannot be used.
    pub fn power_on(self) -> Result<Machine, MachineError> {
        self.validate()?;
        let installations = self.install_all()?;
        Machine::power_on(self, installations)
    }

    fn validate(&self) -> Result<(), MachineError> {
        let wrong = |text: String| Err(MachineError::Configuration(text));
        if self.processors == 0 {
            return wrong("a machine needs at least one processor".into());
        }
        if self.processors > self.maximum_processors {
            return wrong(format!(
                "{} processors are more than the maximum of {}",
                self.processors, self.maximum_processors
            ));
        }
        if self.maximum_processors > 2048 {
            return wrong(format!(
                "a maximum of {} processors is more than the 2048 that Windows supports",
                self.maximum_processors
            ));
        }
        if self.memory_bytes < 64 << 20 {
            return wrong("a machine needs at least 64 MiB of memory".into());
        }
        Ok(())
    }

    /// Installs the driver for the network function, or for each device without hardware.
    fn install_all(&self) -> Result<Vec<Installation>, MachineError> {
        let inf = Inf::parse(&self.inf)?;
        if self.software.is_empty() {
            return Ok(vec![self.install(&inf, &HARDWARE_IDS, &[])?]);
        }
        self.software
            .iter()
            .map(|adapter| self.install(&inf, &[&adapter.hardware_id], &adapter.keywords))
            .collect()
    }

    fn install(
        &self,
        inf: &Inf,
        hardware_ids: &[&str],
        keywords: &[(String, String)],
    ) -> Result<Installation, MachineError> {
        let device = DeviceIds {
            hardware_ids: hardware_ids.iter().map(|&id| id.to_owned()).collect(),
            compatible_ids: Vec::new(),
        };
        let mut installation = Installation::plan(inf, &device, &Target::windows_server_2025())?;
        if let Some(policy) = self.policy {
            installation.set_rebalance_policy(policy);
        }
        for (name, value) in self.keywords.iter().chain(keywords) {
            installation.set_keyword(name, value)?;
        }
        Ok(installation)
    }
}
