//! What happens to a machine that runs.

use super::boot::outcome;
use super::error::MachineError;
use super::run::{HotAdd, Machine};
use crate::executive::run_passive;
use crate::netcx;
use crate::pnp::PnpManager;

impl Machine {
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
        let rebalances = outcome(system, added, "adding a processor")?;
        self.processors += 1;
        Ok(HotAdd {
            processor: index,
            rebalances,
        })
    }

    /// Asks the devices whether they can stop for a rebalance, and does not stop them, because
    /// another driver refuses.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn cancel_stop(&mut self) -> Result<(), MachineError> {
        self.run("a cancelled stop", |manager| manager.cancel_stop())
    }

    /// Pulls the network function out of its slot, and tells the driver; [`Machine::recover`]
    /// plugs it in again.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn surprise_remove(&mut self) -> Result<(), MachineError> {
        self.nic().unplug();
        self.run("surprise removal", PnpManager::surprise_remove_all)
    }

    /// Brings the machine to where all its devices work again: what was removed is plugged in, a
    /// driver that is not loaded is loaded, and devices that are not started are started.
    ///
    /// # Errors
    /// If the driver fails, or a rule was broken.
    pub fn recover(&mut self) -> Result<(), MachineError> {
        if let Some(nic) = &self.nic
            && !nic.is_plugged_in()
        {
            nic.plug_in();
        }
        self.start()
    }

    fn run(
        &self,
        step: &'static str,
        work: impl FnOnce(&PnpManager) + Send + 'static,
    ) -> Result<(), MachineError> {
        let system = self.system();
        let done = run_passive(system, step, move || {
            work(system.subsystem::<PnpManager>());
            Ok(())
        });
        outcome(system, done, step)
    }
}
