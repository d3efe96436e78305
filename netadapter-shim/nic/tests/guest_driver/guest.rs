//! A small guest driver: enough of virtio-net to use the device as a real driver would, and to
//! misuse it. It runs the device step by step, so nothing here depends on time.

use netadapter_nic::registers::{bar0, bar2, common, pci};
use netadapter_nic::vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};
use netadapter_nic::{MessageSink, VirtioNet, VirtioNetConfig, Wire};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use virtio_bindings::virtio_config::{
    VIRTIO_CONFIG_S_ACKNOWLEDGE, VIRTIO_CONFIG_S_DRIVER, VIRTIO_CONFIG_S_DRIVER_OK,
    VIRTIO_CONFIG_S_FEATURES_OK,
};
use virtio_bindings::virtio_ring::{VRING_DESC_F_NEXT, VRING_DESC_F_WRITE};

pub const MEMORY_SIZE: usize = 16 << 20;
pub const BUFFER_SIZE: u32 = 2048;
pub const HEADER_LENGTH: usize = 12;
/// Steps after which a device that still has work has lost its way.
const STEPS_MAX: usize = 100_000;

pub const STATUS_DRIVER: u64 = (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER) as u64;
pub const STATUS_FEATURES_OK: u64 = STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK as u64;
pub const STATUS_DRIVER_OK: u64 = STATUS_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK as u64;

/// A descriptor as it lies in memory.
#[derive(Clone, Copy)]
pub struct Buffer {
    pub address: u64,
    pub length: u32,
    pub flags: u32,
    pub next: u16,
}

/// The messages that arrived, by their data.
#[derive(Default)]
pub struct Interrupts(Mutex<Vec<u32>>);

impl MessageSink for Interrupts {
    fn message(&self, address: u64, data: u32) {
        assert_eq!(address, 0xfee0_0000);
        self.0.lock().unwrap().push(data);
    }
}

impl Interrupts {
    pub fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The driver's side of a virtqueue.
pub struct Ring {
    pub size: u16,
    pub descriptors: u64,
    pub available: u64,
    pub used: u64,
    pub buffers: u64,
    available_index: u16,
    used_index: u16,
}

pub struct Guest {
    pub nic: Arc<VirtioNet>,
    pub memory: GuestMemoryMmap,
    pub interrupts: Arc<Interrupts>,
    pub rings: BTreeMap<u16, Ring>,
    free: u64,
}

impl Guest {
    /// A machine with the device in it, its memory BARs and bus mastering on, all vectors open.
    pub fn new(config: VirtioNetConfig, wire: Box<dyn Wire>) -> Self {
        let memory = GuestMemoryMmap::from_ranges(&[(GuestAddress(0), MEMORY_SIZE)]).unwrap();
        let interrupts = Arc::new(Interrupts::default());
        let vectors = u64::from(config.msix_vectors);
        let nic = VirtioNet::new(config, memory.clone(), interrupts.clone(), wire).unwrap();
        let guest = Self {
            nic,
            memory,
            interrupts,
            rings: BTreeMap::new(),
            free: 0x1000,
        };
        let command = pci::COMMAND_MEMORY_SPACE | pci::COMMAND_BUS_MASTER;
        guest.nic.config_write(pci::COMMAND, &command.to_le_bytes());
        let enable = pci::MSIX_CONTROL_ENABLE.to_le_bytes();
        guest.nic.config_write(pci::MSIX_CONTROL, &enable);
        for vector in 0..vectors {
            let entry = bar2::TABLE + vector * bar2::ENTRY_SIZE;
            guest.nic.bar_write(bar2::INDEX, entry, 8, 0xfee0_0000);
            guest.nic.bar_write(bar2::INDEX, entry + 8, 4, vector);
            guest.mask(vector, false);
        }
        guest
    }

    pub fn read(&self, register: u64, size: usize) -> u64 {
        self.nic
            .bar_read(bar0::INDEX, bar0::COMMON + register, size)
    }

    pub fn write(&self, register: u64, size: usize, value: u64) {
        self.nic
            .bar_write(bar0::INDEX, bar0::COMMON + register, size, value);
    }

    pub fn mask(&self, vector: u64, masked: bool) {
        let control = bar2::TABLE + vector * bar2::ENTRY_SIZE + bar2::ENTRY_CONTROL;
        self.nic
            .bar_write(bar2::INDEX, control, 4, u64::from(masked));
    }

