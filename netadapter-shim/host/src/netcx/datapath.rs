//! The queues of an adapter: creation in order, start, drain, destruction.

use super::adapter::Adapter;
use super::class::class;
use super::packet_queue::{
    ActiveQueue, Direction, PacketQueue, QueueCallbacks, QueueInit, QueueObject, Translation,
};
use super::poll::ExecutionContext;
use super::receive::Receiver;
use super::ring::Rings;
use super::settings::ReceiveBuffers;
use super::transmit::Transmitter;
use super::verifier::{Traffic, Verifier};
use crate::executive::processor;
use crate::wdf::{self, ObjectKind};
use netadapter_abi::net::NETPACKETQUEUE;
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_SUCCESS, nt_success};
use netadapter_abi::wdf::WDF_OBJECT_ATTRIBUTES;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The queues of one adapter from one power-up to the next power-down.
pub(crate) struct Datapath {
    transmit: Mutex<Vec<ActiveQueue>>,
    /// By queue id.
    receive: Mutex<Vec<ActiveQueue>>,
    started: AtomicBool,
}

impl Datapath {
    /// Makes one transmit and one receive queue; what was made is there also if making failed.
    pub(super) fn create(adapter: &Arc<Adapter>) -> (Arc<Self>, NTSTATUS) {
        let datapath = Arc::new(Self {
            transmit: Mutex::default(),
            receive: Mutex::default(),
            started: AtomicBool::new(false),
        });
        let callbacks = adapter.callbacks();
        if callbacks.create_transmit_queue.is_none() {
            // Without datapath callbacks the data path is inert (*NetAdapterInitSetDatapathCallbacks*).
            return (datapath, STATUS_SUCCESS);
        }
        let status = match create_queue(adapter, Direction::Transmit, 0) {
            Ok(queue) => {
                datapath.transmit.lock().push(queue);
                datapath.grow_receive(adapter, 1)
            }
            Err(status) => status,
        };
        (datapath, status)
    }

    /// Makes receive queues until there are `count`; ids are the lowest that are free.
    pub(super) fn grow_receive(&self, adapter: &Arc<Adapter>, count: u32) -> NTSTATUS {
        loop {
            let id = self.receive_queues();
            if id >= count {
                return STATUS_SUCCESS;
            }
            match create_queue(adapter, Direction::Receive, id) {
                Ok(queue) => self.receive.lock().push(queue),
                Err(status) => return status,
            }
        }
    }

    /// Number of receive queues.
    pub(crate) fn receive_queues(&self) -> u32 {
        self.receive.lock().len() as u32
    }

    /// The handle of a receive queue.
    pub(super) fn receive_handle(&self, id: u32) -> Option<NETPACKETQUEUE> {
        self.receive
            .lock()
            .get(id as usize)
            .map(|active| active.queue.handle())
    }

    /// Binds a receive queue to a processor.
    pub(super) fn bind_receive_queue(&self, id: u32, processor: Option<u32>) {
        if let Some(active) = self.receive.lock().get(id as usize) {
            active.context.set_affinity(processor);
        }
    }

    /// The execution context that sends.
    pub(crate) fn transmitter(&self) -> Option<SendSignal> {
        self.transmit
            .lock()
            .first()
            .map(|active| SendSignal(active.context.clone()))
    }

    /// The stack returns all frames that it keeps.
    pub(crate) fn return_kept(&self) {
        let queues = self.receive.lock().clone();
        queues.iter().for_each(ActiveQueue::return_kept);
    }

    pub(super) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Starts every queue: transmit by id, then receive by id, one at a time.
    pub(super) fn start(&self) {
        if self.started.swap(true, Ordering::AcqRel) {
            return;
        }
        for active in self.all() {
            let queue = active.queue.clone();
            active.context.run_task(move || queue.start());
            active.context.notify();
        }
    }

    /// Cancels all queues, transmit before receive, then drains and stops one after the other
    /// (*Canceling network data with net rings*).
    pub(super) fn stop(&self) {
        if !self.started.swap(false, Ordering::AcqRel) {
            return;
        }
        let queues = self.all();
        for active in &queues {
            active.queue.close_reception();
            active.return_kept();
        }
        queues.iter().for_each(|active| active.queue.wait_kept());
        for active in &queues {
            let queue = active.queue.clone();
            active.context.run_task(move || queue.cancel());
            active.context.notify();
        }
        for active in &queues {
            active.queue.wait_drained();
            let queue = active.queue.clone();
            active.context.run_task(move || queue.stop());
        }
    }

    /// Deletes the stopped queues, all transmit before all receive.
    pub(super) fn destroy(&self) {
        for active in self.all() {
            active.context.end();
            wdf::delete_object(active.queue.handle().cast());
        }
        self.transmit.lock().clear();
        self.receive.lock().clear();
    }

    fn all(&self) -> Vec<ActiveQueue> {
        let mut queues = self.transmit.lock().clone();
        queues.extend(self.receive.lock().iter().cloned());
        queues
    }
}

