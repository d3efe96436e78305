//! Functions by which a driver says which offloads its hardware has.

use super::active::{Coalescing, ReceiveChecksum};
use super::capabilities::{self, LegacyChecksum, RscCapabilities};
use super::getters::require_legacy;
use crate::netcx::adapter_api::unstarted;
use crate::netcx::call::Call;
use crate::netcx::table::{Entry, place};
use netadapter_abi::net::{
    NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES, NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES,
    NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES, NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES,
    NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES, NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES,
    NET_DRIVER_GLOBALS, NETADAPTER, NetAdapterOffloadLayer3FlagIPv4NoOptions,
    NetAdapterOffloadLayer3FlagIPv6NoExtensions, index,
};
use netadapter_abi::nt_export;

nt_export! {
    unsafe fn set_checksum(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *mut NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetChecksumCapabilities, globals);
        require_legacy(&call);
        let capabilities = call.copy_sized("HardwareCapabilities", capabilities);
        let legacy = LegacyChecksum {
            reach: ReceiveChecksum {
                ipv4: capabilities.IPv4 != 0,
                tcp: capabilities.Tcp != 0,
                udp: capabilities.Udp != 0,
            },
            callback: capabilities.EvtAdapterOffloadSetChecksum,
        };
        unstarted(&call, handle).offloads().change(|all| all.legacy_checksum = Some(legacy));
    }

    unsafe fn set_tx_checksum(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *const NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetTxChecksumCapabilities, globals);
        let capabilities = call.copy_sized("HardwareCapabilities", capabilities);
        let checksum = capabilities::tx_checksum(&call, &capabilities);
        unstarted(&call, handle).offloads().change(|all| all.tx_checksum = Some(checksum));
    }

    unsafe fn set_rx_checksum(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *const NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetRxChecksumCapabilities, globals);
        let capabilities = call.copy_sized("Capabilities", capabilities);
        let callback = capabilities.EvtAdapterOffloadSetRxChecksum;
        unstarted(&call, handle).offloads().change(|all| all.rx_checksum = Some(callback));
    }

    unsafe fn set_gso(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *mut NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetGsoCapabilities, globals);
        let capabilities = call.copy_sized("HardwareCapabilities", capabilities);
        let gso = capabilities::gso(&call, &capabilities);
        unstarted(&call, handle).offloads().change(|all| all.gso = Some(gso));
    }

    unsafe fn set_rsc(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *mut NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetRscCapabilities, globals);
        let capabilities = call.copy_sized("HardwareCapabilities", capabilities);
        let layer3 = capabilities.Layer3Flags;
        let rsc = RscCapabilities {
            reach: Coalescing {
                ipv4: layer3 & NetAdapterOffloadLayer3FlagIPv4NoOptions != 0,
                ipv6: layer3 & NetAdapterOffloadLayer3FlagIPv6NoExtensions != 0,
                timestamp: capabilities.TcpTimestampOption != 0,
            },
            callback: capabilities.EvtAdapterOffloadSetRsc,
        };
        unstarted(&call, handle).offloads().change(|all| all.rsc = Some(rsc));
    }

    unsafe fn set_tag(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *mut NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterOffloadSetIeee8021qTagCapabilities, globals);
        let capabilities = call.copy_sized("HardwareCapabilities", capabilities);
        unstarted(&call, handle).offloads().change(|all| all.tag_flags = capabilities.Flags);
    }
}

pub(in crate::netcx) fn place_setters(table: &mut [Entry]) {
    place! { table:
        NetAdapterOffloadSetChecksumCapabilities: PFN_NETADAPTEROFFLOADSETCHECKSUMCAPABILITIES =
            set_checksum;
        NetAdapterOffloadSetTxChecksumCapabilities:
            PFN_NETADAPTEROFFLOADSETTXCHECKSUMCAPABILITIES = set_tx_checksum;
        NetAdapterOffloadSetRxChecksumCapabilities:
            PFN_NETADAPTEROFFLOADSETRXCHECKSUMCAPABILITIES = set_rx_checksum;
        NetAdapterOffloadSetGsoCapabilities: PFN_NETADAPTEROFFLOADSETGSOCAPABILITIES = set_gso;
        NetAdapterOffloadSetRscCapabilities: PFN_NETADAPTEROFFLOADSETRSCCAPABILITIES = set_rsc;
        NetAdapterOffloadSetIeee8021qTagCapabilities:
            PFN_NETADAPTEROFFLOADSETIEEE8021QTAGCAPABILITIES = set_tag;
    }
}
