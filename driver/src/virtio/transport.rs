//! The registers of the device (VIRTIO 1.2, 4.1.4 *Virtio Structure PCI Capabilities*) and what is done with them.

use core::ops::Deref;

use netadapter::memory::Shared;
use netadapter::mmio::{Mmio, PhysicalBlock, Register};
use netadapter::processor;
use netadapter::resources::{Resource, Resources};
use netadapter::sync::{SpinLock, SpinLockGuard};
use netadapter::{Result, Status};

use super::Fault;
use super::features::Features;
use super::net_config::{Link, NetConfig, numbered_pairs};
use super::pci::{CONFIGURATION_BYTES, Capabilities, Window, bar_address};
use super::registers::{common, status};
use super::split_queue::SplitQueue;

const POLL_MICROSECONDS: u32 = 20;
const POLLS: u32 = 1_000_000 / POLL_MICROSECONDS;
/// How often a configuration that changes while it is read is read again.
const CONFIGURATION_READS: usize = 16;

/// The device's registers, mapped.
pub struct Transport {
    common: Mmio,
    /// Held while the registers of one queue are used: selecting a queue and using its registers belongs together.
    selecting: SpinLock<()>,
    notify: Mmio,
    notify_multiplier: u32,
    device: Mmio,
}

/// Where the device is told of new buffers in one virtqueue.
#[derive(Clone, Copy)]
pub struct Doorbell {
    register: Register<u16>,
    virtqueue: u16,
}

/// What the device has to say before it is set up.
#[derive(Clone, Copy)]
pub struct Identity {
    /// What the driver accepts of the features that the device offers.
    pub features: Features,
    /// Its configuration.
    pub config: NetConfig,
}

impl Transport {
    /// Maps the registers that `capabilities` describe.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_DEVICE_CONFIGURATION_ERROR when a structure does not lie in a memory resource of the device; else that of
    /// the mapping.
    pub fn map(
        capabilities: &Capabilities,
        configuration: &[u8; CONFIGURATION_BYTES],
        resources: &Resources<'_>,
    ) -> Result<Self> {
        let map = |window: Window| {
            let block = block(window, configuration, resources)
                .ok_or(Status::DEVICE_CONFIGURATION_ERROR)?;
            Mmio::map(block)
        };
        Ok(Self {
            common: map(capabilities.common)?,
            selecting: SpinLock::new(()),
            notify: map(capabilities.notify)?,
            notify_multiplier: capabilities.notify_multiplier,
            device: map(capabilities.device)?,
        })
    }

    /// The registers of a device that a test plays.
    #[cfg(test)]
    pub(crate) fn of_registers(
        common: Mmio,
        (notify, notify_multiplier): (Mmio, u32),
        device: Mmio,
    ) -> Self {
        Self {
            common,
            selecting: SpinLock::new(()),
            notify,
            notify_multiplier,
            device,
        }
    }

    /// Resets the device and waits until it has: from then on it touches no memory of the driver.
    ///
    /// # Errors
    ///
    /// [`Fault::ResetTimeout`]. A device that is gone counts as reset.
    pub fn reset(&self) -> core::result::Result<(), Fault> {
        self.common.write(common::DEVICE_STATUS, 0);
        poll(|| matches!(self.common.read(common::DEVICE_STATUS), 0 | status::GONE))
            .ok_or(Fault::ResetTimeout)
    }

    /// Whether the device is gone, or has told that it needs a reset.
    pub fn condition(&self) -> Condition {
        match self.common.read(common::DEVICE_STATUS) {
            status::GONE => Condition::Gone,
            status if status & status::NEEDS_RESET != 0 => Condition::NeedsReset,
            _ => Condition::Present,
        }
    }

    /// Resets the device, asks what it is, and leaves it reset.
    ///
    /// # Errors
    ///
    /// STATUS_IO_TIMEOUT when it does not reset, STATUS_NOT_SUPPORTED when it is no device of version 1.
    pub fn identify(&self) -> Result<Identity> {
        self.greet()?;
        let features = self.offered_features().accepted();
        if !features.contains(Features::VERSION_1) {
            return Err(Status::NOT_SUPPORTED);
        }
        let config = self.read_config(features);
        self.reset().map_err(|_| Status::IO_TIMEOUT)?;
        Ok(Identity { features, config })
    }