    pub fn offered_features(&self) -> u64 {
        let word = |select| {
            self.write(common::DEVICE_FEATURE_SELECT, 4, select);
            self.read(common::DEVICE_FEATURE, 4)
        };
        word(0) | word(1) << 32
    }

    /// From reset to FEATURES_OK; true if the device took the features.
    pub fn negotiate(&mut self, features: u64) -> bool {
        self.reset();
        self.write(common::DEVICE_STATUS, 1, STATUS_DRIVER);
        for select in 0..2 {
            self.write(common::DRIVER_FEATURE_SELECT, 4, select);
            let word = features >> (32 * select) & u64::from(u32::MAX);
            self.write(common::DRIVER_FEATURE, 4, word);
        }
        self.write(common::DEVICE_STATUS, 1, STATUS_FEATURES_OK);
        self.read(common::DEVICE_STATUS, 1) == STATUS_FEATURES_OK
    }

    pub fn reset(&mut self) {
        self.write(common::DEVICE_STATUS, 1, 0);
        assert_eq!(self.read(common::DEVICE_STATUS, 1), 0);
        self.rings.clear();
    }

    pub fn driver_ok(&self) {
        self.write(common::CONFIG_MSIX_VECTOR, 2, 0);
        self.write(common::DEVICE_STATUS, 1, STATUS_DRIVER_OK);
        assert_eq!(self.read(common::DEVICE_STATUS, 1), STATUS_DRIVER_OK);
    }

    pub fn allocate(&mut self, length: u64) -> u64 {
        let address = self.free;
        self.free = (self.free + length).next_multiple_of(64);
        assert!(
            self.free <= MEMORY_SIZE as u64,
            "the guest's memory is full"
        );
        address
    }

    /// Lays a ring out in memory and enables the queue.
    pub fn set_up_queue(&mut self, queue: u16, size: u16, vector: u16) {
        let entries = u64::from(size);
        let ring = Ring {
            size,
            descriptors: self.allocate(16 * entries),
            available: self.allocate(6 + 2 * entries),
            used: self.allocate(6 + 8 * entries),
            buffers: self.allocate(u64::from(BUFFER_SIZE) * entries),
            available_index: 0,
            used_index: 0,
        };
        let zeros = vec![0; (ring.buffers - ring.descriptors) as usize];
        let start = GuestAddress(ring.descriptors);
        self.memory.write_slice(&zeros, start).unwrap();
        self.write(common::QUEUE_SELECT, 2, queue.into());
        self.write(common::QUEUE_SIZE, 2, size.into());
        self.write(common::QUEUE_MSIX_VECTOR, 2, vector.into());
        self.write(common::QUEUE_DESC, 8, ring.descriptors);
        self.write(common::QUEUE_DRIVER, 4, ring.available);
        self.write(common::QUEUE_DRIVER + 4, 4, 0);
        self.write(common::QUEUE_DEVICE, 8, ring.used);
        self.write(common::QUEUE_ENABLE, 2, 1);
        assert_eq!(self.read(common::QUEUE_ENABLE, 2), 1);
        self.rings.insert(queue, ring);
    }

    pub fn write_descriptor(&self, queue: u16, entry: u16, buffer: Buffer) {
        let mut bytes = buffer.address.to_le_bytes().to_vec();
        bytes.extend(buffer.length.to_le_bytes());
        bytes.extend((buffer.flags as u16).to_le_bytes());
        bytes.extend(buffer.next.to_le_bytes());
        let address = self.rings[&queue].descriptors + 16 * u64::from(entry);
        self.memory
            .write_slice(&bytes, GuestAddress(address))
            .unwrap();
    }

    /// Makes the chain that begins at `entry` available.
    pub fn offer(&mut self, queue: u16, entry: u16) {
        let ring = self.rings.get_mut(&queue).unwrap();
        let slot = ring.available + 4 + 2 * u64::from(ring.available_index % ring.size);
        self.memory.write_obj(entry, GuestAddress(slot)).unwrap();
        ring.available_index = ring.available_index.wrapping_add(1);
        let index = GuestAddress(ring.available + 2);
        self.memory.write_obj(ring.available_index, index).unwrap();
    }

