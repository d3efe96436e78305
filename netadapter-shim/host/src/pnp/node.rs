//! What a function driver's framework may ask of the device node below it.

use crate::executive::Interrupt;
use netadapter_abi::nt::DEVPROPKEY;
use std::sync::Arc;

/// A value of a device's software key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// REG_DWORD.
    Dword(u32),
    /// REG_SZ or REG_EXPAND_SZ.
    String(String),
    /// REG_MULTI_SZ.
    MultiString(Vec<String>),
    /// REG_BINARY.
    Binary(Vec<u8>),
}

/// A device node: the bus below a function driver, and what is stored for the device.
///
/// IRQL: PASSIVE_LEVEL, except configuration space, which may be read and written up to
/// DISPATCH_LEVEL.
pub trait DeviceNode: Send + Sync {
    /// The first hardware ID.
    fn hardware_id(&self) -> String;
    /// The NUMA node.
    fn numa_node(&self) -> u16;
    /// Type and bytes of a device property.
    fn property(&self, key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)>;
    /// A value of the software key: a configuration keyword. Names compare without case.
    fn keyword(&self, name: &str) -> Option<KeyValue>;
    /// Reads PCI configuration space; the number of bytes read.
    fn read_config(&self, offset: u32, data: &mut [u8]) -> u32;
    /// Writes PCI configuration space; the number of bytes written.
    fn write_config(&self, offset: u32, data: &[u8]) -> u32;
    /// Lets the interrupt with the translated vector `vector` reach `interrupt`; whether the
    /// device was granted such a vector.
    fn connect(&self, vector: u32, interrupt: Arc<Interrupt>) -> bool;
    /// Undoes [`DeviceNode::connect`].
    fn disconnect(&self, vector: u32);
    /// The security descriptor string that the device was installed with
    /// (*INF AddReg Directive*, the value `Security`).
    fn security(&self) -> Option<String> {
        None
    }
    /// The device failed and asks to be torn down.
    fn device_failed(&self);
}
