//! Receive side scaling: what the class extension keeps, and what it asks of the driver
//! (*NetAdapterCx receive side scaling (RSS)*, *Receive Side Scaling Version 2 (RSSv2)*).
//!
//! The driver is told a queue for each table entry; which processor a queue serves is kept here.

mod capabilities;
mod restore;
mod table;

pub(crate) use capabilities::{HashInfo, KEY_BYTES};

use super::adapter::Adapter;
use super::call::Call;
use super::datapath::Datapath;
use super::keywords::Keywords;
use super::rules;
use crate::executive::{Topology, violation};
use capabilities::Capabilities;
use netadapter_abi::net::{
    NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES, NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY,
};
use netadapter_abi::nt::{
    NTSTATUS, PROCESSOR_NUMBER, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
    nt_success,
};
use parking_lot::Mutex;
use restore::restore_driver;
use std::sync::Arc;
use table::Table;

/// What the upper layer sets (OID_GEN_RECEIVE_SCALE_PARAMETERS_V2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters {
    pub(crate) entries: u32,
    pub(crate) enabled: bool,
    pub(crate) key: [u8; KEY_BYTES],
    pub(crate) hash: HashInfo,
}

/// One entry that is to be steered to another processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryMove {
    pub(crate) entry: u32,
    pub(crate) target: u32,
    /// What became of it.
    pub(crate) status: NTSTATUS,
}

#[derive(Clone, Default)]
struct State {
    capabilities: Option<Capabilities>,
    initialised: bool,
    configured: bool,
    table: Table,
    key: Option<[u8; KEY_BYTES]>,
    hash: Option<HashInfo>,
    enabled: bool,
}

/// Receive side scaling of one adapter. It outlives the queues.
#[derive(Default)]
pub(crate) struct ReceiveScaling {
    state: Mutex<State>,
}

type Entry = NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY;

impl ReceiveScaling {
    /// Before start: what the adapter can do.
    pub(super) fn set_capabilities(
        &self,
        call: &Call,
        adapter: &Adapter,
        capabilities: &NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES,
    ) {
        let capabilities = capabilities::check(call, capabilities);
        let queues = queue_count(&adapter.keywords(), capabilities.queues);
        let mut state = self.state.lock();
        state.capabilities = Some(capabilities);
        state.table.fit(capabilities.table_size, queues);
    }

    /// At start: more queues than the receive capabilities allow cannot be made.
    pub(super) fn limit_queues(&self, maximum: usize) {
        let mut state = self.state.lock();
        let queues = state.table.bindings().len().min(maximum) as u32;
        if let Some(capabilities) = state.capabilities {
            state.table.fit(capabilities.table_size, queues);
        }
    }

    /// Whether the driver has set capabilities.
    pub(super) fn is_capable(&self) -> bool {
        self.state.lock().capabilities.is_some()
    }

    /// Number of queues among which entries may be spread.
    pub(crate) fn queues(&self) -> u32 {
        self.state.lock().table.bindings().len() as u32
    }

    /// Number of entries that the table can have.
    pub(crate) fn table_size(&self) -> u32 {
        self.state
            .lock()
            .capabilities
            .map_or(0, |capabilities| capabilities.table_size)
    }

    /// The hash functions and protocols that the adapter supports.
    pub(crate) fn supported_hash(&self) -> Option<HashInfo> {
        self.state
            .lock()
            .capabilities
            .map(|capabilities| capabilities.hash)
    }

    /// The processor that each entry steers to. An entry whose queue is bound to none steers to
    /// wherever that queue is polled.
    pub(crate) fn processors(&self) -> Vec<Option<u32>> {
        let state = self.state.lock();
        let table = &state.table;
        let entries = table.prefix(table.entries());
        entries
            .into_iter()
            .map(|(_, queue)| table.processor(queue))
            .collect()
    }

    /// The key that the driver has been given.
    pub(super) fn key(&self) -> Option<[u8; KEY_BYTES]> {
        self.state.lock().key
    }

    /// The processor to which each queue is bound.
    pub(crate) fn bindings(&self) -> Vec<Option<u32>> {
        self.state.lock().table.bindings().to_vec()
    }

