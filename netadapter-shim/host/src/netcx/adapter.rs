//! Network adapters: their life from creation over start, power-down and halt to removal.

use super::call::ClientGlobals;
use super::class::class;
use super::datapath::Datapath;
use super::device::NetDevice;
use super::keywords::Keywords;
use super::receive_filter::ReceiveFilter;
use super::receive_scaling::ReceiveScaling;
use super::sends::{SendQueues, SendShape};
use super::settings::{Layouts, Settings};
use super::wait_lock::{WaitGuard, WaitLock};
use crate::executive::{System, system};
use crate::pnp::DeviceNode;
use crate::upper_edge::UpperEdge;
use netadapter_abi::net::{
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_STATE, NET_PACKET_FILTER_FLAGS, NETADAPTER,
    PFN_NET_ADAPTER_CREATE_RXQUEUE, PFN_NET_ADAPTER_CREATE_TXQUEUE,
};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, nt_success,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The two callbacks that make queues. Both are there or none.
#[derive(Clone, Copy, Default)]
pub(super) struct DatapathCallbacks {
    pub(super) create_transmit_queue: PFN_NET_ADAPTER_CREATE_TXQUEUE,
    pub(super) create_receive_queue: PFN_NET_ADAPTER_CREATE_RXQUEUE,
}

/// What becomes an adapter: a `NETADAPTER_INIT`.
pub(super) struct AdapterInit {
    pub(super) device: Arc<NetDevice>,
    pub(super) callbacks: Mutex<DatapathCallbacks>,
    used: AtomicBool,
}

impl AdapterInit {
    pub(super) fn new(device: Arc<NetDevice>) -> Self {
        Self {
            device,
            callbacks: Mutex::default(),
            used: AtomicBool::new(false),
        }
    }

    /// Whether no adapter was made from it yet; the caller makes one now.
    pub(super) fn take(&self) -> bool {
        !self.used.swap(true, Ordering::AcqRel)
    }
}

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
    /// Orders start, stop, pause, receive scaling and filters.
    control: WaitLock,
    datapath: Mutex<Option<Arc<Datapath>>>,
    sends: Mutex<Option<(SendShape, Arc<SendQueues>)>>,
    filter: ReceiveFilter,
    scaling: ReceiveScaling,
    upper_edge: Arc<UpperEdge>,
    system: &'static System,
}

