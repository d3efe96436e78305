//! A device node without a bus.

use crate::executive::{Interrupt, System};
use crate::pnp::{AssignedResources, DeviceNode, KeyValue};
use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_RESOURCE_INTERRUPT_LATCHED, CM_RESOURCE_INTERRUPT_MESSAGE,
    CmResourceTypeInterrupt, DEVPKEY_Device_Numa_Node, DEVPROP_TYPE_UINT32, DEVPROPKEY,
};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// IRQL of the node's messages.
pub const DEVICE_IRQL: u8 = 8;

/// Vector of message 0; message `n` has this plus `n`.
pub const FIRST_VECTOR: u32 = 0x60;

/// A node that remembers what is connected to it.
#[derive(Default)]
pub struct FakeNode {
    connected: Mutex<BTreeMap<u32, Arc<Interrupt>>>,
    failures: AtomicU32,
    config_space: Mutex<Vec<u8>>,
    /// Vectors that cannot be connected.
    refused: Mutex<Vec<u32>>,
    security: Mutex<Option<String>>,
}

impl FakeNode {
    pub fn new() -> Arc<Self> {
        let node = Self::default();
        *node.config_space.lock() = (0..64).collect();
        Arc::new(node)
    }

    pub fn raise(&self, system: &System, vector: u32) -> bool {
        let interrupt = self.connected.lock().get(&vector).cloned();
        interrupt
            .inspect(|interrupt| interrupt.raise(system))
            .is_some()
    }

    pub fn connected(&self) -> Vec<u32> {
        self.connected.lock().keys().copied().collect()
    }

    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Installs the device with another security descriptor.
    pub fn set_security(&self, sddl: &str) {
        *self.security.lock() = Some(sddl.to_owned());
    }

    pub fn refuse(&self, vector: u32) {
        self.refused.lock().push(vector);
    }
}

impl DeviceNode for FakeNode {
    fn hardware_id(&self) -> String {
        "PCI\\VEN_1AF4&DEV_1041".to_owned()
    }

    fn numa_node(&self) -> u16 {
        0
    }

    fn property(&self, key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)> {
        (*key == DEVPKEY_Device_Numa_Node)
            .then(|| (DEVPROP_TYPE_UINT32, 7_u32.to_le_bytes().to_vec()))
    }

    fn keyword(&self, _name: &str) -> Option<KeyValue> {
        None
    }

    fn read_config(&self, offset: u32, data: &mut [u8]) -> u32 {
        let space = self.config_space.lock();
        let from = space.get(offset as usize..).unwrap_or_default();
        let count = from.len().min(data.len());
        data[..count].copy_from_slice(&from[..count]);
        count as u32
    }

    fn write_config(&self, offset: u32, data: &[u8]) -> u32 {
        let mut space = self.config_space.lock();
        let to = space.get_mut(offset as usize..).unwrap_or_default();
        let count = to.len().min(data.len());
        to[..count].copy_from_slice(&data[..count]);
        count as u32
    }

    fn connect(&self, vector: u32, interrupt: Arc<Interrupt>) -> bool {
        if self.refused.lock().contains(&vector) {
            return false;
        }
        self.connected.lock().insert(vector, interrupt).is_none()
    }

    fn disconnect(&self, vector: u32) {
        self.connected.lock().remove(&vector);
    }

    fn security(&self) -> Option<String> {
        self.security.lock().clone()
    }

    fn device_failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// Messages for these processors, one each.
pub fn messages(processors: &[u32]) -> AssignedResources {
    let mut resources = AssignedResources::default();
    for (&processor, vector) in processors.iter().zip(FIRST_VECTOR..) {
        let mut raw = message();
        raw.u.MessageInterrupt.Raw.MessageCount = 1;
        let mut translated = message();
        translated.u.MessageInterrupt.Translated.Level = DEVICE_IRQL.into();
        translated.u.MessageInterrupt.Translated.Vector = vector;
        translated.u.MessageInterrupt.Translated.Affinity = 1 << processor;
        resources.raw.push(raw);
        resources.translated.push(translated);
    }
    resources
}

fn message() -> CM_PARTIAL_RESOURCE_DESCRIPTOR {
    CM_PARTIAL_RESOURCE_DESCRIPTOR {
        Type: CmResourceTypeInterrupt,
        Flags: CM_RESOURCE_INTERRUPT_MESSAGE | CM_RESOURCE_INTERRUPT_LATCHED,
        ..CM_PARTIAL_RESOURCE_DESCRIPTOR::zeroed()
    }
}
