//! Bringing the hardware up and down: what `EvtDevicePrepareHardware`, `EvtDeviceD0Entry`, `EvtDeviceD0Exit` and
//! `EvtDeviceReleaseHardware` do.

use arrayvec::ArrayVec;
use netadapter::bus::BusInterface;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::device::DeviceHandle;
use netadapter::interrupt;
use netadapter::memory::Shared;
use netadapter::processor;
use netadapter::queue::Notifier;
use netadapter::resources::{MessageResource, Resource, Resources};
use netadapter::{Result, Status};

use crate::adapter::{self, MTU_MAX};
use crate::buffer_pool::{BufferPool, CHUNK_BYTES};
use crate::keywords::Keywords;
use crate::memory;
use crate::nic::{Nic, Setup, State};
use crate::queue_interrupt::{Message, QueueInterrupt};
use crate::rebalance::Policy;
use crate::rx_queue::ReceivePath;
use crate::spread::{self, MAXIMUM_QUEUES, Plan};
use crate::tx_queue::{self, TransmitPath};
use crate::virtio::control_queue::ControlQueue;
use crate::virtio::features::Features;
use crate::virtio::pci::{self, CONFIGURATION_BYTES, Capabilities};
use crate::virtio::split_queue::SplitQueue;
use crate::virtio::transport::{Identity, Line, Transport};

/// The message for changes of the device's configuration. Without more messages it serves the queues too.
const CONFIGURATION_MESSAGE: u16 = 0;
/// One message for the configuration, one for each queue.
const MESSAGES_MAX: usize = 1 + MAXIMUM_QUEUES;

/// Reads what the PCI function says of itself. IRQL: PASSIVE_LEVEL, in any power state that has configuration space.
///
/// # Errors
///
/// STATUS_DEVICE_CONFIGURATION_ERROR when that makes no sense; else that of the bus driver.
pub fn read_function(device: DeviceHandle) -> Result<([u8; CONFIGURATION_BYTES], Capabilities)> {
    let mut configuration = [0; CONFIGURATION_BYTES];
    let read = BusInterface::query(device)?.read_configuration(&mut configuration);
    if read < CONFIGURATION_BYTES {
        debug_print!(
            Level::Error,
            "dhpnic: only {read} bytes of configuration space can be read"
        );
        return Err(Status::DEVICE_CONFIGURATION_ERROR);
    }
    let capabilities = pci::parse(&configuration).map_err(|malformed| {
        debug_print!(Level::Error, "dhpnic: {malformed}");
        Status::DEVICE_CONFIGURATION_ERROR
    })?;
    Ok((configuration, capabilities))
}

/// Makes the hardware ready with the given resources: registers, plan, memory, interrupts, capabilities. The device
/// stays reset.
///
/// IRQL: PASSIVE_LEVEL.
///
/// # Errors
///
/// The first failure; [`release`] undoes what was done by then.
pub fn prepare(nic: &Shared<Nic>, resources: &Resources<'_>) -> Result<()> {
    let (configuration, capabilities) = read_function(nic.device)?;
    let transport = Shared::try_new(Transport::map(&capabilities, &configuration, resources)?)?;
    let identity = identify(nic, &transport)?;
    let messages: ArrayVec<MessageResource<'_>, MESSAGES_MAX> = resources
        .iter()
        .filter_map(|resource| match resource {
            Resource::Message(message) => Some(message),
            _ => None,
        })
        .take(MESSAGES_MAX)
        .collect();
    if messages.is_empty() {
        debug_print!(
            Level::Error,
            "dhpnic: the system granted no message-signalled interrupt"
        );
        return Err(Status::DEVICE_CONFIGURATION_ERROR);
    }
    let mut setup = Setup {
        transport,
        features: identity.features,
        config: identity.config,
        plan: Plan {
            queues: ArrayVec::new(),
            table_entries: 0,
        },
        messages: messages.len() as u16,
        keywords: Keywords::read(&nic.adapter()?.open_configuration()?),
    };
    let policy = nic.concerns.follow_policy(nic.device);
    plan_and_allocate(nic, &mut setup, policy)?;
    create_interrupts(nic, &setup, &messages)?;
    nic.health
        .set_queue_reset(setup.features.contains(Features::RING_RESET));
    nic.scaling.lock().limit_to(setup.plan.queues.len() as u16);
    debug_print!(
        Level::Info,
        "dhpnic: {} receive queues, {} messages, {} table entries",
        setup.plan.queues.len(),
        setup.messages,
        setup.plan.table_entries,
    );
    drop(nic.set_state(State::Prepared(setup.clone())));
    adapter::start(nic, &setup)
}

