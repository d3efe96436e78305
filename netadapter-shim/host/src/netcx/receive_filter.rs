//! The receive filter: which frames the stack wants.

use super::adapter::Adapter;
use super::adapter_api::unstarted;
use super::call::Call;
use super::rules;
use crate::executive::current_thread_id;
use netadapter_abi::net::{
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES, NET_DRIVER_GLOBALS,
    NET_PACKET_FILTER_FLAGS, NETADAPTER, NETRECEIVEFILTER, NetPacketFilterFlagAllMulticast,
    NetPacketFilterFlagBroadcast, NetPacketFilterFlagDirected, NetPacketFilterFlagMulticast,
    NetPacketFilterFlagPromiscuous, PFN_NET_ADAPTER_SET_RECEIVE_FILTER, index,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use parking_lot::Mutex;

const ALL_FLAGS: NET_PACKET_FILTER_FLAGS = NetPacketFilterFlagDirected
    | NetPacketFilterFlagMulticast
    | NetPacketFilterFlagAllMulticast
    | NetPacketFilterFlagBroadcast
    | NetPacketFilterFlagPromiscuous;

#[derive(Clone, Copy, Default)]
struct Capabilities {
    flags: NET_PACKET_FILTER_FLAGS,
    multicast_addresses: usize,
    callback: PFN_NET_ADAPTER_SET_RECEIVE_FILTER,
}

/// What the stack wants now.
#[derive(Clone, Default)]
struct Wanted {
    flags: NET_PACKET_FILTER_FLAGS,
    multicast: Vec<NET_ADAPTER_LINK_LAYER_ADDRESS>,
}

/// What an adapter can filter, and what it was told to.
#[derive(Default)]
pub(crate) struct ReceiveFilter {
    capabilities: Mutex<Capabilities>,
    wanted: Mutex<Wanted>,
}

/// What a NETRECEIVEFILTER points to. It lives during one callback.
struct FilterView {
    signature: u64,
    thread: usize,
    flags: NET_PACKET_FILTER_FLAGS,
    multicast: Vec<NET_ADAPTER_LINK_LAYER_ADDRESS>,
}

const SIGNATURE: u64 = u64::from_le_bytes(*b"NetCxFlt");

impl ReceiveFilter {
    /// What a halt makes the adapter of a driver of 2.0 or 2.1 forget.
    pub(super) fn forget(&self) {
        *self.capabilities.lock() = Capabilities::default();
    }

    /// The flags of `wanted` that the adapter supports.
    pub(crate) fn supported(&self, wanted: NET_PACKET_FILTER_FLAGS) -> NET_PACKET_FILTER_FLAGS {
        self.capabilities.lock().flags & wanted
    }

    /// Sets which kinds of frames are wanted (OID_GEN_CURRENT_PACKET_FILTER).
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor. Errors: `STATUS_NOT_SUPPORTED` for flags outside of
    /// the capabilities, which never reach the driver.
    pub(super) fn set_flags(&self, adapter: &Adapter, flags: NET_PACKET_FILTER_FLAGS) -> NTSTATUS {
        if flags & !self.capabilities.lock().flags != 0 {
            return STATUS_NOT_SUPPORTED;
        }
        self.wanted.lock().flags = flags;
        self.tell(adapter)
    }

    /// Sets the multicast addresses that are wanted (OID_802_3_MULTICAST_LIST).
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor. Errors: `STATUS_NOT_SUPPORTED` for more addresses than
    /// the capabilities allow.
    pub(super) fn set_multicast(
        &self,
        adapter: &Adapter,
        addresses: &[NET_ADAPTER_LINK_LAYER_ADDRESS],
    ) -> NTSTATUS {
        if addresses.len() > self.capabilities.lock().multicast_addresses {
            return STATUS_NOT_SUPPORTED;
        }
        self.wanted.lock().multicast = addresses.to_vec();
        self.tell(adapter)
    }

    /// The driver always gets the complete state, whichever part of it changed.
    fn tell(&self, adapter: &Adapter) -> NTSTATUS {
        let Some(callback) = self.capabilities.lock().callback else {
            return STATUS_NOT_SUPPORTED;
        };
        let Wanted { flags, multicast } = self.wanted.lock().clone();
        let mut view = FilterView {
            signature: SIGNATURE,
            thread: current_thread_id(),
            flags,
            multicast,
        };
        let handle: NETRECEIVEFILTER = (&raw mut view).cast();
        adapter.powered("EvtSetReceiveFilter", || {
            // SAFETY: the driver registered the callback for this adapter; the view outlives it.
            unsafe { callback(adapter.handle(), handle) }
        });
        let signature = &raw mut view.signature;
        // SAFETY: a member of a local variable; a handle that is kept names nothing any more.
        unsafe { signature.write_volatile(0) };
        STATUS_SUCCESS
    }
}

/// The view of a handle, which the driver may use during the callback and on its thread only.
fn view(call: &Call, handle: NETRECEIVEFILTER) -> &'static FilterView {
    let pointer = call.required("ReceiveFilter", handle).cast::<FilterView>();
    // SAFETY: during the callback the handle points to its view on this thread's stack; anything
    // else is a fault of the driver.
    let view = unsafe { &*pointer };
    let valid = view.signature == SIGNATURE && view.thread == current_thread_id();
    let what = "the filter is used outside of its callback or on another thread";
    call.require(valid, &rules::SET_RECEIVE_FILTER_FROM_WRONG_THREAD, what);
    view
}