    /// 3.1.1 *Driver Requirements: Device Initialization*, steps 1 to 6; the device then waits for its queues.
    ///
    /// # Errors
    ///
    /// STATUS_IO_TIMEOUT when it does not reset, STATUS_DEVICE_PROTOCOL_ERROR when it does not take features that it
    /// offered.
    pub fn negotiate(&self, features: Features) -> Result<()> {
        self.greet()?;
        if !self.offered_features().contains(features) {
            return Err(Status::DEVICE_PROTOCOL_ERROR);
        }
        let common = &self.common;
        for (word, half) in [features.0 as u32, (features.0 >> 32) as u32]
            .into_iter()
            .enumerate()
        {
            common.write(common::DRIVER_FEATURE_SELECT, word as u32);
            common.write(common::DRIVER_FEATURE, half);
        }
        let wanted = status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK;
        common.write(common::DEVICE_STATUS, wanted);
        if common.read(common::DEVICE_STATUS) == wanted {
            Ok(())
        } else {
            Err(Status::DEVICE_PROTOCOL_ERROR)
        }
    }

    /// Step 8: the device lives.
    pub fn set_driver_ok(&self) {
        let common = &self.common;
        let status = common.read(common::DEVICE_STATUS);
        common.write(common::DEVICE_STATUS, status | status::DRIVER_OK);
    }

    /// The most descriptors that a virtqueue can have, rounded down to a power of two; 0: there is no such queue.
    pub fn queue_size(&self, virtqueue: u16) -> u16 {
        let common = self.select(virtqueue);
        match common.read(common::QUEUE_SIZE) {
            0 | u16::MAX => 0,
            size => 1 << size.ilog2(),
        }
    }

    /// The message at which the device tells of changes of its configuration.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when the device cannot use that message.
    pub fn set_config_message(&self, message: u16) -> Result<()> {
        set_message(&self.common, common::CONFIG_VECTOR, message)
    }

    /// Gives the device a virtqueue. `message`: the message at which it tells of used buffers.
    ///
    /// # Errors
    ///
    /// STATUS_DEVICE_CONFIGURATION_ERROR when the device cannot have the queue; STATUS_INSUFFICIENT_RESOURCES when it
    /// cannot use the message.
    pub fn enable_queue(
        &self,
        virtqueue: u16,
        queue: &SplitQueue,
        message: Option<u16>,
    ) -> Result<Doorbell> {
        if self.queue_size(virtqueue) < queue.size() {
            return Err(Status::DEVICE_CONFIGURATION_ERROR);
        }
        let common = self.select(virtqueue);
        common.write(common::QUEUE_SIZE, queue.size());
        if let Some(message) = message {
            set_message(&common, common::QUEUE_VECTOR, message)?;
        }
        let addresses = queue.addresses();
        for (registers, address) in [
            (common::QUEUE_DESCRIPTORS, addresses.descriptors),
            (common::QUEUE_DRIVER, addresses.available),
            (common::QUEUE_DEVICE, addresses.used),
        ] {
            common.write(registers[0], address as u32);
            common.write(registers[1], (address >> 32) as u32);
        }
        let doorbell = self.doorbell(virtqueue, common.read(common::QUEUE_NOTIFY_OFFSET))?;
        common.write(common::QUEUE_ENABLE, 1);
        Ok(doorbell)
    }

    /// Takes one virtqueue away from the device and waits until it uses it no more (2.6.1 *Virtqueue Reset*).
    /// VIRTIO_F_RING_RESET is negotiated.
    ///
    /// # Errors
    ///
    /// [`Fault::QueueResetTimeout`]. A device that is gone counts as reset.
    pub fn reset_queue(&self, virtqueue: u16) -> core::result::Result<(), Fault> {
        let common = self.select(virtqueue);
        common.write(common::QUEUE_RESET, 1);
        drop(common);
        poll(|| {
            let common = self.select(virtqueue);
            let finished = |register| matches!(common.read(register), 0 | u16::MAX);
            finished(common::QUEUE_RESET) && finished(common::QUEUE_ENABLE)
        })
        .ok_or(Fault::QueueResetTimeout { virtqueue })
    }

    /// Tells the device of new buffers. IRQL: any.
    pub fn ring(&self, doorbell: Doorbell) {
        self.notify.write(doorbell.register, doorbell.virtqueue);
    }

    /// The state of the link.
    pub fn link(&self, features: Features) -> Link {
        self.consistently(|device| Link::read(device, features))
    }