/// Tells the transmit queue that packets wait.
#[derive(Clone)]
pub(crate) struct SendSignal(Arc<ExecutionContext>);

impl SendSignal {
    /// IRQL: any, on a processor.
    pub(crate) fn notify(&self) {
        self.0.notify();
    }
}

/// Lets the driver make a queue.
fn create_queue(
    adapter: &Arc<Adapter>,
    direction: Direction,
    id: u32,
) -> Result<ActiveQueue, NTSTATUS> {
    let init = QueueInit::new(adapter.clone(), direction, id);
    let address = Arc::as_ptr(&init) as usize;
    class().queue_inits.lock().insert(address, init.clone());
    let callbacks = adapter.callbacks();
    let status = match direction {
        Direction::Transmit => {
            let callback = callbacks
                .create_transmit_queue
                .ok_or(STATUS_INVALID_DEVICE_STATE)?;
            wdf::guarded("EvtNetAdapterCreateTxQueue", || {
                // SAFETY: the driver's callback, at PASSIVE_LEVEL; the init lives during the call.
                unsafe { callback(adapter.handle(), address as *mut _) }
            })
        }
        Direction::Receive => {
            let callback = callbacks
                .create_receive_queue
                .ok_or(STATUS_INVALID_DEVICE_STATE)?;
            wdf::guarded("EvtNetAdapterCreateRxQueue", || {
                // SAFETY: the driver's callback, at PASSIVE_LEVEL; the init lives during the call.
                unsafe { callback(adapter.handle(), address as *mut _) }
            })
        }
    };
    class().queue_inits.lock().remove(&address);
    let created = init.created.lock().take();
    match created {
        Some(queue) if nt_success(status) => Ok(queue),
        Some(queue) => {
            queue.context.end();
            wdf::delete_object(queue.queue.handle().cast());
            Err(status)
        }
        // A success without a queue is none.
        None if nt_success(status) => Err(STATUS_INVALID_DEVICE_STATE),
        None => Err(status),
    }
}

/// What `NetTxQueueCreate` and `NetRxQueueCreate` do once their arguments are checked.
pub(super) fn make_queue(
    init: &QueueInit,
    callbacks: QueueCallbacks,
    attributes: *const WDF_OBJECT_ATTRIBUTES,
) -> Result<NETPACKETQUEUE, NTSTATUS> {
    let adapter = &init.adapter;
    let (rings, verifier, translation) = rings_and_translation(init)?;
    let queue = PacketQueue::new(init, callbacks, rings, verifier, translation);
    let context = ExecutionContext::new(adapter.system(), processor().index(), queue.clone());
    let object = QueueObject {
        direction: init.direction,
        queue: Arc::downgrade(&queue),
        context: Arc::downgrade(&context),
    };
    let parent = Some(adapter.handle().cast());
    let kind = ObjectKind::NetPacketQueue;
    match wdf::create_object(kind, parent, attributes, Box::new(object)) {
        Ok(handle) => {
            queue.set_handle(handle.cast());
            *init.created.lock() = Some(ActiveQueue { queue, context });
            Ok(handle.cast())
        }
        Err(status) => {
            context.end();
            Err(status)
        }
    }
}

fn rings_and_translation(init: &QueueInit) -> Result<(Rings, Verifier, Translation), NTSTATUS> {
    let adapter = &init.adapter;
    let settings = adapter.settings();
    let layouts = adapter.layouts();
    match init.direction {
        Direction::Transmit => {
            let transmit = settings.transmit.ok_or(STATUS_INVALID_DEVICE_STATE)?;
            let elements = transmit.ring_elements;
            let (packet, fragment) = (layouts.transmit_packet, layouts.transmit_fragment);
            let rings = Rings::new(elements, packet, elements, fragment);
            let verifier = Verifier::new(Traffic::Transmit, &rings);
            let sends = adapter.sends().ok_or(STATUS_INVALID_DEVICE_STATE)?;
            let queue = init.id as usize;
            let transmitter = Transmitter::new(adapter.system(), &transmit, sends, queue, &rings)?;
            Ok((rings, verifier, Translation::Transmit(transmitter)))
        }
        Direction::Receive => {
            let receive = settings.receive.ok_or(STATUS_INVALID_DEVICE_STATE)?;
            let elements = receive.ring_elements;
            let (packet, fragment) = (layouts.receive_packet, layouts.receive_fragment);
            let mut rings = Rings::new(elements, packet, elements, fragment);
            if matches!(receive.buffers, ReceiveBuffers::Ring(_)) {
                rings = rings.with_data_buffers(elements, layouts.data_buffer);
            }
            let driver_attaches = !matches!(receive.buffers, ReceiveBuffers::System(_));
            let verifier = Verifier::new(Traffic::Receive { driver_attaches }, &rings);
            let receiver = Receiver::new(adapter, init.id, &receive, &rings)?;
            Ok((rings, verifier, Translation::Receive(receiver)))
        }
    }
}
