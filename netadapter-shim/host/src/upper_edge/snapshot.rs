//! What an upper edge says about its adapter, for reports.

use super::edge::UpperEdge;
use crate::netcx::Adapter;
use netadapter_abi::net::NET_ADAPTER_LINK_STATE;

/// What one receive queue received, over all queues that had its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Queue id.
    pub queue: u32,
    /// The processor to which receive side scaling bound the queue.
    pub processor: Option<u32>,
    /// Frames handed up.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames that came while reception was closed.
    pub discarded: u64,
    /// Packets that the stack dropped: a buffer larger than `MaximumFrameSize`, none at all, or
    /// one behind the first of a packet with an offset.
    pub refused: u64,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sends {
    /// Frames taken.
    pub submitted: u64,
    /// Frames that the driver gave back.
    pub completed: u64,
    /// Frames not taken because too many waited.
    pub refused: u64,
}

/// The state of an upper edge and its adapter at one moment.
#[derive(Clone)]
pub struct Snapshot {
    /// Frames handed up, by index of the processor.
    pub packets: Vec<u64>,
    /// Their bytes, by index of the processor.
    pub bytes: Vec<u64>,
    /// Every receive queue id that was ever used.
    pub queues: Vec<QueueSnapshot>,
    /// Number of receive queues that exist now.
    pub receive_queues: u32,
    /// Number of indirection table entries after which the table repeats itself; 0 without
    /// receive side scaling. So many are enough for the adapter.
    pub indirection_entries: u32,
    /// The processor of each of these entries.
    pub indirection: Vec<Option<u32>>,
    /// Sent frames.
    pub sends: Sends,
    /// See [`UpperEdge::entries_moved`].
    pub entries_moved: u64,
    /// See [`UpperEdge::blackout_ns`].
    pub blackout_ns: Option<u64>,
    /// What the driver last said about the link.
    pub link_state: NET_ADAPTER_LINK_STATE,
    /// The current link-layer address; empty before the driver has set one.
    pub address: Vec<u8>,
}

impl UpperEdge {
    /// The present state. From any thread. Counters of different processors and queues are not
    /// read at the same instant.
    pub fn snapshot(&self) -> Snapshot {
        let adapter = self.adapter();
        let adapter = adapter.as_deref();
        let (packets, bytes) = self.processors.all_totals().unzip();
        let bindings = adapter.map_or_else(Vec::new, |adapter| adapter.scaling().bindings());
        let queues = self.all_queue_traffic().into_iter().map(|traffic| {
            let (packets, bytes, discarded, refused) = traffic.totals();
            let queue = traffic.id();
            let processor = bindings.get(queue as usize).copied().flatten();
            QueueSnapshot {
                queue,
                processor,
                packets,
                bytes,
                discarded,
                refused,
            }
        });
        let indirection_entries = self.indirection_entries();
        let mut indirection =
            adapter.map_or_else(Vec::new, |adapter| adapter.scaling().processors());
        indirection.truncate(indirection_entries as usize);
        Snapshot {
            packets,
            bytes,
            queues: queues.collect(),
            receive_queues: adapter
                .and_then(|adapter| adapter.datapath())
                .map_or(0, |datapath| datapath.receive_queues()),
            indirection_entries,
            indirection,
            sends: adapter.map_or_else(Sends::default, sends),
            entries_moved: self.entries_moved(),
            blackout_ns: self.blackout_ns(),
            link_state: adapter.map_or_else(
                NET_ADAPTER_LINK_STATE::init_disconnected,
                Adapter::link_state,
            ),
            address: adapter.map_or_else(Vec::new, address),
        }
    }
}

fn sends(adapter: &Adapter) -> Sends {
    adapter.sends().map_or_else(Sends::default, |sends| {
        let (submitted, completed, refused) = sends.counts();
        Sends {
            submitted,
            completed,
            refused,
        }
    })
}

fn address(adapter: &Adapter) -> Vec<u8> {
    adapter.current_address().map_or_else(Vec::new, |address| {
        let bytes = usize::from(address.Length).min(address.Address.len());
        address.Address[..bytes].to_vec()
    })
}