impl Adapter {
    pub(super) fn new(init: &AdapterInit, client: &'static ClientGlobals) -> Arc<Self> {
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
            datapath: Mutex::default(),
            sends: Mutex::default(),
            filter: ReceiveFilter::default(),
            scaling: ReceiveScaling::default(),
            upper_edge: Arc::new(UpperEdge::new(system, this.clone(), options)),
            system,
        })
    }

    pub(super) fn set_handle(&self, handle: NETADAPTER) {
        self.handle
            .set(handle as usize)
            .expect("an adapter has one handle");
    }

    pub(super) fn handle(&self) -> NETADAPTER {
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

    pub(super) fn node(&self) -> Arc<dyn DeviceNode> {
        self.device.node()
    }

    pub(super) fn system(&self) -> &'static System {
        self.system
    }

    pub(super) fn callbacks(&self) -> &DatapathCallbacks {
        &self.callbacks
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings.lock().clone()
    }

    pub(super) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.lock());
    }

    pub(super) fn layouts(&self) -> Layouts {
        self.settings
            .lock()
            .layouts(self.client, self.scaling.is_capable())
    }

    pub(super) fn filter(&self) -> &ReceiveFilter {
        &self.filter
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

    /// Whether the driver has voted for the start.
    pub(super) fn is_running(&self) -> bool {
        *self.stage.lock() == Stage::Running
    }

    /// The driver's vote, which is the last one (*NetAdapterStart function*).
    pub(super) fn start(self: &Arc<Self>) -> NTSTATUS {
        let guard = self.lock();
        match *self.stage.lock() {
            Stage::Running => return STATUS_SUCCESS,
            Stage::Dead => return STATUS_INVALID_DEVICE_REQUEST,
            Stage::Stopped => {}
        }
        if !self.settings.lock().complete() {
            return STATUS_INVALID_PARAMETER;
        }
        if let Some(receive) = self.settings().receive {
            self.scaling.limit_queues(receive.maximum_queues);
        }
        let status = self.prepare_sends();
        if !nt_success(status) {
            return status;
        }
        *self.stage.lock() = Stage::Running;
        if self.device.is_powered() {
            let status = self.create_datapath_locked();
            if !nt_success(status) {
                *self.stage.lock() = Stage::Stopped;
                return status;
            }
        }
        drop(guard);
        if self.device.is_bound() {
            self.bind_protocols();
        }
        STATUS_SUCCESS
    }

    /// The send queues outlive the data path: what waits in them is sent after a restart.
    fn prepare_sends(&self) -> NTSTATUS {
        let settings = self.settings();
        let Some(transmit) = settings.transmit else {
            return STATUS_INVALID_PARAMETER;
        };
        let layout = self.upper_edge.send_layout();
        let shape = SendShape::new(layout, &transmit, settings.mtu);
        let mut sends = self.sends.lock();
        if sends.as_ref().is_some_and(|(before, _)| *before == shape) {
            return STATUS_SUCCESS;
        }
        match SendQueues::new(self.system, &shape) {
            Ok(queues) => {
                if let Some((_, before)) = sends.take() {
                    queues.adopt(&before);
                }
                *sends = Some((shape, Arc::new(queues)));
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    /// Withdraws the driver's vote.
    pub(super) fn stop(&self) {
        let _guard = self.lock();
        self.halt_locked(Stage::Stopped);
    }

    /// The framework's halt, before the hardware is released.
    pub(super) fn halt(&self) {
        let _guard = self.lock();
        self.halt_locked(Stage::Dead);
    }

    fn halt_locked(&self, stage: Stage) {
        self.destroy_datapath_locked();
        let mut current = self.stage.lock();
        if *current != Stage::Dead {
            *current = stage;
        }
    }

    /// Before the hardware is prepared again the driver's vote is void.
    pub(super) fn vote_again(&self) {
        *self.stage.lock() = Stage::Stopped;
    }

    /// The device is gone: queues go, and no start is possible.
    pub(super) fn surprise_removed(&self) {
        self.halt();
    }

    /// Makes the queues if the adapter runs.
    pub(super) fn create_datapath(self: &Arc<Self>) -> NTSTATUS {
        let _guard = self.lock();
        if self.is_running() {
            self.create_datapath_locked()
        } else {
            STATUS_SUCCESS
        }
    }

    fn create_datapath_locked(self: &Arc<Self>) -> NTSTATUS {
        if self.datapath.lock().is_some() {
            return STATUS_SUCCESS;
        }
        let (datapath, status) = Datapath::create(self);
        *self.datapath.lock() = Some(datapath);
        let status = if nt_success(status) {
            self.scaling.restore(self)
        } else {
            status
        };
        if !nt_success(status) {
            self.destroy_datapath_locked();
        }
        status
    }

    /// Drains and destroys the queues.
    pub(super) fn destroy_datapath(&self) {
        let _guard = self.lock();
        self.destroy_datapath_locked();
    }

    fn destroy_datapath_locked(&self) {
        let Some(datapath) = self.datapath() else {
            return;
        };
        self.stop_queues(&datapath);
        self.scaling.datapath_is_going();
        *self.datapath.lock() = None;
        datapath.destroy();
    }

    /// Sets the flags of `wanted` that the adapter supports as its filter. Without receive filter
    /// capabilities there is nothing to set.
    pub(crate) fn set_packet_filter(&self, wanted: NET_PACKET_FILTER_FLAGS) {
        self.filter.set(self, self.filter.supported(wanted));
    }

    /// Protocols bind: filter, receive scaling, then the queues start.
    pub(super) fn bind_protocols(self: &Arc<Self>) {
        let _guard = self.lock();
        let Some(datapath) = self.datapath() else {
            return;
        };
        self.upper_edge.bind(self);
        self.start_queues(&datapath);
    }

    /// Stops the queues without destroying them, as NDIS does to change bindings.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn pause(&self) {
        let _guard = self.lock();
        if let Some(datapath) = self.datapath() {
            self.stop_queues(&datapath);
        }
    }

    /// Undoes [`Adapter::pause`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn restart(&self) {
        let _guard = self.lock();
        if let Some(datapath) = self.datapath() {
            self.start_queues(&datapath);
        }
    }

    fn start_queues(&self, datapath: &Datapath) {
        self.upper_edge.before_start(datapath);
        datapath.start();
    }

    fn stop_queues(&self, datapath: &Datapath) {
        if datapath.is_started() {
            self.upper_edge.before_stop();
            datapath.stop();
            self.upper_edge.after_stop();
        }
    }

    /// The adapter object goes. The framework has halted the adapter before.
    pub(super) fn removed(&self) {
        self.device.remove_adapter(self);
        class()
            .adapters
            .lock()
            .retain(|other| !std::ptr::eq(&**other, self));
        *self.sends.lock() = None;
    }

    /// The adapter object exists: it counts from now on.
    pub(super) fn created(self: &Arc<Self>) {
        self.device.add_adapter(self.clone());
        class().adapters.lock().push(self.clone());
    }
}