/// Forgets the resources. IRQL: PASSIVE_LEVEL.
pub fn release(nic: &Nic) {
    drop(nic.set_state(State::Released));
}

/// Starts the device: queues, filters, receive scaling, link.
///
/// IRQL: PASSIVE_LEVEL.
///
/// # Errors
///
/// STATUS_INVALID_DEVICE_STATE when the hardware is not prepared; else the first failure, after which the device is
/// reset again.
pub fn power_up(nic: &Nic) -> Result<()> {
    let setup = nic.setup().ok_or(Status::INVALID_DEVICE_STATE)?;
    nic.health.set_pausing(false);
    let result = connect(nic, &setup).and_then(|()| {
        drop(nic.set_state(State::Working(setup.clone())));
        nic.tell_everything(&setup)
    });
    if result.is_err() {
        power_down(nic);
        return result;
    }
    nic.follow_configuration();
    // The queues may be others than before, and memory may have come meanwhile.
    nic.memory_has_changed();
    Ok(())
}

/// Stops the device: after this it touches no memory, and sends no message.
///
/// IRQL: PASSIVE_LEVEL.
pub fn power_down(nic: &Nic) {
    let Some(setup) = nic.setup() else { return };
    if let Some(control) = nic.control.lock().as_mut() {
        control.disconnect();
    }
    nic.health.report(setup.transport.reset());
    for path in nic.paths.iter().filter_map(|path| path.get()) {
        nic.health.report(path.disconnect());
    }
    if let Ok(transmit) = nic.transmit() {
        transmit.disconnect();
    }
    drop(nic.set_state(State::Prepared(setup)));
}

/// What the device is. It is asked once: what it says does not change while it is there, and after a rebalance packets
/// wait for the answer. Should it be another device all the same, it does not take the features.
fn identify(nic: &Nic, transport: &Transport) -> Result<Identity> {
    if let Some(identity) = nic.identity.get() {
        return Ok(*identity);
    }
    let identity = usable(transport.identify()?);
    // Starts do not overlap, so nobody else has set it meanwhile.
    let _ = nic.identity.set(identity);
    Ok(identity)
}

/// What the driver can use of a device. Frames have to fit into one receive buffer: a device that may send longer ones
/// is not promised that it may (5.1.4.2: VIRTIO_NET_F_MTU obliges the driver to take frames of that size).
fn usable(identity: Identity) -> Identity {
    let Identity {
        mut features,
        mut config,
    } = identity;
    if config.mtu.is_none_or(|mtu| mtu > MTU_MAX) {
        features = features.without(Features::MTU);
        config.mtu = None;
    }
    Identity { features, config }
}

/// Makes the plan, and memory for it. When that is short, the plan has as many queues as have memory.
fn plan_and_allocate(nic: &Nic, setup: &mut Setup, policy: Policy) -> Result<()> {
    let mut limits = setup.limits(policy);
    loop {
        setup.plan = spread::plan(
            processor::active(),
            &setup.keywords.scaling,
            &limits,
            &nic.targets(),
        );
        let ready = || {
            nic.paths
                .iter()
                .take_while(|path| path.get().is_some())
                .count()
        };
        match allocate(nic, setup) {
            Err(status) if (1..setup.plan.queues.len()).contains(&ready()) => {
                debug_print!(Level::Error, "dhpnic: memory for fewer queues: {status}");
                limits.device_pairs = ready() as u16;
            }
            result => return result,
        }
    }
}

/// Memory for everything in the plan that does not have it yet.
fn allocate(nic: &Nic, setup: &Setup) -> Result<()> {
    if nic.transmit.get().is_none() {
        let size = setup.transport.queue_size(tx_queue::VIRTQUEUE);
        if size < 2 {
            return Err(Status::DEVICE_CONFIGURATION_ERROR);
        }
        let _ = nic.transmit.set(Shared::try_new(TransmitPath::allocate(
            &nic.enabler,
            size,
        )?)?);
    }
    if setup.features.contains(Features::CTRL_VQ) && nic.control.lock().is_none() {
        let size = setup.transport.queue_size(control_virtqueue(setup));
        let control = ControlQueue::allocate(&nic.enabler, size)?;
        *nic.control.lock() = Some(control);
    }
    make_paths(nic, setup, setup.plan.queues.len())?;
    for (queue, path) in setup.plan.queues.iter().zip(&nic.paths) {
        if let Some(path) = path.get() {
            path.interrupt().retarget(queue.processor);
        }
    }
    Ok(())
}