    pub fn ring_doorbell(&self, queue: u16) {
        let offset = u64::from(queue) * u64::from(bar0::NOTIFY_MULTIPLIER);
        let address = bar0::NOTIFY + offset;
        self.nic.bar_write(bar0::INDEX, address, 2, queue.into());
    }

    /// Offers the receive buffer of each of `entries`.
    pub fn post(&mut self, queue: u16, entries: impl IntoIterator<Item = u16>) {
        for entry in entries {
            let address = self.buffer(queue, entry);
            self.write_descriptor(
                queue,
                entry,
                Buffer {
                    address,
                    length: BUFFER_SIZE,
                    flags: VRING_DESC_F_WRITE,
                    next: 0,
                },
            );
            self.offer(queue, entry);
        }
        self.ring_doorbell(queue);
    }

    pub fn buffer(&self, queue: u16, entry: u16) -> u64 {
        self.rings[&queue].buffers + u64::from(BUFFER_SIZE) * u64::from(entry)
    }

    /// Takes the next used buffer: its chain and the bytes written.
    pub fn next_used(&mut self, queue: u16) -> Option<(u16, u32)> {
        let ring = self.rings.get_mut(&queue).unwrap();
        let index: u16 = self.memory.read_obj(GuestAddress(ring.used + 2)).unwrap();
        if index == ring.used_index {
            return None;
        }
        let slot = ring.used + 4 + 8 * u64::from(ring.used_index % ring.size);
        ring.used_index = ring.used_index.wrapping_add(1);
        let id: u32 = self.memory.read_obj(GuestAddress(slot)).unwrap();
        let length = self.memory.read_obj(GuestAddress(slot + 4)).unwrap();
        Some((id as u16, length))
    }

    /// Takes the next received frame, without its header, and the entry of its buffer.
    pub fn receive(&mut self, queue: u16) -> Option<(u16, Vec<u8>)> {
        let (entry, length) = self.next_used(queue)?;
        let mut packet = vec![0; length as usize];
        let address = GuestAddress(self.buffer(queue, entry));
        self.memory.read_slice(&mut packet, address).unwrap();
        let frame = packet.split_off(HEADER_LENGTH);
        assert_eq!(packet, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
        Some((entry, frame))
    }

    /// Sends a frame in two buffers: its header, and the rest.
    pub fn send(&mut self, queue: u16, entry: u16, frame: &[u8]) {
        let header = self.buffer(queue, entry);
        let data = header + HEADER_LENGTH as u64;
        self.memory
            .write_slice(&[0; HEADER_LENGTH], GuestAddress(header))
            .unwrap();
        self.memory.write_slice(frame, GuestAddress(data)).unwrap();
        self.write_descriptor(
            queue,
            entry,
            Buffer {
                address: header,
                length: HEADER_LENGTH as u32,
                flags: VRING_DESC_F_NEXT,
                next: entry + 1,
            },
        );
        self.write_descriptor(
            queue,
            entry + 1,
            Buffer {
                address: data,
                length: frame.len() as u32,
                flags: 0,
                next: 0,
            },
        );
        self.offer(queue, entry);
    }

    /// Runs a command and gives the device's answer.
    pub fn command(&mut self, queue: u16, command: &[u8]) -> u8 {
        let address = self.buffer(queue, 0);
        let answer = address + command.len() as u64;
        self.memory
            .write_slice(&[command, &[0xee]].concat(), GuestAddress(address))
            .unwrap();
        let buffer = |address, length, flags| Buffer {
            address,
            length,
            flags,
            next: 1,
        };
        let length = command.len() as u32;
        self.write_descriptor(queue, 0, buffer(address, length, VRING_DESC_F_NEXT));
        self.write_descriptor(queue, 1, buffer(answer, 1, VRING_DESC_F_WRITE));
        self.offer(queue, 0);
        self.ring_doorbell(queue);
        self.settle();
        assert_eq!(self.next_used(queue), Some((0, 1)));
        self.memory.read_obj(GuestAddress(answer)).unwrap()
    }

    /// Lets the device work until it waits for something.
    pub fn settle(&self) {
        let steps = (0..STEPS_MAX).take_while(|_| self.nic.step()).count();
        assert!(steps < STEPS_MAX, "the device never comes to rest");
    }
}
