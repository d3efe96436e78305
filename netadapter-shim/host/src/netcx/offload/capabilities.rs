//! What a driver says its hardware can, and the checks of it.

use super::SetOffload;
use super::active::{Active, Coalescing, IPV4, Layers, ReceiveChecksum, TCP, UDP};
use crate::executive::Rule;
use crate::netcx::call::Call;
use crate::netcx::rules;
use netadapter_abi::net::{
    NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES, NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_FLAGS,
    NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES, NetAdapterOffloadLayer3FlagIPv4NoOptions,
    NetAdapterOffloadLayer3FlagIPv4WithOptions, NetAdapterOffloadLayer3FlagIPv6NoExtensions,
    NetAdapterOffloadLayer3FlagIPv6WithExtensions, NetAdapterOffloadLayer4FlagTcpNoOptions,
    NetAdapterOffloadLayer4FlagTcpWithOptions,
};

/// Checksums that the hardware fills in.
#[derive(Clone, Copy, Debug)]
pub(in crate::netcx) struct TxChecksumCapabilities {
    pub(in crate::netcx) layers: Layers,
    /// Headers that begin farther behind are done in software; 0: no limit.
    pub(in crate::netcx) layer3_offset_limit: usize,
    pub(in crate::netcx) layer4_offset_limit: usize,
    pub(super) callback: Option<SetOffload>,
}

/// Segmentation of large sends.
#[derive(Clone, Copy, Debug)]
pub(in crate::netcx) struct GsoCapabilities {
    pub(in crate::netcx) layers: Layers,
    pub(in crate::netcx) layer4_offset_limit: usize,
    pub(in crate::netcx) maximum_bytes: usize,
    pub(in crate::netcx) minimum_segments: usize,
    pub(super) callback: Option<SetOffload>,
}

/// Coalescing of received segments.
#[derive(Clone, Copy, Debug)]
pub(in crate::netcx) struct RscCapabilities {
    pub(super) reach: Coalescing,
    pub(super) callback: Option<SetOffload>,
}

/// The combined checksum offload of 2.0.
#[derive(Clone, Copy, Debug)]
pub(in crate::netcx) struct LegacyChecksum {
    pub(super) reach: ReceiveChecksum,
    pub(super) callback: Option<SetOffload>,
}

/// All offloads of an adapter.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::netcx) struct Capabilities {
    pub(in crate::netcx) legacy_checksum: Option<LegacyChecksum>,
    pub(in crate::netcx) tx_checksum: Option<TxChecksumCapabilities>,
    /// The callback; hardware that checks at all checks everything.
    pub(in crate::netcx) rx_checksum: Option<Option<SetOffload>>,
    pub(in crate::netcx) gso: Option<GsoCapabilities>,
    pub(in crate::netcx) rsc: Option<RscCapabilities>,
    pub(in crate::netcx) tag_flags: NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_FLAGS,
}

impl Capabilities {
    /// Whether packets carry checksum information.
    pub(in crate::netcx) fn have_checksum(&self) -> bool {
        self.legacy_checksum.is_some() || self.tx_checksum.is_some() || self.rx_checksum.is_some()
    }

    /// Whether received packets may carry a timestamp of coalesced segments.
    pub(in crate::netcx) fn have_rsc_timestamp(&self) -> bool {
        self.rsc.is_some_and(|rsc| rsc.reach.timestamp)
    }

    /// What the hardware can, as an active state.
    pub(super) fn reach(&self) -> Active {
        let checksum = self.tx_checksum.map(|checksum| checksum.layers);
        let checksum = checksum.unwrap_or_default();
        let gso = self.gso.map(|gso| gso.layers).unwrap_or_default();
        let checks = self.rx_checksum.is_some();
        let legacy = self.legacy_checksum.map(|legacy| legacy.reach);
        Active {
            ipv4_checksum: Layers {
                layer3: checksum.layer3 & IPV4,
                layer4: 0,
            },
            tcp_checksum: only(checksum, TCP),
            udp_checksum: only(checksum, UDP),
            receive_checksum: ReceiveChecksum {
                ipv4: checks,
                tcp: checks,
                udp: checks,
            },
            legacy_checksum: legacy.unwrap_or_default(),
            lso: only(gso, TCP),
            uso: only(gso, UDP),
            coalescing: self.rsc.map(|rsc| rsc.reach).unwrap_or_default(),
        }
    }
}

fn only(layers: Layers, layer4: i32) -> Layers {
    Layers {
        layer4: layers.layer4 & layer4,
        ..layers
    }
}

const ALL_LAYER3: i32 = NetAdapterOffloadLayer3FlagIPv4NoOptions
    | NetAdapterOffloadLayer3FlagIPv4WithOptions
    | NetAdapterOffloadLayer3FlagIPv6NoExtensions
    | NetAdapterOffloadLayer3FlagIPv6WithExtensions;
