//! A machine that runs.

use super::builder::MachineBuilder;
use super::devices::{self, Device};
use super::error::MachineError;
use super::faults;
use super::nic::ConductedNic;
use super::report::Snapshot;
use crate::executive::{
    Clock, Conductor, Finding, PhysicalMemory, System, Trace, gate, run_passive,
};
use crate::image::{ImportResolver, LoadedImage};
use crate::inf::Installation;
use crate::kernel::{self, DebugLog};
use crate::netcx;
use crate::pnp::{MessageRouter, PnpManager, Rebalance, StartedDevice};
use crate::trap::ImageRegistration;
use crate::upper_edge::UpperEdge;
use crate::wdf::{self, DriverHost};
use core::ffi::c_void;
use netadapter_nic::VirtioNet;
use std::sync::Arc;

/// A booted machine. Dropping it is pulling the plug; [`Machine::shut_down`] removes the device
/// and unloads the driver first.
pub struct Machine {
    system: &'static System,
    image: Arc<LoadedImage>,
    driver: Arc<DriverHost>,
    nic: Option<Arc<VirtioNet>>,
    processors: u32,
    stopped: bool,
    _faults: ImageRegistration,
}

/// What adding a processor led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotAdd {
    /// Index of the new processor.
    pub processor: u32,
    /// How the rebalance went, one for each device.
    pub rebalances: Vec<Rebalance>,
}

struct Imports {
    through_gates: bool,
}

impl ImportResolver for Imports {
    fn resolve(&self, module: &str, name: &str) -> Option<*const c_void> {
        let address = match module.to_ascii_lowercase().as_str() {
            "ntoskrnl.exe" | "hal.dll" => kernel::resolve(name),
            "wdfldr.sys" => wdf::resolve(name),
            "wpprecorder.sys" => kernel::resolve_recorder(name),
            _ => None,
        };
        // The compiler's own routines, in small letters, are no calls of the system, and some have
        // conventions of their own.
        let is_call = name.starts_with(|first: char| first.is_ascii_uppercase());
        if self.through_gates && is_call {
            address.map(|address| gate(name, address))
        } else {
            address
        }
    }
}

impl Machine {
    /// Starts the description of a machine.
    pub fn builder() -> MachineBuilder {
        MachineBuilder::default()
    }

    pub(super) fn boot(
        mut builder: MachineBuilder,
        mut installations: Vec<Installation>,
    ) -> Result<Self, MachineError> {
        let imports = Imports {
            through_gates: builder.seed.is_some(),
        };
        let image = Arc::new(LoadedImage::load(&builder.image, &imports)?);
        let system = start_system(&builder)?;
        let faults = faults::watch(system, &image, builder.symbols.take())?;
        let mut nic = None;
        let devices = match installations.pop() {
            Some(installation) if builder.software.is_empty() => {
                let router = Arc::new(MessageRouter::default());
                router.attach(system);
                let function = network_function(system, &mut builder, router.clone())?;
                match system.conductor() {
                    Some(conductor) => {
                        conductor.add_actor(Arc::new(ConductedNic::new(function.clone())));
                    }
                    None => function.start(),
                }
                let function = nic.insert(function);
                let device =
                    devices::network_function(system, &builder, function, router, installation)?;
                vec![device]
            }
            last => {
                installations.extend(last);
                devices::software(&builder, installations)
            }
        };
        let driver = start_driver(system, &image, devices)?;
        Ok(Self {
            system,
            image,
            driver,
            nic,
            processors: builder.processors,
            stopped: false,
            _faults: faults,
        })
    }

    /// Adds one processor while everything runs.
    ///
    /// # Errors
    /// If a driver refused the processor, the machine can have no more, or a rule was broken.
    pub fn hot_add_processor(&mut self) -> Result<HotAdd, MachineError> {
        let (system, index) = (self.system, self.processors);
        let added = run_passive(system, "processor hot add", move || {
            let rebalances = system.subsystem::<PnpManager>().hot_add(system, index);
            for adapter in netcx::adapters(system) {
                adapter.upper_edge().processors_changed();
            }
            rebalances
        });
        let rebalances = self.outcome(added, "adding a processor")?;
        self.processors += 1;
        Ok(HotAdd {
            processor: index,
            rebalances,
        })
    }

