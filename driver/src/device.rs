//! The device: its callbacks for Plug and Play and power.
//!
//! The work is in [`hardware`]; the states are those of [`State`](crate::nic::State).

use netadapter::Result;
use netadapter::abi::nt::{GUID_DEVICE_MEMORY, GUID_DEVICE_PROCESSOR};
use netadapter::context_type;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::device::{self, DeviceHandle, DeviceInit};
use netadapter::memory::Shared;
use netadapter::notification::InterfaceNotification;
use netadapter::resources::{RequirementsList, Resources};
use netadapter::sync::SpinLock;

use crate::hardware;
use crate::nic::Nic;
use crate::processors::ProcessorTable;
use crate::rebalance;
use crate::upkeep::{MemoryArrivals, ProcessorArrivals};

/// The driver's data of a device.
pub struct Device {
    nic: Shared<Nic>,
    arrivals: SpinLock<Option<Arrivals>>,
}
context_type!(Device);

/// Who is told of what has arrived.
struct Arrivals {
    _processors: InterfaceNotification<ProcessorArrivals>,
    _memory: InterfaceNotification<MemoryArrivals>,
}

impl Arrivals {
    fn follow(device: DeviceHandle, nic: &Shared<Nic>) -> Result<Self> {
        let processors = ProcessorArrivals { nic: nic.clone() };
        let memory = MemoryArrivals { nic: nic.clone() };
        Ok(Self {
            _processors: InterfaceNotification::register(
                device,
                &GUID_DEVICE_PROCESSOR,
                Shared::try_new(processors)?,
            )?,
            _memory: InterfaceNotification::register(
                device,
                &GUID_DEVICE_MEMORY,
                Shared::try_new(memory)?,
            )?,
        })
    }
}

impl Device {
    /// `EvtDriverDeviceAdd`.
    ///
    /// # Errors
    ///
    /// That of the framework.
    pub fn add(init: DeviceInit<'_>, processors: Shared<ProcessorTable>) -> Result<()> {
        init.create(|device| {
            Ok(Self {
                nic: Nic::create(device, processors)?,
                arrivals: SpinLock::new(None),
            })
        })
    }
}

impl device::Device for Device {
    fn prepare_hardware(&self, _: DeviceHandle, resources: &Resources<'_>) -> Result<()> {
        hardware::prepare(&self.nic, resources).inspect_err(|status| {
            debug_print!(
                Level::Error,
                "dhpnic: the hardware cannot be prepared: {status}"
            )
        })
    }

    fn release_hardware(&self, _: DeviceHandle) {
        hardware::release(&self.nic);
    }

    fn d0_entry(&self, _: DeviceHandle) -> Result<()> {
        hardware::power_up(&self.nic).inspect_err(|status| {
            debug_print!(Level::Error, "dhpnic: the device does not start: {status}")
        })
    }

    fn d0_exit(&self, _: DeviceHandle) {
        hardware::power_down(&self.nic);
    }

    fn filter_add_resource_requirements(
        &self,
        device: DeviceHandle,
        requirements: &mut RequirementsList<'_>,
    ) -> Result<()> {
        rebalance::ask_for_messages(&self.nic, device, requirements)
    }

    fn query_stop(&self, _: DeviceHandle) {
        rebalance::get_ready(&self.nic);
    }

    fn self_managed_io_init(&self, device: DeviceHandle) -> Result<()> {
        let arrivals = Arrivals::follow(device, &self.nic)?;
        *self.arrivals.lock() = Some(arrivals);
        Ok(())
    }

    fn self_managed_io_suspend(&self, _: DeviceHandle) {
        self.nic.health.set_pausing(true);
    }

    fn self_managed_io_cleanup(&self, _: DeviceHandle) {
        // Ending the registration waits, which is not possible with the lock held.
        let arrivals = self.arrivals.lock().take();
        drop(arrivals);
    }

    fn surprise_removal(&self, _: DeviceHandle) {
        self.nic.health.set_gone();
    }
}
