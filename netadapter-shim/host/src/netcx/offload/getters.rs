//! Functions that ask which offloads are active.

use super::active::Active;
use super::view::{Kind, View};
use crate::netcx::call::Call;
use crate::netcx::rules;
use crate::netcx::table::{Entry, place};
use netadapter_abi::net::{
    NET_DRIVER_GLOBALS, NETOFFLOAD, NetAdapterOffloadLayer3FlagIPv4NoOptions,
    NetAdapterOffloadLayer3FlagIPv6NoExtensions, NetAdapterOffloadLayer4FlagTcpNoOptions,
    NetAdapterOffloadLayer4FlagUdp, index,
};
use netadapter_abi::nt::BOOLEAN;
use netadapter_abi::nt_export;

/// The combined checksum functions went with 2.0.
pub(super) fn require_legacy(call: &Call) {
    let minor = call.client().minor();
    let detail = format!("the driver is bound to 2.{minor}");
    call.require(minor == 0, &rules::DEPRECATED_FUNCTION, &detail);
}

const IPV4: i32 = NetAdapterOffloadLayer3FlagIPv4NoOptions;
const IPV6: i32 = NetAdapterOffloadLayer3FlagIPv6NoExtensions;
const TCP: i32 = NetAdapterOffloadLayer4FlagTcpNoOptions;
const UDP: i32 = NetAdapterOffloadLayer4FlagUdp;

/// Declares functions that read one flag of the active state.
macro_rules! getters {
    ($($name:ident, $index:ident, $kinds:expr, $legacy:literal, $read:expr;)*) => {
        nt_export! { $(
            unsafe fn $name(globals: *mut NET_DRIVER_GLOBALS, offload: NETOFFLOAD) -> BOOLEAN {
                let call = Call::at_passive(index::$index, globals);
                if $legacy {
                    require_legacy(&call);
                }
                let read: fn(&Active) -> bool = $read;
                BOOLEAN::from(read(&View::of(&call, offload, &$kinds)))
            }
        )* }
    };
}

getters! {
    checksum_ipv4, NetOffloadIsChecksumIPv4Enabled, [Kind::LegacyChecksum], true,
        |active| active.legacy_checksum.ipv4;
    checksum_tcp, NetOffloadIsChecksumTcpEnabled, [Kind::LegacyChecksum], true,
        |active| active.legacy_checksum.tcp;
    checksum_udp, NetOffloadIsChecksumUdpEnabled, [Kind::LegacyChecksum], true,
        |active| active.legacy_checksum.udp;
    tx_checksum_ipv4, NetOffloadIsTxChecksumIPv4Enabled, [Kind::TransmitChecksum], false,
        |active| active.ipv4_checksum.layer3 & IPV4 != 0;
    tx_checksum_tcp, NetOffloadIsTxChecksumTcpEnabled, [Kind::TransmitChecksum], false,
        |active| active.tcp_checksum.layer4 & TCP != 0;
    tx_checksum_udp, NetOffloadIsTxChecksumUdpEnabled, [Kind::TransmitChecksum], false,
        |active| active.udp_checksum.layer4 & UDP != 0;
    rx_checksum_ipv4, NetOffloadIsRxChecksumIPv4Enabled, [Kind::ReceiveChecksum], false,
        |active| active.receive_checksum.ipv4;
    rx_checksum_tcp, NetOffloadIsRxChecksumTcpEnabled, [Kind::ReceiveChecksum], false,
        |active| active.receive_checksum.tcp;
    rx_checksum_udp, NetOffloadIsRxChecksumUdpEnabled, [Kind::ReceiveChecksum], false,
        |active| active.receive_checksum.udp;
    lso_ipv4, NetOffloadIsLsoIPv4Enabled, [Kind::Segmentation], false,
        |active| active.lso.layer3 & IPV4 != 0 && active.lso.layer4 & TCP != 0;
    lso_ipv6, NetOffloadIsLsoIPv6Enabled, [Kind::Segmentation], false,
        |active| active.lso.layer3 & IPV6 != 0 && active.lso.layer4 & TCP != 0;
    uso_ipv4, NetOffloadIsUsoIPv4Enabled, [Kind::Segmentation], false,
        |active| active.uso.layer3 & IPV4 != 0 && active.uso.layer4 & UDP != 0;
    uso_ipv6, NetOffloadIsUsoIPv6Enabled, [Kind::Segmentation], false,
        |active| active.uso.layer3 & IPV6 != 0 && active.uso.layer4 & UDP != 0;
    rsc_ipv4, NetOffloadIsTcpRscIPv4Enabled, [Kind::Coalescing], false,
        |active| active.coalescing.ipv4;
    rsc_ipv6, NetOffloadIsTcpRscIPv6Enabled, [Kind::Coalescing], false,
        |active| active.coalescing.ipv6;
    rsc_timestamp, NetOffloadIsRscTcpTimestampOptionEnabled, [Kind::Coalescing], false,
        |active| active.coalescing.timestamp;
}

pub(in crate::netcx) fn place_getters(table: &mut [Entry]) {
    place! { table:
        NetOffloadIsChecksumIPv4Enabled: PFN_NETOFFLOADISCHECKSUMIPV4ENABLED = checksum_ipv4;
        NetOffloadIsChecksumTcpEnabled: PFN_NETOFFLOADISCHECKSUMTCPENABLED = checksum_tcp;
        NetOffloadIsChecksumUdpEnabled: PFN_NETOFFLOADISCHECKSUMUDPENABLED = checksum_udp;
        NetOffloadIsTxChecksumIPv4Enabled: PFN_NETOFFLOADISTXCHECKSUMIPV4ENABLED =
            tx_checksum_ipv4;
        NetOffloadIsTxChecksumTcpEnabled: PFN_NETOFFLOADISTXCHECKSUMTCPENABLED = tx_checksum_tcp;
        NetOffloadIsTxChecksumUdpEnabled: PFN_NETOFFLOADISTXCHECKSUMUDPENABLED = tx_checksum_udp;
        NetOffloadIsRxChecksumIPv4Enabled: PFN_NETOFFLOADISRXCHECKSUMIPV4ENABLED =
            rx_checksum_ipv4;
        NetOffloadIsRxChecksumTcpEnabled: PFN_NETOFFLOADISRXCHECKSUMTCPENABLED = rx_checksum_tcp;
        NetOffloadIsRxChecksumUdpEnabled: PFN_NETOFFLOADISRXCHECKSUMUDPENABLED = rx_checksum_udp;
        NetOffloadIsLsoIPv4Enabled: PFN_NETOFFLOADISLSOIPV4ENABLED = lso_ipv4;
        NetOffloadIsLsoIPv6Enabled: PFN_NETOFFLOADISLSOIPV6ENABLED = lso_ipv6;
        NetOffloadIsUsoIPv4Enabled: PFN_NETOFFLOADISUSOIPV4ENABLED = uso_ipv4;
        NetOffloadIsUsoIPv6Enabled: PFN_NETOFFLOADISUSOIPV6ENABLED = uso_ipv6;
        NetOffloadIsTcpRscIPv4Enabled: PFN_NETOFFLOADISTCPRSCIPV4ENABLED = rsc_ipv4;
        NetOffloadIsTcpRscIPv6Enabled: PFN_NETOFFLOADISTCPRSCIPV6ENABLED = rsc_ipv6;
        NetOffloadIsRscTcpTimestampOptionEnabled: PFN_NETOFFLOADISRSCTCPTIMESTAMPOPTIONENABLED =
            rsc_timestamp;
    }
}
