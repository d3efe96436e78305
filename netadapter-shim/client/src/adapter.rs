//! The network adapter: its callbacks, and what a driver says of it.

mod callbacks;
mod capabilities;

use core::marker::PhantomData;
use core::ptr::null_mut;

use netadapter_abi::net::{
    MediaConnectStateConnected, MediaDuplexStateFull, NET_ADAPTER_DATAPATH_CALLBACKS,
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_STATE, NETADAPTER,
    NetAdapterAutoNegotiationFlagNone, NetAdapterPauseFunctionTypeUnsupported,
};
use netadapter_abi::net_call;

use crate::configuration::Configuration;
use crate::device::DeviceHandle;
use crate::object::{self, ContextType};
use crate::queue::{PacketQueue, QueueInit};
use crate::receive_filter::ReceiveFilter;
use crate::receive_scaling::{IndirectionEntries, Protocols};
use crate::ring::{ReturnContext, RxRings, TxRings};
use crate::{Result, Status};

pub use capabilities::{DatapathCapabilities, ReceiveScalingCapabilities};

/// The driver's data of an adapter; the methods are the adapter's callbacks.
///
/// Those that concern hardware may come while it has no power, and while it is losing it: the driver stores what they
/// ask for, and applies it at the next `EvtDeviceD0Entry`.
pub trait Adapter: ContextType + Send + Sync {
    /// The driver's data of receive queues.
    type RxQueue: PacketQueue<Rings = RxRings>;
    /// The driver's data of transmit queues.
    type TxQueue: PacketQueue<Rings = TxRings>;

    /// `EvtNetAdapterCreateRxQueue`. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The data path is then not created.
    fn create_rx_queue(&self, init: QueueInit<'_, RxRings>) -> Result<()>;

    /// `EvtNetAdapterCreateTxQueue`. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The data path is then not created.
    fn create_tx_queue(&self, init: QueueInit<'_, TxRings>) -> Result<()>;

    /// `EvtNetAdapterReturnRxBuffer`: the protocol stack has done with a buffer. IRQL: ≤ DISPATCH_LEVEL, for several
    /// queues at once.
    fn return_rx_buffer(&self, context: ReturnContext);

    /// `EvtNetAdapterSetReceiveFilter`: the complete filter. IRQL: PASSIVE_LEVEL.
    fn set_receive_filter(&self, filter: &ReceiveFilter<'_>);

    /// `EvtNetAdapterReceiveScalingEnable`, with the Toeplitz hash. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// Receive scaling then stays off.
    fn receive_scaling_enable(&self, protocols: Protocols) -> Result<()>;

    /// `EvtNetAdapterReceiveScalingDisable`: all frames go to one queue. IRQL: PASSIVE_LEVEL.
    fn receive_scaling_disable(&self);

    /// `EvtNetAdapterReceiveScalingSetHashSecretKey`. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The old key then stays.
    fn receive_scaling_set_hash_secret_key(&self, key: &[u8]) -> Result<()>;

    /// `EvtNetAdapterReceiveScalingSetIndirectionEntries`. IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// Every entry is then refused with the same status: all are applied, or none.
    fn receive_scaling_set_indirection_entries(
        &self,
        entries: &IndirectionEntries<'_>,
    ) -> Result<()>;
}

/// An adapter whose callbacks are those of `A`.
pub struct AdapterHandle<A> {
    raw: NETADAPTER,
    data: PhantomData<fn() -> A>,
}

// SAFETY: WDF handles may be used on any thread.
unsafe impl<A> Send for AdapterHandle<A> {}
// SAFETY: as for `Send`; NetAdapterCx synchronises what it does with the adapter.
unsafe impl<A> Sync for AdapterHandle<A> {}

impl<A> Clone for AdapterHandle<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for AdapterHandle<A> {}

impl<A: Adapter> AdapterHandle<A> {
    /// Creates an adapter of a device; it is not started.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of the framework.
    pub fn create(device: DeviceHandle, data: A) -> Result<Self> {
        // SAFETY: the device is valid.
        let init = unsafe { net_call!(NetAdapterInitAllocate, device.raw()) };
        if init.is_null() {
            return Err(Status::INSUFFICIENT_RESOURCES);
        }
        let mut datapath = NET_ADAPTER_DATAPATH_CALLBACKS::init(
            Some(callbacks::create_tx_queue::<A>),
            Some(callbacks::create_rx_queue::<A>),
        );
        // SAFETY: `init` was allocated above; the structure is copied.
        unsafe { net_call!(NetAdapterInitSetDatapathCallbacks, init, &mut datapath) };
        let mut attributes = object::attributes::<A>();
        let mut raw = null_mut();
        // SAFETY: as before; attributes and result outlive the call.
        let status = unsafe { net_call!(NetAdapterCreate, init, &mut attributes, &mut raw) };
        // SAFETY: `init` is to be freed once, whether or not the adapter was created.
        unsafe { net_call!(NetAdapterInitFree, init) };
        Status::check(status)?;
        // SAFETY: the adapter was created with these attributes; its callbacks come only after it was started.
        unsafe { object::emplace(raw.cast(), data) };
        Ok(Self {
            raw,
            data: PhantomData,
        })
    }

    /// `NetAdapterStart`; after every `EvtDevicePrepareHardware` anew.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER when capabilities are missing, STATUS_INVALID_DEVICE_STATE when the device is going.
    pub fn start(&self) -> Result<()> {
        // SAFETY: the handle is valid.
        Status::check(unsafe { net_call!(NetAdapterStart, self.raw) })
    }

    /// The adapter's keywords. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of `NetAdapterOpenConfiguration`.
    pub fn open_configuration(&self) -> Result<Configuration> {
        // SAFETY: the handle is valid.
        unsafe { Configuration::open(self.raw) }
    }

    /// The largest payload of a frame, without link header; not 0. IRQL: PASSIVE_LEVEL.
    pub fn set_mtu(&self, bytes: u32) {
        // SAFETY: the handle is valid.
        unsafe { net_call!(NetAdapterSetLinkLayerMtuSize, self.raw, bytes) };
    }

    /// The permanent and the current Ethernet address; before the adapter is started. IRQL: PASSIVE_LEVEL.
    pub fn set_ethernet_addresses(&self, permanent: [u8; 6], current: [u8; 6]) {
        let mut permanent = NET_ADAPTER_LINK_LAYER_ADDRESS::init(&permanent);
        // SAFETY: the handle is valid; the structure is copied.
        unsafe {
            net_call!(
                NetAdapterSetPermanentLinkLayerAddress,
                self.raw,
                &mut permanent
            )
        };
        let mut current = NET_ADAPTER_LINK_LAYER_ADDRESS::init(&current);
        // SAFETY: as before.
        unsafe { net_call!(NetAdapterSetCurrentLinkLayerAddress, self.raw, &mut current) };
    }

    /// The link is up, full duplex, with the same speed in both directions; `None`: it is down.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    pub fn set_link(&self, bits_per_second: Option<u64>) {
        let mut state = match bits_per_second {
            Some(speed) => NET_ADAPTER_LINK_STATE::init(
                speed,
                MediaConnectStateConnected,
                MediaDuplexStateFull,
                NetAdapterPauseFunctionTypeUnsupported,
                NetAdapterAutoNegotiationFlagNone,
            ),
            None => NET_ADAPTER_LINK_STATE::init_disconnected(),
        };
        // SAFETY: the handle is valid; the structure is copied.
        unsafe { net_call!(NetAdapterSetLinkState, self.raw, &mut state) };
    }
}
