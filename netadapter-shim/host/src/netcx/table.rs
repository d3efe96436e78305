//! The function table of NetAdapterCx 2.5: that of 2.3, and what came later.

use super::{adapter_api, configuration, device_api, offload, queue_api, receive_filter, rules};
use crate::executive::violation;
use netadapter_abi::net::FUNCTION_NAMES;
use netadapter_abi::nt_export;
use std::ffi::c_void;

/// A place of the table.
pub(super) type Entry = *const c_void;

/// The functions that versions 2.4 and 2.5 have added (*netfuncenum.h* of 2.5).
const LATER_FUNCTION_NAMES: [&str; 7] = [
    "NetAdapterWifiDestroyPeerAddressDatapath",
    "NetAdapterPauseOffloadCapabilities",
    "NetAdapterResumeOffloadCapabilities",
    "NetAdapterQueryWakeReason",
    "NetTxQueueGetDemuxWmmInfo",
    "NetTxQueueGetDemuxPeerAddress",
    "NetOffloadIsUdpRscEnabled",
];

/// Number of functions in the table.
pub(super) const FUNCTION_COUNT: usize = FUNCTION_NAMES.len() + LATER_FUNCTION_NAMES.len();

/// The name of the function at a place of the table.
pub(super) fn function_name(index: usize) -> &'static str {
    let mut names = FUNCTION_NAMES.iter().chain(&LATER_FUNCTION_NAMES);
    names
        .nth(index)
        .copied()
        .unwrap_or("a function behind the table")
}

nt_export! {
    /// Stands at the place of a function that the host does not have.
    unsafe fn not_implemented<const INDEX: usize>() -> usize {
        let name = function_name(INDEX);
        violation(&rules::NOT_IMPLEMENTED_BY_HOST, format!("{name} is not implemented by this host"))
    }
}

/// Ten entries for functions that the host does not have.
macro_rules! ten {
    ($tens:literal) => {
        [
            not_implemented::<{ 10 * $tens }> as *const c_void,
            not_implemented::<{ 10 * $tens + 1 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 2 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 3 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 4 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 5 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 6 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 7 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 8 }> as *const c_void,
            not_implemented::<{ 10 * $tens + 9 }> as *const c_void,
        ]
    };
}

/// Puts functions at their places, each checked against the type of its place.
macro_rules! place {
    ($table:ident: $($name:ident: $pointer:ident = $function:path;)*) => {
        $($table[netadapter_abi::net::index::$name] =
            $function as netadapter_abi::net::$pointer as $crate::netcx::table::Entry;)*
    };
}
pub(super) use place;

/// The table: every place is filled.
pub(super) fn function_table() -> Vec<Entry> {
    let mut table: Vec<Entry> = [
        ten!(0),
        ten!(1),
        ten!(2),
        ten!(3),
        ten!(4),
        ten!(5),
        ten!(6),
        ten!(7),
        ten!(8),
        ten!(9),
        ten!(10),
        ten!(11),
        ten!(12),
        ten!(13),
    ]
    .concat();
    table.truncate(FUNCTION_COUNT);
    place_adapter_functions(&mut table);
    place_queue_functions(&mut table);
    place_device_functions(&mut table);
    offload::place_setters(&mut table);
    offload::place_getters(&mut table);
    table
}

