//! The network adapter: what the framework asks of it, and what it says of itself.

use netadapter::adapter::{self, DatapathCapabilities, ReceiveScalingCapabilities};
use netadapter::context_type;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::memory::Shared;
use netadapter::queue::QueueInit;
use netadapter::receive_filter::{PacketFilters, ReceiveFilter};
use netadapter::receive_scaling::{IndirectionEntries, Protocols};
use netadapter::ring::{ReturnContext, RxRings, TxRings};
use netadapter::{Result, Status};

use crate::buffer_pool::{BUFFER_BYTES, queue_and_buffer};
use crate::nic::{Nic, Setup};
use crate::receive_filter::Filter;
use crate::rss;
use crate::rx_queue::{HEADER_BYTES, RxQueue};
use crate::spread::FRAMEWORK_TABLE_ENTRIES;
use crate::tx_queue::TxQueue;
use crate::virtio::control_queue::MULTICAST_ADDRESSES_MAX;

/// Ethernet header and one 802.1Q tag.
const LINK_HEADER_BYTES: u32 = 18;
/// Payload of the longest frame that fits into a receive buffer.
pub const MTU_MAX: u16 = (BUFFER_BYTES - HEADER_BYTES as u32 - LINK_HEADER_BYTES) as u16;
const MTU_DEFAULT: u16 = 1500;

/// The driver's data of the adapter.
pub struct Adapter {
    nic: Shared<Nic>,
}
context_type!(Adapter);

impl Adapter {
    /// The data of an adapter that shares `nic`.
    pub fn new(nic: Shared<Nic>) -> Self {
        Self { nic }
    }
}

/// Says what the adapter can do with this hardware, and starts it; after every `EvtDevicePrepareHardware` anew.
///
/// IRQL: PASSIVE_LEVEL.
///
/// # Errors
///
/// STATUS_DEVICE_CONFIGURATION_ERROR when the device has no address; else that of `NetAdapterStart`.
pub fn start(nic: &Nic, setup: &Setup) -> Result<()> {
    let adapter = nic.adapter()?;
    let queues = setup.plan.queues.len();
    adapter.set_datapath_capabilities(&DatapathCapabilities {
        dma: &nic.enabler,
        tx_queues_max: 1,
        tx_fragments_max: nic.transmit()?.fragments_max(),
        rx_queues_max: queues,
        // A fragment's capacity must not be above it, and that is a whole buffer.
        rx_frame_bytes_max: BUFFER_BYTES as usize,
    });
    adapter.set_link_layer_capabilities(setup.transport.link(setup.features).bits_per_second);
    adapter.set_mtu(setup.config.mtu.unwrap_or(MTU_DEFAULT).into());
    let permanent = setup.config.mac.ok_or(Status::DEVICE_CONFIGURATION_ERROR)?;
    adapter.set_ethernet_addresses(permanent, setup.keywords.address.unwrap_or(permanent));
    adapter.set_receive_filter_capabilities(PacketFilters::ALL, MULTICAST_ADDRESSES_MAX);
    if setup.config.scales() {
        adapter.set_receive_scaling_capabilities(&ReceiveScalingCapabilities {
            queues,
            table_entries: FRAMEWORK_TABLE_ENTRIES.into(),
            protocols: rss::protocols(setup.config.hash_types),
        });
    }
    adapter.start()
}

impl adapter::Adapter for Adapter {
    type RxQueue = RxQueue;
    type TxQueue = TxQueue;

    fn create_rx_queue(&self, init: QueueInit<'_, RxRings>) -> Result<()> {
        RxQueue::create(&self.nic, init)
    }

    fn create_tx_queue(&self, init: QueueInit<'_, TxRings>) -> Result<()> {
        TxQueue::create(&self.nic, init)
    }

    fn return_rx_buffer(&self, context: ReturnContext) {
        let returned = queue_and_buffer(context)
            .and_then(|(queue, buffer)| Some(self.nic.any_path(queue)?.pool().give_back(buffer)));
        if returned != Some(true) {
            debug_print!(
                Level::Error,
                "dhpnic: a receive buffer was returned that was not lent: {context:?}"
            );
        }
    }

    fn set_receive_filter(&self, filter: &ReceiveFilter<'_>) {
        self.nic.set_filter(Filter::from(filter));
    }

    fn receive_scaling_enable(&self, protocols: Protocols) -> Result<()> {
        self.nic.change_scaling(|scaling| {
            scaling.enable(protocols);
            Ok(())
        })
    }

    fn receive_scaling_disable(&self) {
        self.nic.disable_scaling();
    }

    fn receive_scaling_set_hash_secret_key(&self, key: &[u8]) -> Result<()> {
        self.nic.change_scaling(|scaling| scaling.set_key(key))
    }

    fn receive_scaling_set_indirection_entries(
        &self,
        entries: &IndirectionEntries<'_>,
    ) -> Result<()> {
        let queues = self
            .nic
            .setup()
            .map_or(0, |setup| setup.plan.queues.len() as u16);
        self.nic
            .change_scaling(|scaling| scaling.set_entries(entries.iter(), queues))
    }
}