    /// The upper layer's request to initialise: makes the queues. Repeated, it changes nothing.
    ///
    /// IRQL: PASSIVE_LEVEL, with the adapter's lock. Errors: `STATUS_NOT_SUPPORTED` if the adapter
    /// has no capabilities or `*RSS` is 0 or absent; those of the driver.
    pub(crate) fn initialise(&self, adapter: &Arc<Adapter>) -> NTSTATUS {
        if !self.is_capable() || adapter.keywords().number_if_set("*RSS").unwrap_or(0) == 0 {
            return STATUS_NOT_SUPPORTED;
        }
        {
            let mut state = self.state.lock();
            if state.initialised && state.configured {
                return STATUS_SUCCESS;
            }
            state.initialised = true;
        }
        let Some(datapath) = adapter.datapath() else {
            return STATUS_SUCCESS;
        };
        self.configure(adapter, &datapath, false)
    }

    /// After queues were made again: gives the driver back what it had.
    pub(super) fn restore(&self, adapter: &Arc<Adapter>) -> NTSTATUS {
        let (initialised, known) = {
            let state = self.state.lock();
            (
                state.initialised && state.capabilities.is_some(),
                state.table.entries() > 0,
            )
        };
        match adapter.datapath() {
            Some(datapath) if initialised => self.configure(adapter, &datapath, known),
            _ => STATUS_SUCCESS,
        }
    }

    /// The queues go; bindings and table stay.
    pub(super) fn datapath_is_going(&self) {
        self.state.lock().configured = false;
    }

    /// Makes the missing queues, binds them, and, unless it is the first time, sends the whole
    /// table, the key and Enable.
    fn configure(&self, adapter: &Arc<Adapter>, datapath: &Datapath, again: bool) -> NTSTATUS {
        let status = datapath.grow_receive(adapter, self.queues());
        if !nt_success(status) {
            return status;
        }
        let base = base_processor(adapter);
        let state = {
            let mut state = self.state.lock();
            state.table.bind_base(base);
            state.clone()
        };
        bind_queues(datapath, &state.table);
        let mut status = STATUS_SUCCESS;
        if again {
            status = restore_driver(adapter, datapath, &state);
        }
        self.state.lock().configured = nt_success(status);
        status
    }

    /// The upper layer sets parameters, in the order of the class extension: number of entries,
    /// enable flag if it falls, key, hash information, enable flag if it rises. Before the queues
    /// exist the request succeeds without effect.
    ///
    /// IRQL: PASSIVE_LEVEL, with the adapter's lock. Errors: those of the driver;
    /// `STATUS_NOT_SUPPORTED` for hash information outside of the capabilities.
    pub(crate) fn set_parameters(&self, adapter: &Adapter, parameters: &Parameters) -> NTSTATUS {
        let before = self.state.lock().clone();
        let (Some(capabilities), Some(datapath)) = (before.capabilities, adapter.datapath()) else {
            return STATUS_SUCCESS;
        };
        if !before.configured {
            return STATUS_SUCCESS;
        }
        let status = self.set_entry_count(adapter, &datapath, &before, parameters.entries);
        if !nt_success(status) {
            return status;
        }
        if !parameters.enabled {
            if before.enabled {
                capabilities.disable(adapter.handle());
                self.state.lock().enabled = false;
            }
            return STATUS_SUCCESS;
        }
        if before.key != Some(parameters.key) {
            let status = capabilities.set_key(adapter.handle(), parameters.key);
            if !nt_success(status) {
                return status;
            }
            self.state.lock().key = Some(parameters.key);
        }
        self.set_hash(adapter, &capabilities, &before, parameters.hash)
    }

    fn set_entry_count(
        &self,
        adapter: &Adapter,
        datapath: &Datapath,
        before: &State,
        entries: u32,
    ) -> NTSTATUS {
        if entries == before.table.entries() {
            return STATUS_SUCCESS;
        }
        let Some(capabilities) = before.capabilities else {
            return STATUS_NOT_SUPPORTED;
        };
        if entries == 0 || entries > capabilities.table_size {
            return STATUS_INVALID_PARAMETER;
        }
        let mut table = before.table.clone();
        table.set_entries(entries);
        let mut all = driver_entries(datapath, &table.prefix(entries));
        let status = capabilities.set_entries(adapter.handle(), &mut all);
        if nt_success(status) {
            self.state.lock().table = table;
        }
        status
    }