/// Memory for so many receive queues, as far as they do not have it yet.
///
/// IRQL: PASSIVE_LEVEL, also while the device works.
///
/// # Errors
///
/// The first failure; the queues before it have their memory.
pub fn make_paths(nic: &Nic, setup: &Setup, count: usize) -> Result<()> {
    for (place, number) in nic.paths.iter().zip(0..).take(count) {
        if place.get().is_none() {
            let path = Shared::try_new(receive_path(nic, setup, number)?)?;
            // Should the keeper and a start be at it together, the path of the first one counts.
            let _ = place.set(path);
        }
    }
    Ok(())
}

/// The control queue follows the last transmit queue (5.1.2 *Virtqueues*).
fn control_virtqueue(setup: &Setup) -> u16 {
    2 * setup.transport.numbered_pairs(setup.features)
}

fn receive_path(nic: &Nic, setup: &Setup, number: u16) -> Result<ReceivePath> {
    let sizing = &setup.keywords.receive_buffers;
    let size = setup.transport.queue_size(2 * number).min(sizing.floor);
    if size == 0 {
        return Err(Status::DEVICE_CONFIGURATION_ERROR);
    }
    // The only transmit queue shares the message of the first receive queue.
    let tx = if number == 0 {
        Some(nic.transmit()?.notifier().clone())
    } else {
        None
    };
    let rx = Shared::try_new(Notifier::new())?;
    let interrupt = QueueInterrupt::try_new(rx, tx, nic.processors().clone())?;
    let (pool, buffers) = BufferPool::try_new(sizing.ceiling_chunks())?;
    let ring = nic.enabler.common_buffer(SplitQueue::memory_bytes(size))?;
    let virtqueue = SplitQueue::new(ring, size)?;
    let spare = usize::from(number) >= processor::active().count();
    let count = if spare {
        sizing.spare_chunks()
    } else {
        sizing.floor_chunks()
    };
    let chunks = memory::chunks(count, || nic.enabler.unzeroed_common_buffer(CHUNK_BYTES))?;
    pool.want(count);
    chunks.take().for_each(|chunk| pool.add(chunk));
    ReceivePath::try_new(number, (pool, buffers), virtqueue, interrupt)
}

/// An interrupt for every message that the plan uses. The framework deletes them after `EvtDeviceReleaseHardware`.
fn create_interrupts(
    nic: &Shared<Nic>,
    setup: &Setup,
    messages: &[MessageResource<'_>],
) -> Result<()> {
    for (message, number) in messages.iter().zip(0..) {
        let queues = (0..setup.plan.queues.len() as u16)
            .filter(|queue| setup.queue_message(*queue) == number);
        let data = Message {
            configuration: (number == CONFIGURATION_MESSAGE).then(|| nic.clone()),
            queues: queues
                .filter_map(|queue| nic.any_path(queue).cloned())
                .collect(),
        };
        if data.configuration.is_some() || !data.queues.is_empty() {
            interrupt::create(nic.device, message, data)?;
        }
    }
    Ok(())
}

/// Gives the device its queues, and lets it live.
fn connect(nic: &Nic, setup: &Setup) -> Result<()> {
    let transport = &setup.transport;
    let event_index = setup.features.contains(Features::EVENT_IDX);
    let enable = |virtqueue: u16, queue: &SplitQueue, message: Option<u16>| {
        let doorbell = transport.enable_queue(virtqueue, queue, message)?;
        let transport = transport.clone();
        Ok(Line {
            transport,
            doorbell,
        })
    };
    let with_message =
        |virtqueue: u16, queue: &SplitQueue, message: u16| enable(virtqueue, queue, Some(message));
    transport.negotiate(setup.features)?;
    transport.set_config_message(CONFIGURATION_MESSAGE)?;
    for number in 0..setup.plan.queues.len() as u16 {
        let path = nic.any_path(number).ok_or(Status::INVALID_DEVICE_STATE)?;
        let message = setup.queue_message(number);
        path.connect(event_index, message, with_message)?;
    }
    nic.transmit()?
        .connect(event_index, setup.queue_message(0), with_message)?;
    let mut control = nic.control.lock();
    let Some(control) = control
        .as_mut()
        .filter(|_| setup.features.contains(Features::CTRL_VQ))
    else {
        transport.set_driver_ok();
        return Ok(());
    };
    // It is polled, and has no message.
    let virtqueue = control_virtqueue(setup);
    control.queue.reset(event_index);
    control.queue.disable_interrupts();
    let line = enable(virtqueue, &control.queue, None)?;
    transport.set_driver_ok();
    control.connect(line);
    Ok(())
}