fn place_adapter_functions(table: &mut [Entry]) {
    place! { table:
        NetAdapterInitAllocate: PFN_NETADAPTERINITALLOCATE = adapter_api::init_allocate;
        NetAdapterInitFree: PFN_NETADAPTERINITFREE = adapter_api::init_free;
        NetAdapterInitSetDatapathCallbacks: PFN_NETADAPTERINITSETDATAPATHCALLBACKS =
            adapter_api::init_set_datapath_callbacks;
        NetAdapterCreate: PFN_NETADAPTERCREATE = adapter_api::create;
        NetAdapterStart: PFN_NETADAPTERSTART = adapter_api::start;
        NetAdapterStop: PFN_NETADAPTERSTOP = adapter_api::stop;
        NetAdapterSetLinkLayerCapabilities: PFN_NETADAPTERSETLINKLAYERCAPABILITIES =
            adapter_api::set_link_layer_capabilities;
        NetAdapterSetLinkLayerMtuSize: PFN_NETADAPTERSETLINKLAYERMTUSIZE =
            adapter_api::set_link_layer_mtu_size;
        NetAdapterSetDataPathCapabilities: PFN_NETADAPTERSETDATAPATHCAPABILITIES =
            adapter_api::set_datapath_capabilities;
        NetAdapterSetLinkState: PFN_NETADAPTERSETLINKSTATE = adapter_api::set_link_state;
        NetAdapterGetNetLuid: PFN_NETADAPTERGETNETLUID = adapter_api::get_net_luid;
        NetAdapterSetPermanentLinkLayerAddress: PFN_NETADAPTERSETPERMANENTLINKLAYERADDRESS =
            adapter_api::set_permanent_link_layer_address;
        NetAdapterSetCurrentLinkLayerAddress: PFN_NETADAPTERSETCURRENTLINKLAYERADDRESS =
            adapter_api::set_current_link_layer_address;
        NetAdapterSetReceiveScalingCapabilities: PFN_NETADAPTERSETRECEIVESCALINGCAPABILITIES =
            adapter_api::set_receive_scaling_capabilities;
        NetAdapterSetReceiveFilterCapabilities: PFN_NETADAPTERSETRECEIVEFILTERCAPABILITIES =
            receive_filter::set_capabilities;
        NetReceiveFilterGetPacketFilter: PFN_NETRECEIVEFILTERGETPACKETFILTER =
            receive_filter::get_packet_filter;
        NetReceiveFilterGetMulticastAddressCount: PFN_NETRECEIVEFILTERGETMULTICASTADDRESSCOUNT =
            receive_filter::get_multicast_address_count;
        NetReceiveFilterGetMulticastAddressList: PFN_NETRECEIVEFILTERGETMULTICASTADDRESSLIST =
            receive_filter::get_multicast_address_list;
    }
}

fn place_queue_functions(table: &mut [Entry]) {
    place! { table:
        NetRxQueueCreate: PFN_NETRXQUEUECREATE = queue_api::rx_create;
        NetRxQueueNotifyMoreReceivedPacketsAvailable:
            PFN_NETRXQUEUENOTIFYMORERECEIVEDPACKETSAVAILABLE = queue_api::rx_notify;
        NetRxQueueInitGetQueueId: PFN_NETRXQUEUEINITGETQUEUEID = queue_api::rx_init_get_queue_id;
        NetRxQueueGetRingCollection: PFN_NETRXQUEUEGETRINGCOLLECTION =
            queue_api::rx_get_ring_collection;
        NetRxQueueGetExtension: PFN_NETRXQUEUEGETEXTENSION = queue_api::rx_get_extension;
        NetTxQueueCreate: PFN_NETTXQUEUECREATE = queue_api::tx_create;
        NetTxQueueNotifyMoreCompletedPacketsAvailable:
            PFN_NETTXQUEUENOTIFYMORECOMPLETEDPACKETSAVAILABLE = queue_api::tx_notify;
        NetTxQueueInitGetQueueId: PFN_NETTXQUEUEINITGETQUEUEID = queue_api::tx_init_get_queue_id;
        NetTxQueueGetRingCollection: PFN_NETTXQUEUEGETRINGCOLLECTION =
            queue_api::tx_get_ring_collection;
        NetTxQueueGetExtension: PFN_NETTXQUEUEGETEXTENSION = queue_api::tx_get_extension;
    }
}

fn place_device_functions(table: &mut [Entry]) {
    place! { table:
        NetDeviceInitConfig: PFN_NETDEVICEINITCONFIG = device_api::init_config;
        NetDeviceInitSetResetCapabilities: PFN_NETDEVICEINITSETRESETCAPABILITIES =
            device_api::init_set_reset_capabilities;
        NetDeviceStoreResetDiagnostics: PFN_NETDEVICESTORERESETDIAGNOSTICS =
            device_api::store_reset_diagnostics;
        NetDeviceRequestReset: PFN_NETDEVICEREQUESTRESET = device_api::request_reset;
        NetDeviceOpenConfiguration: PFN_NETDEVICEOPENCONFIGURATION = configuration::device_open;
        NetAdapterOpenConfiguration: PFN_NETADAPTEROPENCONFIGURATION = configuration::adapter_open;
        NetConfigurationClose: PFN_NETCONFIGURATIONCLOSE = configuration::close;
        NetConfigurationQueryUlong: PFN_NETCONFIGURATIONQUERYULONG = configuration::query_ulong;
        NetConfigurationQueryLinkLayerAddress: PFN_NETCONFIGURATIONQUERYLINKLAYERADDRESS =
            configuration::query_link_layer_address;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_table_is_filled_and_no_two_functions_are_the_same() {
        let table = function_table();
        assert_eq!(table.len(), FUNCTION_COUNT);
        let places: std::collections::HashSet<_> = table.iter().collect();
        assert!(places.len() > 40);
        assert!(table.iter().all(|entry| !entry.is_null()));
    }
}
