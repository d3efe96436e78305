//! Gives a driver whose queues were made again what the upper layer had set.

use super::{State, driver_entries};
use crate::netcx::adapter::Adapter;
use crate::netcx::datapath::Datapath;
use netadapter_abi::nt::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS, nt_success};

/// How often entries that the driver did not take are offered again.
const RETRIES: u32 = 3;

/// Sends the whole table, again what was not taken, then key and Enable.
pub(super) fn restore_driver(adapter: &Adapter, datapath: &Datapath, state: &State) -> NTSTATUS {
    let Some(capabilities) = state.capabilities else {
        return STATUS_NOT_SUPPORTED;
    };
    let mut entries = driver_entries(datapath, &state.table.whole());
    let mut status = capabilities.set_entries(adapter.handle(), &mut entries);
    for _ in 0..RETRIES {
        if nt_success(status) {
            break;
        }
        entries.retain(|entry| !nt_success(entry.Status));
        entries
            .iter_mut()
            .for_each(|entry| entry.Status = STATUS_SUCCESS);
        status = capabilities.set_entries(adapter.handle(), &mut entries);
    }
    if !nt_success(status) {
        return status;
    }
    // The class extension remembers "enabled" and does not repeat Enable; drivers must take it at
    // any time, and one that forgot its state in D0Exit needs it.
    if let (true, Some(key), Some(hash)) = (state.enabled, state.key, state.hash) {
        let status = capabilities.set_key(adapter.handle(), key);
        if !nt_success(status) {
            return status;
        }
        return capabilities.enable(adapter.handle(), hash);
    }
    STATUS_SUCCESS
}
