//! Network adapters.

mod life;

use crate::executive::{System, WaitGuard, WaitLock, system};
use crate::netcx::call::ClientGlobals;
use crate::netcx::class::class;
use crate::netcx::datapath::Datapath;
use crate::netcx::device::NetDevice;
use crate::netcx::keywords::Keywords;
use crate::netcx::offload::Offloads;
use crate::netcx::receive_filter::ReceiveFilter;
use crate::netcx::receive_scaling::ReceiveScaling;
use crate::netcx::sends::{SendQueues, SendShape};
use crate::netcx::settings::{Layouts, Settings};
use crate::pnp::DeviceNode;
use crate::upper_edge::UpperEdge;
use netadapter_abi::net::{
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_STATE, NETADAPTER,
    PFN_NET_ADAPTER_CREATE_RXQUEUE, PFN_NET_ADAPTER_CREATE_TXQUEUE,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The two callbacks that make queues. Both are there or none.
#[derive(Clone, Copy, Default)]
pub(in crate::netcx) struct DatapathCallbacks {
    pub(in crate::netcx) create_transmit_queue: PFN_NET_ADAPTER_CREATE_TXQUEUE,
    pub(in crate::netcx) create_receive_queue: PFN_NET_ADAPTER_CREATE_RXQUEUE,
}

/// What becomes an adapter: a `NETADAPTER_INIT`.
pub(in crate::netcx) struct AdapterInit {
    pub(in crate::netcx) device: Arc<NetDevice>,
    pub(in crate::netcx) callbacks: Mutex<DatapathCallbacks>,
    used: AtomicBool,
}

impl AdapterInit {
    pub(in crate::netcx) fn new(device: Arc<NetDevice>) -> Self {
        Self {
            device,
            callbacks: Mutex::default(),
            used: AtomicBool::new(false),
        }
    }

    /// Whether no adapter was made from it yet; the caller makes one now.
    pub(in crate::netcx) fn take(&self) -> bool {
        !self.used.swap(true, Ordering::AcqRel)
    }
}

/// The lowest minor version whose drivers find their capabilities again after a halt.
const PERSISTENT_MINOR: u32 = 2;

/// How far an adapter's start has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The driver has not voted for its start.
    Stopped,
    /// The miniport runs; queues exist while the device is powered.
    Running,
    /// After surprise removal, or between the last power-down and the next start.
    Dead,
}

/// A network adapter.
pub struct Adapter {
    handle: OnceLock<usize>,
    device: Arc<NetDevice>,
    client: &'static ClientGlobals,
    callbacks: DatapathCallbacks,
    settings: Mutex<Settings>,
    stage: Mutex<Stage>,
    /// Orders start, stop, pause and receive scaling.
    control: WaitLock,
    /// Orders filters and offloads; taken inside of `control`.
    requests: WaitLock,
    datapath: Mutex<Option<Arc<Datapath>>>,
    sends: Mutex<Option<(SendShape, Arc<SendQueues>)>>,
    filter: ReceiveFilter,
    offloads: Arc<Offloads>,
    scaling: ReceiveScaling,
    upper_edge: Arc<UpperEdge>,
    system: &'static System,
}

impl Adapter {
    pub(in crate::netcx) fn new(init: &AdapterInit, client: &'static ClientGlobals) -> Arc<Self> {
        let system = system();
        let options = class().upper_edge_options.lock().clone();
        Arc::new_cyclic(|this| Self {
            handle: OnceLock::new(),
            device: init.device.clone(),
            client,
            callbacks: *init.callbacks.lock(),
            settings: Mutex::default(),
            stage: Mutex::new(Stage::Stopped),
            control: WaitLock::new(),
            requests: WaitLock::new(),
            datapath: Mutex::default(),
            sends: Mutex::default(),
            filter: ReceiveFilter::default(),
            offloads: Arc::default(),
            scaling: ReceiveScaling::default(),
            upper_edge: Arc::new(UpperEdge::new(system, this.clone(), options)),
            system,
        })
    }

    pub(in crate::netcx) fn set_handle(&self, handle: NETADAPTER) {
        self.handle
            .set(handle as usize)
            .expect("an adapter has one handle");
    }

    pub(in crate::netcx) fn handle(&self) -> NETADAPTER {
        *self
            .handle
            .get()
            .expect("the object is made before anyone uses the adapter") as NETADAPTER
    }

    /// What NDIS and the protocols above do with this adapter.
    pub fn upper_edge(&self) -> &Arc<UpperEdge> {
        &self.upper_edge
    }

    /// What the driver last said about the link.
    pub fn link_state(&self) -> NET_ADAPTER_LINK_STATE {
        self.settings.lock().link_state
    }

    /// The current link-layer address, if the driver has set one.
    pub fn current_address(&self) -> Option<NET_ADAPTER_LINK_LAYER_ADDRESS> {
        self.settings.lock().current_address
    }

    /// The device's configuration keywords.
    pub(crate) fn keywords(&self) -> Keywords {
        Keywords::new(self.device.node())
    }

    pub(in crate::netcx) fn node(&self) -> Arc<dyn DeviceNode> {
        self.device.node()
    }

    pub(in crate::netcx) fn system(&self) -> &'static System {
        self.system
    }

    pub(in crate::netcx) fn callbacks(&self) -> &DatapathCallbacks {
        &self.callbacks
    }

    pub(in crate::netcx) fn settings(&self) -> Settings {
        self.settings.lock().clone()
    }

    pub(in crate::netcx) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.lock());
    }

    pub(in crate::netcx) fn layouts(&self) -> Layouts {
        self.settings.lock().layouts(
            self.client,
            &self.offloads.capabilities(),
            self.scaling.is_capable(),
        )
    }

    pub(in crate::netcx) fn filter(&self) -> &ReceiveFilter {
        &self.filter
    }

    pub(crate) fn offloads(&self) -> &Arc<Offloads> {
        &self.offloads
    }

    /// Calls the driver where it needs its hardware.
    pub(in crate::netcx) fn powered<T>(&self, name: &'static str, call: impl FnOnce() -> T) -> T {
        self.device.callbacks.run(name, call)
    }

    /// Receive side scaling. Its operations want the [`Adapter::lock`].
    pub(crate) fn scaling(&self) -> &ReceiveScaling {
        &self.scaling
    }

    /// The queues, while there are any.
    pub(crate) fn datapath(&self) -> Option<Arc<Datapath>> {
        self.datapath.lock().clone()
    }

    /// The packets that wait to be sent; made at the first start.
    pub(crate) fn sends(&self) -> Option<Arc<SendQueues>> {
        let sends = self.sends.lock();
        sends.as_ref().map(|(_, queues)| queues.clone())
    }

    /// Keeps every other slow operation on the adapter away.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn lock(&self) -> WaitGuard<'_> {
        self.control.acquire()
    }

    pub(in crate::netcx) fn requests(&self) -> &WaitLock {
        &self.requests
    }

    /// Whether the driver has voted for the start.
    pub(in crate::netcx) fn is_running(&self) -> bool {
        *self.stage.lock() == Stage::Running
    }

    /// The adapter object goes. The framework has halted the adapter before.
    pub(in crate::netcx) fn removed(&self) {
        self.device.remove_adapter(self);
        class()
            .adapters
            .lock()
            .retain(|other| !std::ptr::eq(&**other, self));
        *self.sends.lock() = None;
    }

    /// The adapter object exists: it counts from now on.
    pub(in crate::netcx) fn created(self: &Arc<Self>) {
        self.device.add_adapter(self.clone());
        class().adapters.lock().push(self.clone());
    }
}
