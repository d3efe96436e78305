//! From a description to a machine whose driver runs.

use super::builder::MachineBuilder;
use super::devices::{self, Device};
use super::error::MachineError;
use super::faults;
use super::nic::ConductedNic;
use super::run::Machine;
use crate::executive::{Clock, PhysicalMemory, System, gate, run_passive};
use crate::image::{ImportResolver, LoadedImage};
use crate::inf::Installation;
use crate::kernel;
use crate::netcx;
use crate::pnp::{MessageRouter, PnpManager, StartedDevice};
use crate::wdf::{self, DriverHost};
use core::ffi::c_void;
use netadapter_nic::VirtioNet;
use std::sync::Arc;

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
    /// A machine that runs, without the driver.
    pub(super) fn power_on(
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
        Ok(Self {
            system,
            image,
            driver: None,
            devices,
            nic,
            processors: builder.processors,
            stopped: false,
            _faults: faults,
        })
    }

    /// Loads the driver if it is not loaded, and starts all devices that are not started. Without
    /// a device that starts the driver is unloaded again.
    ///
    /// # Errors
    /// If the driver fails, or a rule was broken.
    pub fn start(&mut self) -> Result<(), MachineError> {
        let driver = match &self.driver {
            Some(driver) => driver.clone(),
            None => self.load_driver()?,
        };
        let mut result = Ok(());
        for device in self.devices.clone() {
            if let Err(error) = self.start_device(&driver, device) {
                result = Err(error);
            }
        }
        if result.is_err() && self.system.subsystem::<PnpManager>().devices().is_empty() {
            self.unload()?;
        }
        result
    }

    fn load_driver(&mut self) -> Result<Arc<DriverHost>, MachineError> {
        let system = self.system;
        let refused = |error: std::io::Error| MachineError::Host {
            what: "memory of the driver's image",
            why: error.to_string(),
        };
        if self.image.is_init_discarded() {
            self.image.renew().map_err(refused)?;
        }
        let service = self
            .devices
            .first()
            .map(|device| device.node.installation().service.name.clone())
            .unwrap_or_default();
        let entry = self.image.entry_point() as usize;
        let loaded = run_passive(system, "driver load", move || {
            let path =
                format!("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\{service}");
            DriverHost::load(system, entry as *const c_void, &service, &path)
        });
        let loaded = outcome(system, loaded, "DriverEntry");
        self.image.discard_init().map_err(refused)?;
        let driver = loaded?;
        self.driver = Some(driver.clone());
        Ok(driver)
    }

    fn start_device(&self, driver: &Arc<DriverHost>, device: Device) -> Result<(), MachineError> {
        let (system, host) = (self.system, driver.clone());
        let Device { node, edge } = device;
        if system.subsystem::<PnpManager>().is_started(&node) {
            return Ok(());
        }
        netcx::set_upper_edge_options(system, edge);
        let started = run_passive(system, "device start", move || {
            let device = host.add_device(node.clone())?;
            system
                .subsystem::<PnpManager>()
                .start(system, StartedDevice { node, device })
        });
        outcome(system, started, "starting the device")
    }

    /// Removes the devices and unloads the driver, if it is loaded.
    pub(super) fn unload(&mut self) -> Result<(), MachineError> {
        let Some(driver) = self.driver.take() else {
            return Ok(());
        };
        let system = self.system;
        let done = run_passive(system, "shutdown", move || {
            system.subsystem::<PnpManager>().remove_all();
            driver.unload();
            Ok(())
        });
        outcome(system, done, "shutting down")
    }
}

/// What a thread of the machine came to.
pub(super) fn outcome<T>(
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
    let memory = PhysicalMemory::new(builder.memory_bytes, builder.maximum_memory_bytes)
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
    let function = VirtioNet::new(builder.nic.clone(), memory, router, wire)
        .map_err(|error| MachineError::Configuration(error.to_string()))?;
    match system.conductor() {
        Some(conductor) => conductor.add_actor(Arc::new(ConductedNic::new(function.clone()))),
        None => function.start(),
    }
    Ok(function)
}