const ALL_LAYER4: i32 = TCP | UDP;

/// An offload for headers with options covers headers without them too.
fn require_plain(call: &Call, rule: &'static Rule, flags: i32, pairs: &[(i32, i32)], what: &str) {
    for &(with, without) in pairs {
        let holds = flags & with == 0 || flags & without != 0;
        call.require(holds, rule, &format!("{what} is {flags:#x}"));
    }
}

const LAYER3_PAIRS: [(i32, i32); 2] = [
    (
        NetAdapterOffloadLayer3FlagIPv4WithOptions,
        NetAdapterOffloadLayer3FlagIPv4NoOptions,
    ),
    (
        NetAdapterOffloadLayer3FlagIPv6WithExtensions,
        NetAdapterOffloadLayer3FlagIPv6NoExtensions,
    ),
];
const LAYER4_PAIRS: [(i32, i32); 1] = [(
    NetAdapterOffloadLayer4FlagTcpWithOptions,
    NetAdapterOffloadLayer4FlagTcpNoOptions,
)];

/// Checks and takes over `NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES`.
pub(super) fn tx_checksum(
    call: &Call,
    capabilities: &NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES,
) -> TxChecksumCapabilities {
    let layers = Layers {
        layer3: capabilities.Layer3Flags,
        layer4: capabilities.Layer4Flags,
    };
    let rule = &rules::INVALID_TX_CHECKSUM_CAPABILITIES;
    require_plain(call, rule, layers.layer3, &LAYER3_PAIRS, "Layer3Flags");
    require_plain(call, rule, layers.layer4, &LAYER4_PAIRS, "Layer4Flags");
    let any3 = layers.layer3 & ALL_LAYER3 != 0;
    let any4 = layers.layer4 & ALL_LAYER4 != 0;
    let rule = &rules::INVALID_TX_CHECKSUM_HARDWARE_CAPABILITIES;
    call.require(any3 || any4, rule, "neither layer has a flag");
    let rule = &rules::INVALID_TX_CHECKSUM_LAYER4_CAPABILITIES;
    call.require(any3 || !any4, rule, "Layer4Flags without Layer3Flags");
    let ipv6_only = layers.layer3 & NetAdapterOffloadLayer3FlagIPv6NoExtensions != 0
        && layers.layer3 & NetAdapterOffloadLayer3FlagIPv4NoOptions == 0;
    let rule = &rules::INVALID_TX_CHECKSUM_IPV6_FLAGS;
    call.require(any4 || !ipv6_only, rule, "IPv6 has no header checksum");
    TxChecksumCapabilities {
        layers,
        layer3_offset_limit: usize::from(capabilities.Layer3HeaderOffsetLimit),
        layer4_offset_limit: usize::from(capabilities.Layer4HeaderOffsetLimit),
        callback: capabilities.EvtAdapterOffloadSetTxChecksum,
    }
}

/// Checks and takes over `NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES`.
pub(super) fn gso(
    call: &Call,
    capabilities: &NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES,
) -> GsoCapabilities {
    let layers = Layers {
        layer3: capabilities.Layer3Flags,
        layer4: capabilities.Layer4Flags,
    };
    let basic3 =
        NetAdapterOffloadLayer3FlagIPv4NoOptions | NetAdapterOffloadLayer3FlagIPv6NoExtensions;
    let basic4 = NetAdapterOffloadLayer4FlagTcpNoOptions | UDP;
    let basic = layers.layer3 & basic3 != 0 && layers.layer4 & basic4 != 0;
    let rule = &rules::INVALID_GSO_CAPABILITIES;
    call.require(
        !basic || capabilities.MaximumOffloadSize > 0,
        rule,
        "MaximumOffloadSize is 0",
    );
    call.require(
        !basic || capabilities.MinimumSegmentCount > 0,
        rule,
        "MinimumSegmentCount is 0",
    );
    require_plain(call, rule, layers.layer4, &LAYER4_PAIRS, "Layer4Flags");
    let any = layers.layer3 & ALL_LAYER3 != 0 || layers.layer4 & ALL_LAYER4 != 0;
    let rule = &rules::INVALID_GSO_HARDWARE_CAPABILITIES;
    call.require(any, rule, "neither layer has a flag");
    GsoCapabilities {
        layers,
        layer4_offset_limit: usize::from(capabilities.Layer4HeaderOffsetLimit),
        maximum_bytes: capabilities.MaximumOffloadSize,
        minimum_segments: capabilities.MinimumSegmentCount,
        callback: capabilities.EvtAdapterOffloadSetGso,
    }
}
