//! A machine that runs.

use super::boot::outcome;
use super::builder::MachineBuilder;
use super::devices::Device;
use super::error::MachineError;
use super::report::Snapshot;
use crate::executive::{Conductor, Finding, System, Trace};
use crate::image::LoadedImage;
use crate::kernel::DebugLog;
use crate::netcx;
use crate::pnp::Rebalance;
use crate::trap::ImageRegistration;
use crate::upper_edge::UpperEdge;
use crate::wdf::DriverHost;
use netadapter_nic::VirtioNet;
use std::sync::Arc;

/// A booted machine. Dropping it is pulling the plug; [`Machine::shut_down`] removes the device
/// and unloads the driver first.
pub struct Machine {
    pub(super) system: &'static System,
    pub(super) image: Arc<LoadedImage>,
    /// While it is loaded.
    pub(super) driver: Option<Arc<DriverHost>>,
    pub(super) devices: Vec<Device>,
    pub(super) nic: Option<Arc<VirtioNet>>,
    pub(super) processors: u32,
    pub(super) stopped: bool,
    pub(super) _faults: ImageRegistration,
}

/// What adding a processor led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotAdd {
    /// Index of the new processor.
    pub processor: u32,
    /// How the rebalance went, one for each device.
    pub rebalances: Vec<Rebalance>,
}

impl Machine {
    /// Starts the description of a machine.
    pub fn builder() -> MachineBuilder {
        MachineBuilder::default()
    }

    /// Removes the device, unloads the driver and stops the machine.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn shut_down(mut self) -> Result<(), MachineError> {
        self.unload()?;
        self.power_off();
        Ok(())
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
        outcome(self.system, is_done.then_some(Ok(())), "running")
    }

    /// Lets the machine run until `done`, for `limit_ns` of its time at most; whether `done`.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn run_for(&self, limit_ns: u64, done: impl FnMut() -> bool) -> Result<bool, MachineError> {
        let is_done = self.system.wait_outside_for(limit_ns, done);
        outcome(self.system, Some(Ok(is_done)), "running")
    }

    /// Whether the driver has an adapter.
    pub fn has_adapter(&self) -> bool {
        netcx::has_adapters(self.system)
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
