//! The functions that NetAdapterCx calls.

use core::num::NonZeroUsize;

use netadapter_abi::net::{
    NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY, NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
    NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES, NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
    NET_FRAGMENT_RETURN_CONTEXT_HANDLE, NETADAPTER, NETRECEIVEFILTER, NETRXQUEUE_INIT,
    NETTXQUEUE_INIT, NetAdapterReceiveScalingHashTypeToeplitz,
};
use netadapter_abi::nt::NTSTATUS;
use netadapter_abi::nt_export;

use super::Adapter;
use crate::object;
use crate::queue::QueueInit;
use crate::receive_filter::ReceiveFilter;
use crate::receive_scaling::{IndirectionEntries, Protocols};
use crate::ring::ReturnContext;
use crate::status::ntstatus;
use crate::{Result, Status};

/// The driver's data of an adapter in one of its callbacks.
///
/// # Safety
///
/// A callback of the adapter is running, so that the adapter and its data are alive.
unsafe fn data<'a, A: Adapter>(adapter: NETADAPTER) -> Result<&'a A> {
    // SAFETY: as the caller promises.
    unsafe { object::find::<A>(adapter.cast()) }.ok_or(Status::INVALID_DEVICE_STATE)
}

nt_export! {
    pub(super) unsafe fn create_rx_queue<A: Adapter>(adapter: NETADAPTER, init: *mut NETRXQUEUE_INIT) -> NTSTATUS {
        // SAFETY: this is a callback of the adapter.
        let data = unsafe { data::<A>(adapter) };
        // SAFETY: `init` is that of this callback.
        let init = unsafe { QueueInit::new(init) };
        ntstatus(data.and_then(|data| data.create_rx_queue(init)))
    }

    pub(super) unsafe fn create_tx_queue<A: Adapter>(adapter: NETADAPTER, init: *mut NETTXQUEUE_INIT) -> NTSTATUS {
        // SAFETY: this is a callback of the adapter.
        let data = unsafe { data::<A>(adapter) };
        // SAFETY: `init` is that of this callback.
        let init = unsafe { QueueInit::new(init) };
        ntstatus(data.and_then(|data| data.create_tx_queue(init)))
    }

    pub(super) unsafe fn return_rx_buffer<A: Adapter>(
        adapter: NETADAPTER,
        handle: NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
    ) {
        // SAFETY: this is a callback of the adapter.
        if let (Ok(data), Some(context)) = (unsafe { data::<A>(adapter) }, NonZeroUsize::new(handle.addr())) {
            data.return_rx_buffer(ReturnContext(context));
        }
    }

    pub(super) unsafe fn set_receive_filter<A: Adapter>(adapter: NETADAPTER, filter: NETRECEIVEFILTER) {
        // SAFETY: this is a callback of the adapter.
        if let Ok(data) = unsafe { data::<A>(adapter) } {
            // SAFETY: the filter is that of this callback.
            data.set_receive_filter(&unsafe { ReceiveFilter::new(filter) });
        }
    }

    pub(super) unsafe fn receive_scaling_enable<A: Adapter>(
        adapter: NETADAPTER,
        hash_type: NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
        protocols: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
    ) -> NTSTATUS {
        if hash_type != NetAdapterReceiveScalingHashTypeToeplitz {
            return Status::NOT_SUPPORTED.as_ntstatus();
        }
        // SAFETY: this is a callback of the adapter.
        let data = unsafe { data::<A>(adapter) };
        ntstatus(data.and_then(|data| data.receive_scaling_enable(Protocols(protocols))))
    }

    pub(super) unsafe fn receive_scaling_disable<A: Adapter>(adapter: NETADAPTER) {
        // SAFETY: this is a callback of the adapter.
        if let Ok(data) = unsafe { data::<A>(adapter) } {
            data.receive_scaling_disable();
        }
    }

    pub(super) unsafe fn receive_scaling_set_hash_secret_key<A: Adapter>(
        adapter: NETADAPTER,
        key: *const NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY,
    ) -> NTSTATUS {
        // SAFETY: the structure is valid during this callback.
        let key = unsafe { key.read() };
        if key.Key.is_null() {
            return Status::INVALID_PARAMETER.as_ntstatus();
        }
        // SAFETY: the key has this length, and nobody writes it during this callback.
        let bytes = unsafe { core::slice::from_raw_parts(key.Key, key.Length) };
        // SAFETY: this is a callback of the adapter.
        let data = unsafe { data::<A>(adapter) };
        ntstatus(data.and_then(|data| data.receive_scaling_set_hash_secret_key(bytes)))
    }

    pub(super) unsafe fn receive_scaling_set_indirection_entries<A: Adapter>(
        adapter: NETADAPTER,
        entries: *mut NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES,
    ) -> NTSTATUS {
        // SAFETY: the entries are those of this callback.
        let mut entries = unsafe { IndirectionEntries::new::<A::RxQueue>(entries) };
        // SAFETY: this is a callback of the adapter.
        let data = unsafe { data::<A>(adapter) };
        let result = data.and_then(|data| data.receive_scaling_set_indirection_entries(&entries));
        if let Err(status) = result {
            entries.refuse_all(status);
        }
        ntstatus(result)
    }
}