nt_export! {
    pub(super) unsafe fn set_capabilities(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *const NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterSetReceiveFilterCapabilities, globals);
        let adapter = unstarted(&call, handle);
        let capabilities = call.copy_sized("Capabilities", capabilities);
        let flags = capabilities.SupportedPacketFilters;
        let rule = &rules::INVALID_RECEIVE_FILTER_CAPABILITIES;
        call.require(flags & !ALL_FLAGS == 0, rule, &format!("SupportedPacketFilters is {flags:#x}"));
        let multicast = flags & NetPacketFilterFlagMulticast != 0;
        call.require(
            multicast == (capabilities.MaximumMulticastAddresses > 0),
            rule,
            "the multicast flag goes with MaximumMulticastAddresses",
        );
        call.require(
            flags == 0 || capabilities.EvtSetReceiveFilter.is_some(),
            &rules::INVALID_SET_RECEIVE_FILTER_CALL_BACK,
            "EvtSetReceiveFilter is null",
        );
        *adapter.filter().capabilities.lock() = Capabilities {
            flags,
            multicast_addresses: capabilities.MaximumMulticastAddresses,
            callback: capabilities.EvtSetReceiveFilter,
        };
    }

    pub(super) unsafe fn get_packet_filter(
        globals: *mut NET_DRIVER_GLOBALS,
        filter: NETRECEIVEFILTER,
    ) -> NET_PACKET_FILTER_FLAGS {
        let call = Call::up_to_dispatch(index::NetReceiveFilterGetPacketFilter, globals);
        view(&call, filter).flags
    }

    pub(super) unsafe fn get_multicast_address_count(
        globals: *mut NET_DRIVER_GLOBALS,
        filter: NETRECEIVEFILTER,
    ) -> usize {
        let call = Call::up_to_dispatch(index::NetReceiveFilterGetMulticastAddressCount, globals);
        view(&call, filter).multicast.len()
    }

    pub(super) unsafe fn get_multicast_address_list(
        globals: *mut NET_DRIVER_GLOBALS,
        filter: NETRECEIVEFILTER,
    ) -> *const NET_ADAPTER_LINK_LAYER_ADDRESS {
        let call = Call::up_to_dispatch(index::NetReceiveFilterGetMulticastAddressList, globals);
        view(&call, filter).multicast.as_ptr()
    }
}
