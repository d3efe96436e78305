//! From a message to a queue's polling: interrupt, DPC on the queue's processor, notification.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, Ordering};

use arrayvec::ArrayVec;
use netadapter::Result;
use netadapter::context_type;
use netadapter::dpc::{Dpc, DpcRoutine};
use netadapter::interrupt::Interrupt;
use netadapter::memory::Shared;
use netadapter::processor::ProcessorNumber;
use netadapter::queue::Notifier;
use netadapter::work_item::WorkItem;

use crate::nic::Nic;
use crate::processors::ProcessorTable;
use crate::rx_queue::ReceivePath;
use crate::spread::MAXIMUM_QUEUES;
use crate::upkeep::Upkeep;

/// What a queue pair's message leads to. It outlives the interrupt object, which is new after each rebalance.
pub struct QueueInterrupt {
    dpc: Box<Dpc<Wake>>,
    /// The processor for the DPC, as [`pack`] makes it.
    wanted: AtomicU32,
    /// The processor that the DPC has. Written by the interrupt only, which does not run twice at once.
    applied: AtomicU32,
}

/// No processor was chosen yet.
const NOWHERE: u32 = u32::MAX;

impl QueueInterrupt {
    /// Wakes the receive queue `rx`, and the transmit queue `tx` if the pair has one that is used.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn try_new(
        rx: Shared<Notifier>,
        tx: Option<Shared<Notifier>>,
        processors: Shared<ProcessorTable>,
    ) -> Result<Self> {
        Ok(Self {
            dpc: Dpc::try_new(Wake { rx, tx, processors })?,
            wanted: AtomicU32::new(NOWHERE),
            applied: AtomicU32::new(NOWHERE),
        })
    }

    /// Has the DPC run on a processor from the next message on. IRQL: any.
    pub fn retarget(&self, processor: ProcessorNumber) {
        self.wanted.store(pack(processor), Ordering::Relaxed);
    }

    /// The processor that was chosen last.
    pub fn target(&self) -> Option<ProcessorNumber> {
        unpack(self.wanted.load(Ordering::Relaxed))
    }

    /// The notifier of the receive queue.
    pub fn rx(&self) -> &Shared<Notifier> {
        &self.dpc.routine().rx
    }

    /// A message has arrived. IRQL: DIRQL.
    fn queue_dpc(&self) {
        let wanted = self.wanted.load(Ordering::Relaxed);
        if wanted != self.applied.load(Ordering::Relaxed) {
            // A processor that is not there leaves the DPC where it was.
            let _ = unpack(wanted).map(|processor| self.dpc.set_target(processor));
            self.applied.store(wanted, Ordering::Relaxed);
        }
        self.dpc.queue();
    }
}

fn pack(processor: ProcessorNumber) -> u32 {
    u32::from(processor.group) << 8 | u32::from(processor.number)
}

fn unpack(packed: u32) -> Option<ProcessorNumber> {
    (packed != NOWHERE).then_some(ProcessorNumber {
        group: (packed >> 8) as u16,
        number: packed as u8,
    })
}

struct Wake {
    rx: Shared<Notifier>,
    tx: Option<Shared<Notifier>>,
    processors: Shared<ProcessorTable>,
}

impl DpcRoutine for Wake {
    fn run(&self) {
        self.processors.current().count_dpc();
        self.rx.wake();
        if let Some(tx) = &self.tx {
            tx.wake();
        }
    }
}

/// The driver's data of an interrupt object: what its message means. Queues share
/// it when there are too few, and a device with a single message uses it for everything.
pub struct Message {
    /// The device's configuration has changed.
    pub configuration: Option<Shared<Nic>>,
    /// Queue pairs have used buffers.
    pub queues: ArrayVec<Shared<ReceivePath>, MAXIMUM_QUEUES>,
}
context_type!(Message);

impl Interrupt for Message {
    fn isr(&self) {
        for path in &self.queues {
            path.interrupt().queue_dpc();
        }
        if let Some(nic) = &self.configuration {
            nic.queue_configuration_dpc();
        }
    }
}

/// Goes on with a change of the device's configuration at PASSIVE_LEVEL: a work item can be enqueued by a DPC, but not
/// by an interrupt.
pub struct ConfigurationChange(pub WorkItem<Upkeep>);

impl DpcRoutine for ConfigurationChange {
    fn run(&self) {
        self.0.enqueue();
    }
}
