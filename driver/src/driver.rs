//! The driver: loading, devices, unloading.

use netadapter::Result;
use netadapter::context_type;
use netadapter::device::DeviceInit;
use netadapter::entry;
use netadapter::memory::Shared;
use netadapter::processor::ProcessorChangeCallback;

use crate::device::Device;
use crate::processors::ProcessorTable;

/// The driver's global data.
pub struct Dhpnic {
    /// Dropped first: after that nobody adds blocks to the table.
    _arrivals: ProcessorChangeCallback<ProcessorTable>,
    processors: Shared<ProcessorTable>,
}
context_type!(Dhpnic);

impl entry::Driver for Dhpnic {
    fn entry() -> Result<Self> {
        let processors = Shared::try_new(ProcessorTable::try_new()?)?;
        Ok(Self {
            _arrivals: ProcessorChangeCallback::register(processors.clone())?,
            processors,
        })
    }

    fn device_add(&self, init: DeviceInit<'_>) -> Result<()> {
        Device::add(init, self.processors.clone())
    }
}

netadapter::driver_entry!(Dhpnic);
