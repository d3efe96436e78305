//! The device's registers, for tests: free to be wrong.

use std::sync::{Arc, Mutex, MutexGuard};

use netadapter::memory::Shared;
use netadapter::mmio::{Mmio, Registers};

use super::transport::Transport;

/// How the device behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the specification says.
    #[default]
    Proper,
    /// A reset does not end.
    NeverResets,
    /// The reset of a queue does not end.
    KeepsQueues,
    /// No queue has room for a descriptor.
    RefusesQueues,
    /// It takes no message.
    RefusesMessages,
    /// It does not take features that it offered.
    RefusesFeatures,
    /// Every doorbell lies beyond the notification structure.
    FarDoorbells,
    /// It was pulled out.
    Gone,
}

/// The registers of one virtqueue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueRegisters {
    pub(crate) size: u32,
    pub(crate) vector: u32,
    pub(crate) enable: u32,
    pub(crate) resets: u32,
    reset: u32,
    /// Where descriptors, available ring and used ring lie.
    pub(crate) addresses: [u64; 3],
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) manner: Manner,
    pub(crate) features: u64,
    pub(crate) accepted: u64,
    pub(crate) status: u32,
    pub(crate) resets: u32,
    selects: [u32; 3],
    pub(crate) config_vector: u32,
    pub(crate) queues: Vec<QueueRegisters>,
    largest: u32,
    /// The virtqueues whose doorbells were rung, in order.
    pub(crate) rung: Vec<u32>,
    /// The device's own configuration, byte by byte.
    pub(crate) configuration: [u8; 24],
    /// Its generation moves by so much at every reading.
    pub(crate) restless: u32,
    generation: u32,
    bell: Option<Arc<Bell>>,
}

/// What happens when a doorbell is rung.
type Bell = dyn Fn() + Send + Sync;

/// A device's registers.
#[derive(Clone, Default)]
pub(crate) struct RegisterDouble(Arc<Mutex<State>>);

/// Which structure is reached.
#[derive(Clone, Copy)]
enum Block {
    Common,
    Notify,
    Device,
}

const COMMON_BYTES: usize = 0x3C;
const NOTIFY_BYTES: usize = 64;
const MULTIPLIER: u32 = 4;

impl RegisterDouble {
    /// A proper device with so many virtqueues, each of at most so many descriptors, and the driver's view of it.
    pub(crate) fn new(features: u64, queues: usize, largest: u16) -> (Self, Shared<Transport>) {
        let double = Self::default();
        let mut state = double.state();
        state.features = features;
        state.largest = largest.into();
        state.queues = vec![QueueRegisters::default(); queues];
        state.reset();
        drop(state);
        let block = |block, bytes| {
            let view = View(double.clone(), block);
            Mmio::played_by(bytes, Box::new(view))
        };
        let transport = Transport::of_registers(
            block(Block::Common, COMMON_BYTES),
            (block(Block::Notify, NOTIFY_BYTES), MULTIPLIER),
            block(Block::Device, 24),
        );
        (double, Shared::try_new(transport).unwrap())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Has something happen whenever a doorbell is rung.
    pub(crate) fn when_rung(&self, bell: impl Fn() + Send + Sync + 'static) {
        self.state().bell = Some(Arc::new(bell));
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.state().manner = manner;
    }
}

impl State {
    fn reset(&mut self) {
        self.status = 0;
        self.resets += 1;
        for queue in &mut self.queues {
            *queue = QueueRegisters {
                size: self.largest,
                resets: queue.resets,
                ..QueueRegisters::default()
            };
        }
    }

    fn queue(&mut self) -> Option<&mut QueueRegisters> {
        self.queues.get_mut(self.selects[2] as usize)
    }

    fn read_common(&mut self, offset: usize) -> u32 {
        let manner = self.manner;
        let half = |word: u32, features: u64| match word {
            0 => features as u32,
            1 => (features >> 32) as u32,
            _ => 0,
        };
        match offset {
            0x04 => half(self.selects[0], self.features),
            0x10 => self.config_vector,
            0x14 if manner == Manner::NeverResets => self.status | 1,
            0x14 => self.status,
            0x15 => {
                self.generation += self.restless;
                self.generation
            }
            0x18 if manner == Manner::RefusesQueues => 0,
            0x18 => self.queue().map_or(0, |queue| queue.size),
            0x1A => self.queue().map_or(0xFFFF, |queue| queue.vector),
            0x1C => self.queue().map_or(0, |queue| queue.enable),
            0x1E if manner == Manner::FarDoorbells => 0xFFFF,
            0x1E => self.selects[2],
            0x3A => self.queue().map_or(0, |queue| queue.reset),
            _ => 0,
        }
    }

    fn write_common(&mut self, offset: usize, value: u32) {
        let manner = self.manner;
        match offset {
            0x00 => self.selects[0] = value,
            0x08 => self.selects[1] = value,
            0x0C => {
                let shift = 32 * self.selects[1];
                self.accepted &= !(0xFFFF_FFFF << shift);
                self.accepted |= u64::from(value) << shift;
            }
            0x10 if manner == Manner::RefusesMessages => self.config_vector = 0xFFFF,
            0x10 => self.config_vector = value,
            0x14 if value == 0 => self.reset(),
            0x14 if manner == Manner::RefusesFeatures => self.status = value & !8,
            0x14 => self.status = value,
            0x16 => self.selects[2] = value,
            _ => self.write_queue(offset, value),
        }
    }

    fn write_queue(&mut self, offset: usize, value: u32) {
        let manner = self.manner;
        let Some(queue) = self.queue() else { return };
        match offset {
            0x18 => queue.size = value,
            0x1A if manner == Manner::RefusesMessages => queue.vector = 0xFFFF,
            0x1A => queue.vector = value,
            0x1C => queue.enable = value,
            0x20..=0x34 => {
                let (address, half) = ((offset - 0x20) / 8, (offset - 0x20) % 8 / 4);
                let address = &mut queue.addresses[address];
                *address &= !(0xFFFF_FFFF << (32 * half));
                *address |= u64::from(value) << (32 * half);
            }
            0x3A if manner == Manner::KeepsQueues => queue.reset = value,
            0x3A => {
                queue.enable = 0;
                queue.resets += 1;
            }
            _ => {}
        }
    }
}

struct View(RegisterDouble, Block);

impl Registers for View {
    fn read(&self, offset: usize, bytes: usize) -> u32 {
        let mut state = self.0.state();
        if state.manner == Manner::Gone {
            return u32::MAX;
        }
        match self.1 {
            Block::Common => state.read_common(offset),
            Block::Notify => 0,
            Block::Device => (0..bytes).fold(0, |value, byte| {
                value | u32::from(state.configuration[offset + byte]) << (8 * byte)
            }),
        }
    }

    fn write(&self, offset: usize, _: usize, value: u32) {
        let mut state = self.0.state();
        match self.1 {
            _ if state.manner == Manner::Gone => {}
            Block::Common => state.write_common(offset, value),
            Block::Notify => {
                assert_eq!(
                    offset,
                    (value * MULTIPLIER) as usize,
                    "each queue has its own doorbell"
                );
                state.rung.push(value);
                let bell = state.bell.clone();
                drop(state);
                if let Some(bell) = bell {
                    bell();
                }
            }
            Block::Device => {}
        }
    }
}