    /// Removes the device, unloads the driver and stops the machine.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn shut_down(mut self) -> Result<(), MachineError> {
        let (system, driver) = (self.system, self.driver.clone());
        let done = run_passive(system, "shutdown", move || {
            system.subsystem::<PnpManager>().remove_all();
            driver.unload();
            Ok(())
        });
        self.outcome(done, "shutting down")?;
        self.power_off();
        Ok(())
    }

    fn outcome<T>(
        &self,
        result: Option<Result<T, i32>>,
        step: &'static str,
    ) -> Result<T, MachineError> {
        outcome(self.system, result, step)
    }

    /// The machine's Windows.
    pub fn system(&self) -> &'static System {
        self.system
    }

    /// The network function.
    ///
    /// # Panics
    /// If the machine has devices without hardware instead.
    pub fn nic(&self) -> &Arc<VirtioNet> {
        self.nic
            .as_ref()
            .expect("a machine with software devices has no network function")
    }

    /// The driver's image.
    pub fn image(&self) -> &LoadedImage {
        &self.image
    }

    /// The finding that stopped the machine, if one did.
    pub fn finding(&self) -> Option<Finding> {
        self.system.finding()
    }

    /// What the driver printed.
    pub fn debug_output(&self) -> Vec<String> {
        self.system.subsystem::<DebugLog>().lines()
    }

    /// What sits above the adapter, or above the first of several.
    pub fn upper_edge(&self) -> Option<Arc<UpperEdge>> {
        self.upper_edges().into_iter().next()
    }

    /// What sits above each adapter, in the order in which the driver made them.
    pub fn upper_edges(&self) -> Vec<Arc<UpperEdge>> {
        netcx::adapters(self.system)
            .iter()
            .map(|adapter| adapter.upper_edge().clone())
            .collect()
    }

    /// What has happened so far; nothing unless the machine is deterministic.
    pub fn trace(&self) -> Option<Trace> {
        self.system.conductor().map(Conductor::trace)
    }

    /// Lets the machine run until `done`.
    ///
    /// # Errors
    /// If a rule was broken, or nothing can happen any more before that: `wanted` says what is
    /// waited for.
    pub fn run_until(&self, wanted: &str, done: impl FnMut() -> bool) -> Result<(), MachineError> {
        let is_done = self.system.wait_outside_until(wanted, done);
        self.outcome(is_done.then_some(Ok(())), "running")
    }

    /// Counters of this moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(self)
    }

    fn power_off(&mut self) {
        if !std::mem::replace(&mut self.stopped, true) {
            if let Some(nic) = &self.nic {
                nic.stop();
            }
            self.system.stop(None);
            self.system.join();
            self.system.memory().discard();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.power_off();
    }
}

fn outcome<T>(
    system: &System,
    result: Option<Result<T, i32>>,
    step: &'static str,
) -> Result<T, MachineError> {
    match (system.finding(), result) {
        (Some(finding), _) => Err(MachineError::Finding(Box::new(finding))),
        (None, Some(Ok(value))) => Ok(value),
        (None, Some(Err(status))) => Err(MachineError::Driver { step, status }),
        (None, None) => Err(MachineError::Host {
            what: "a thread of the machine",
            why: format!("it ended while {step}"),
        }),
    }
}

fn start_system(builder: &MachineBuilder) -> Result<&'static System, MachineError> {
    let refused = |what, why: &dyn std::fmt::Display| MachineError::Host {
        what,
        why: why.to_string(),
    };
    let memory = PhysicalMemory::new(builder.memory_bytes)
        .map_err(|error| refused("physical memory", &error))?;
    let maximum = builder.maximum_processors;
    let system = match builder.seed {
        Some(seed) => System::deterministic(maximum, memory, seed),
        None => {
            let clock = Clock::start().map_err(|error| refused("a clock", &error))?;
            System::new(maximum, memory, clock)
        }
    };
    // Windows lives as long as the process: driver memory that is never freed may still point
    // into it after the machine has stopped.
    let system: &'static System = Box::leak(Box::new(system));
    if let Some((seed, plan)) = &builder.faults {
        system.faults().arm(*seed, plan.clone());
    }
    for index in 0..builder.processors {
        let processor = system
            .announce_processor(index)
            .expect("validated against the maximum");
        system
            .start_processor(processor)
            .map_err(|error| refused("a processor", &error))?;
    }
    Ok(system)
}

fn network_function(
    system: &'static System,
    builder: &mut MachineBuilder,
    router: Arc<MessageRouter>,
) -> Result<Arc<VirtioNet>, MachineError> {
    let wire = builder.wire.take().ok_or_else(|| {
        MachineError::Configuration("the adapter's cable leads nowhere: set a wire".into())
    })?;
    let memory = system.memory().mapping().clone();
    VirtioNet::new(builder.nic.clone(), memory, router, wire)
        .map_err(|error| MachineError::Configuration(error.to_string()))
}

fn start_driver(
    system: &'static System,
    image: &Arc<LoadedImage>,
    devices: Vec<Device>,
) -> Result<Arc<DriverHost>, MachineError> {
    let service = devices
        .first()
        .map(|device| device.node.installation().service.name.clone())
        .unwrap_or_default();
    let entry = image.entry_point() as usize;
    let loaded = run_passive(system, "driver load", move || {
        let path = format!("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\{service}");
        DriverHost::load(system, entry as *const c_void, &service, &path)
    });
    let driver = outcome(system, loaded, "DriverEntry")?;
    image.discard_init().map_err(|error| MachineError::Host {
        what: "taking the INIT section away",
        why: error.to_string(),
    })?;
    for Device { node, edge } in devices {
        netcx::set_upper_edge_options(system, edge);
        let host = driver.clone();
        let started = run_passive(system, "device start", move || {
            let device = host.add_device(node.clone())?;
            system
                .subsystem::<PnpManager>()
                .start(system, StartedDevice { node, device })
        });
        outcome(system, started, "starting the device")?;
    }
    Ok(driver)
}
