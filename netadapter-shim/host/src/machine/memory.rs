//! Memory of a machine that runs.

use super::boot::outcome;
use super::error::MachineError;
use super::run::Machine;
use crate::executive::{MemoryCondition, run_passive};
use crate::kernel::interface_arrived;
use netadapter_abi::nt::GUID_DEVICE_MEMORY;

impl Machine {
    /// Adds `bytes` of memory while everything runs, a multiple of the page size. Drivers hear of
    /// it by the interface of the new memory device.
    ///
    /// # Errors
    /// If the machine cannot have so much (see `maximum_memory` of the builder), or a rule was
    /// broken.
    pub fn hot_add_memory(&mut self, bytes: u64) -> Result<(), MachineError> {
        let system = self.system;
        let modules = system.memory().ranges().len();
        if system.memory().hot_add(bytes).is_none() {
            return Err(MachineError::Configuration(format!(
                "{bytes} bytes are not whole pages, or more than the machine can have besides its \
                 {}",
                system.memory().bytes()
            )));
        }
        let told = run_passive(system, "memory hot add", move || {
            system.milestone("memory_arrival", None);
            interface_arrived(
                &GUID_DEVICE_MEMORY,
                &format!("\\??\\ACPI#PNP0C80#{modules}"),
            );
            Ok(())
        });
        outcome(system, told, "adding memory")
    }

    /// Lets the memory manager tell drivers that free memory is high, low or neither, whatever it
    /// is.
    pub fn force_memory_condition(&self, condition: Option<MemoryCondition>) {
        self.system.memory().conditions().force(condition);
    }
}
