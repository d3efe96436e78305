//! What bus drivers below a function driver have in common.

use super::node::{DeviceNode, KeyValue};
use super::resources::{AssignedResources, ResourceRequirements};
use crate::inf::{Installation, RegistryValue};
use netadapter_abi::nt::DEVPROPKEY;

/// A device on a bus, as the PnP manager sees it.
pub trait BusDevice: DeviceNode {
    /// What the INF installed for the device.
    fn installation(&self) -> &Installation;
    /// What the device asks for, before the function driver filters it.
    fn requirements(&self) -> ResourceRequirements;
    /// Gives the device what was assigned, and power.
    fn power_up(&self, assigned: &AssignedResources);
    /// Takes power and resources away.
    fn power_down(&self);
    /// The device's stack was torn down because the device failed or is gone.
    fn taken_away(&self);
}

/// Type and bytes of a property that the INF gave the device.
pub(super) fn property(installation: &Installation, key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)> {
    let digits = key.fmtid.to_u128();
    let mut properties = installation.properties.iter();
    let found = properties
        .find(|property| property.key.category.0 == digits && property.key.pid == key.pid);
    found.map(|property| (property.property_type, property.data.clone()))
}

/// A value of the device's software key.
pub(super) fn keyword(installation: &Installation, name: &str) -> Option<KeyValue> {
    let value = installation.software.value(name)?;
    Some(match value {
        RegistryValue::Dword(value) => KeyValue::Dword(*value),
        RegistryValue::String(value) | RegistryValue::ExpandString(value) => {
            KeyValue::String(value.clone())
        }
        RegistryValue::MultiString(values) => KeyValue::MultiString(values.clone()),
        RegistryValue::Binary(bytes) | RegistryValue::Typed { data: bytes, .. } => {
            KeyValue::Binary(bytes.clone())
        }
    })
}
