//! What the class extension knows of a machine.

use super::adapter::{Adapter, AdapterInit};
use super::device::NetDevice;
use super::packet_queue::QueueInit;
use crate::executive::{System, system};
use crate::upper_edge::UpperEdgeOptions;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The state of NetAdapterCx in one machine. Objects that drivers hold by address are found here,
/// so that no foreign address is ever followed.
#[derive(Default)]
pub(super) struct NetAdapterCx {
    /// Devices that are not made yet, by `WDFDEVICE_INIT`.
    pub(super) announced: Mutex<HashMap<usize, Arc<NetDevice>>>,
    /// By WDFDEVICE.
    pub(super) devices: Mutex<HashMap<usize, Arc<NetDevice>>>,
    /// By `NETADAPTER_INIT`.
    pub(super) adapter_inits: Mutex<HashMap<usize, Arc<AdapterInit>>>,
    /// By `NETRXQUEUE_INIT` or `NETTXQUEUE_INIT`.
    pub(super) queue_inits: Mutex<HashMap<usize, Arc<QueueInit>>>,
    /// In the order of creation.
    pub(super) adapters: Mutex<Vec<Arc<Adapter>>>,
    pub(super) upper_edge_options: Mutex<UpperEdgeOptions>,
}

/// The state of NetAdapterCx in the caller's machine.
pub(super) fn class() -> &'static NetAdapterCx {
    system().subsystem::<NetAdapterCx>()
}

/// All network adapters of a machine, in the order in which their driver made them.
pub fn adapters(system: &System) -> Vec<Arc<Adapter>> {
    system.subsystem::<NetAdapterCx>().adapters.lock().clone()
}

/// Whether a machine has network adapters.
pub(crate) fn has_adapters(system: &System) -> bool {
    !system
        .subsystem::<NetAdapterCx>()
        .adapters
        .lock()
        .is_empty()
}

/// Says where received frames go and what the upper edge does, for adapters that start later.
pub fn set_upper_edge_options(system: &System, options: UpperEdgeOptions) {
    *system.subsystem::<NetAdapterCx>().upper_edge_options.lock() = options;
}
