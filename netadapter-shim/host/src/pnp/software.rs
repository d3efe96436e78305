//! A device without hardware: the PnP manager's root bus enumerates it by the hardware ID that an
//! administrator gave it (*Root-enumerated device*, as `devcon install` makes it).

use super::bus::{self, BusDevice};
use super::node::{DeviceNode, KeyValue};
use super::resources::{AssignedResources, ResourceRequirements};
use crate::executive::Interrupt;
use crate::inf::Installation;
use netadapter_abi::nt::DEVPROPKEY;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A root-enumerated device. It has no resources, no interrupts and no configuration space.
pub struct SoftwareDevice {
    installation: Installation,
    failed: AtomicBool,
}

impl SoftwareDevice {
    /// Makes a device for which an INF was installed.
    pub fn new(installation: Installation) -> Self {
        Self {
            installation,
            failed: AtomicBool::new(false),
        }
    }

    /// Whether the driver reported the device as failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

impl BusDevice for SoftwareDevice {
    fn installation(&self) -> &Installation {
        &self.installation
    }

    fn requirements(&self) -> ResourceRequirements {
        ResourceRequirements::default()
    }

    fn power_up(&self, _assigned: &AssignedResources) {}

    fn power_down(&self) {}

    fn taken_away(&self) {}
}

impl DeviceNode for SoftwareDevice {
    fn hardware_id(&self) -> String {
        self.installation.matching_id.clone()
    }

    fn numa_node(&self) -> u16 {
        0
    }

    fn property(&self, key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)> {
        bus::property(&self.installation, key)
    }

    fn keyword(&self, name: &str) -> Option<KeyValue> {
        bus::keyword(&self.installation, name)
    }

    fn read_config(&self, _offset: u32, _data: &mut [u8]) -> u32 {
        0
    }

    fn write_config(&self, _offset: u32, _data: &[u8]) -> u32 {
        0
    }

    fn connect(&self, _vector: u32, _interrupt: Arc<Interrupt>) -> bool {
        false
    }

    fn disconnect(&self, _vector: u32) {}

    fn device_failed(&self) {
        self.failed.store(true, Ordering::Release);
    }
}