    /// The number of queue pairs by which the control queue is numbered.
    pub fn numbered_pairs(&self, features: Features) -> u16 {
        numbered_pairs(&self.device, features)
    }

    fn read_config(&self, features: Features) -> NetConfig {
        self.consistently(|device| NetConfig::read(device, features))
    }

    /// Reads until nothing changed meanwhile (2.5.1 *Driver Requirements: Device Configuration Space*). A device that never stops changing gets the last reading: it is checked like any other.
    fn consistently<T>(&self, read: impl Fn(&Mmio) -> T) -> T {
        let generation = || self.common.read(common::CONFIG_GENERATION);
        let mut before = generation();
        for _ in 1..CONFIGURATION_READS {
            let value = read(&self.device);
            let after = generation();
            if after == before {
                return value;
            }
            before = after;
        }
        read(&self.device)
    }

    /// The registers of one queue.
    fn select(&self, virtqueue: u16) -> Selected<'_> {
        let selecting = self.selecting.lock();
        self.common.write(common::QUEUE_SELECT, virtqueue);
        Selected {
            common: &self.common,
            _selecting: selecting,
        }
    }

    fn greet(&self) -> Result<()> {
        self.reset().map_err(|_| Status::IO_TIMEOUT)?;
        let common = &self.common;
        common.write(common::DEVICE_STATUS, status::ACKNOWLEDGE);
        common.write(common::DEVICE_STATUS, status::ACKNOWLEDGE | status::DRIVER);
        Ok(())
    }

    fn offered_features(&self) -> Features {
        let common = &self.common;
        let half = |word: u32| {
            common.write(common::DEVICE_FEATURE_SELECT, word);
            u64::from(common.read(common::DEVICE_FEATURE))
        };
        Features(half(0) | half(1) << 32)
    }

    /// 4.1.4.4 *Notification structure layout*. The offset comes from the device.
    fn doorbell(&self, virtqueue: u16, notify_offset: u16) -> Result<Doorbell> {
        let offset = u64::from(notify_offset) * u64::from(self.notify_multiplier);
        let register = usize::try_from(offset)
            .ok()
            .filter(|offset| offset.is_multiple_of(2))
            .map(Register::<u16>::at)
            .filter(|register| self.notify.covers(*register))
            .ok_or(Status::DEVICE_CONFIGURATION_ERROR)?;
        Ok(Doorbell {
            register,
            virtqueue,
        })
    }
}

/// The common registers while one queue is selected.
struct Selected<'a> {
    common: &'a Mmio,
    _selecting: SpinLockGuard<'a, ()>,
}

impl Deref for Selected<'_> {
    type Target = Mmio;

    fn deref(&self) -> &Mmio {
        self.common
    }
}

/// What the device status tells of a device that worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is there.
    Present,
    /// It is there, and asks to be reset.
    NeedsReset,
    /// It is not there any more.
    Gone,
}

/// A transport and the doorbell of one of its virtqueues.
#[derive(Clone)]
pub struct Line {
    /// The device's registers.
    pub transport: Shared<Transport>,
    /// The virtqueue's doorbell.
    pub doorbell: Doorbell,
}

impl Line {
    /// Tells the device of new buffers. IRQL: any.
    pub fn ring(&self) {
        self.transport.ring(self.doorbell);
    }
}

/// Writes a message number, and sees whether the device took it (4.1.5.1.2.1).
fn set_message(common: &Mmio, register: Register<u16>, message: u16) -> Result<()> {
    common.write(register, message);
    if common.read(register) == message {
        Ok(())
    } else {
        Err(Status::INSUFFICIENT_RESOURCES)
    }
}

/// The physical addresses of a window: a part of the memory resource whose bus address stands in the window's base
/// address register.
fn block(
    window: Window,
    configuration: &[u8; CONFIGURATION_BYTES],
    resources: &Resources<'_>,
) -> Option<PhysicalBlock> {
    let address = bar_address(configuration, window.bar)?;
    resources.iter().find_map(|resource| match resource {
        Resource::Memory(memory) if memory.bus_address == address => memory
            .block
            .part(u64::from(window.offset), u64::from(window.length)),
        _ => None,
    })
}

/// Waits until `finished`, at most for a second.
pub fn poll(finished: impl Fn() -> bool) -> Option<()> {
    (0..POLLS).find(|attempt| {
        if *attempt > 0 {
            processor::stall(POLL_MICROSECONDS);
        }
        finished()
    })?;
    Some(())
}

#[cfg(test)]
mod tests;
