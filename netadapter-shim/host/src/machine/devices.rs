//! The devices that a machine boots with.

use super::builder::MachineBuilder;
use super::error::MachineError;
use crate::executive::System;
use crate::inf::Installation;
use crate::pnp::{BusDevice, MessageRouter, PciNode, SoftwareDevice};
use crate::upper_edge::{FrameSink, REPLY_EVERY, UpperEdgeOptions};
use netadapter_nic::{Ledger, VirtioNet};
use std::fmt;
use std::sync::Arc;

/// A device without hardware that the driver makes a network adapter for.
#[derive(Clone)]
pub struct SoftwareAdapter {
    /// The hardware ID by which the INF knows it.
    pub hardware_id: String,
    /// Configuration keywords of this device alone, over those of the machine.
    pub keywords: Vec<(String, String)>,
    /// Takes the frames that the adapter receives.
    pub sink: Arc<dyn FrameSink>,
}

impl fmt::Debug for SoftwareAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareAdapter")
            .field("hardware_id", &self.hardware_id)
            .field("keywords", &self.keywords)
            .finish_non_exhaustive()
    }
}

/// A device, and what sits above the adapter that the driver makes for it.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) node: Arc<dyn BusDevice>,
    pub(super) edge: UpperEdgeOptions,
}

/// Takes what reaches the top of the stack to the ledger of what the device accepted.
struct LedgerSink(Arc<Ledger>);

impl FrameSink for LedgerSink {
    fn delivered(&self, queue: u32, frame: &[u8]) {
        // The ledger counts mismatches; they are read at the end.
        let _ = self.0.delivered(queue as u16, frame);
    }

    fn discarded(&self, queue: u32, frame: &[u8]) {
        let _ = self.0.discarded(queue as u16, frame);
    }
}

/// The network function.
pub(super) fn network_function(
    system: &'static System,
    builder: &MachineBuilder,
    nic: &Arc<VirtioNet>,
    router: Arc<MessageRouter>,
    installation: Installation,
) -> Result<Device, MachineError> {
    let node = PciNode::new(system, nic.clone(), router, installation);
    let node = node.ok_or_else(|| {
        MachineError::Configuration("the network function has no MSI-X capability".into())
    })?;
    Ok(Device {
        node: Arc::new(node),
        edge: UpperEdgeOptions {
            sink: Arc::new(LedgerSink(nic.ledger())),
            promiscuous: builder.promiscuous,
            reply_every: Some(REPLY_EVERY),
            ..UpperEdgeOptions::default()
        },
    })
}

/// The devices without hardware, each with its installation.
pub(super) fn software(builder: &MachineBuilder, installations: Vec<Installation>) -> Vec<Device> {
    let adapters = builder.software.iter().zip(installations);
    adapters
        .map(|(adapter, installation)| Device {
            node: Arc::new(SoftwareDevice::new(installation)),
            edge: UpperEdgeOptions {
                sink: adapter.sink.clone(),
                promiscuous: builder.promiscuous,
                reply_every: None,
                ..UpperEdgeOptions::default()
            },
        })
        .collect()
}