    fn set_hash(
        &self,
        adapter: &Adapter,
        capabilities: &Capabilities,
        before: &State,
        hash: HashInfo,
    ) -> NTSTATUS {
        let changed = before.hash != Some(hash);
        let supported = capabilities.hash;
        if changed
            && (hash.types & !supported.types != 0 || hash.protocols & !supported.protocols != 0)
        {
            return STATUS_NOT_SUPPORTED;
        }
        if before.enabled && !changed {
            return STATUS_SUCCESS;
        }
        if before.enabled {
            capabilities.disable(adapter.handle());
        }
        let status = capabilities.enable(adapter.handle(), hash);
        if !nt_success(status) && before.enabled {
            let detail = format!("Enable with new hash information failed with {status:#x}");
            violation(&rules::INVALID_RSS_CONFIGURATION, detail);
        }
        if nt_success(status) {
            let mut state = self.state.lock();
            state.hash = Some(hash);
            state.enabled = true;
        }
        status
    }

    /// The upper layer moves entries that steer to the caller's processor. `evacuates` tells that
    /// these are all of them, so that the driver must move all or none.
    ///
    /// IRQL: DISPATCH_LEVEL or below, with the adapter's lock. Errors: those of the driver; each
    /// entry says what became of it.
    pub(crate) fn move_entries(
        &self,
        adapter: &Adapter,
        moves: &mut [EntryMove],
        evacuates: bool,
    ) -> NTSTATUS {
        let mut state = self.state.lock().clone();
        let (Some(capabilities), Some(datapath)) = (state.capabilities, adapter.datapath()) else {
            return STATUS_NOT_SUPPORTED;
        };
        let mut queues = Vec::with_capacity(moves.len());
        for step in moves.iter_mut() {
            let Some(queue) = state.table.queue_for_move(step.entry, step.target) else {
                step.status = STATUS_INVALID_PARAMETER;
                return STATUS_INVALID_PARAMETER;
            };
            queues.push((step.entry, queue));
        }
        bind_queues(&datapath, &state.table);
        let mut entries = driver_entries(&datapath, &queues);
        let status = capabilities.set_entries(adapter.handle(), &mut entries);
        for (step, (entry, (_, queue))) in moves.iter_mut().zip(entries.iter().zip(&queues)) {
            step.status = if nt_success(status) {
                STATUS_SUCCESS
            } else {
                entry.Status
            };
            if nt_success(step.status) {
                state.table.set_queue(step.entry, *queue);
            }
        }
        self.state.lock().table = state.table;
        let moved = moves.iter().filter(|step| nt_success(step.status)).count();
        if evacuates && moved != 0 && moved != moves.len() {
            let detail = format!(
                "{moved} of {} entries that leave a processor moved",
                moves.len()
            );
            violation(&rules::RECEIVE_SCALING_PARTIAL_MOVE, detail);
        }
        status
    }
}

/// The number of queues: `*NumRssQueues` if it is within the capability.
fn queue_count(keywords: &Keywords, capability: u32) -> u32 {
    let wanted = keywords.number_if_set("*NumRssQueues");
    wanted
        .filter(|wanted| (1..=capability).contains(wanted))
        .unwrap_or(capability)
}

/// The first processor that may be used: `*RssBaseProcGroup` and `*RssBaseProcNumber`, if there is
/// such a processor.
fn base_processor(adapter: &Adapter) -> u32 {
    let keywords = adapter.keywords();
    let number = PROCESSOR_NUMBER {
        Group: keywords.number_if_set("*RssBaseProcGroup").unwrap_or(0) as u16,
        Number: keywords.number_if_set("*RssBaseProcNumber").unwrap_or(0) as u8,
        Reserved: 0,
    };
    let topology: &Topology = adapter.system().topology();
    let index = topology.index(number);
    index
        .filter(|&index| topology.processor(index).is_some_and(|p| p.is_active()))
        .unwrap_or(0)
}

fn bind_queues(datapath: &Datapath, table: &Table) {
    for (queue, &processor) in (0..).zip(table.bindings()) {
        datapath.bind_receive_queue(queue, processor);
    }
}

/// Entries as the driver sees them; statuses begin as success.
fn driver_entries(datapath: &Datapath, entries: &[(u32, u32)]) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|&(entry, queue)| {
            let handle = datapath.receive_handle(queue)?;
            Some(Entry {
                PacketQueue: handle,
                Status: STATUS_SUCCESS,
                Index: entry,
            })
        })
        .collect()
}
