//! Which offloads are active: what the keywords say at the start, and what the stack asks for
//! later (*Introduction to hardware offloads*; OID_TCP_OFFLOAD_PARAMETERS).

use crate::netcx::keywords::{KeywordError, Keywords, Radix};
use netadapter_abi::net::{
    NET_ADAPTER_OFFLOAD_LAYER3_FLAGS, NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
    NetAdapterOffloadLayer3FlagIPv4NoOptions, NetAdapterOffloadLayer3FlagIPv4WithOptions,
    NetAdapterOffloadLayer3FlagIPv6NoExtensions, NetAdapterOffloadLayer3FlagIPv6WithExtensions,
    NetAdapterOffloadLayer4FlagTcpNoOptions, NetAdapterOffloadLayer4FlagTcpWithOptions,
    NetAdapterOffloadLayer4FlagUdp,
};

pub(super) const IPV4: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS =
    NetAdapterOffloadLayer3FlagIPv4NoOptions | NetAdapterOffloadLayer3FlagIPv4WithOptions;
pub(super) const IPV6: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS =
    NetAdapterOffloadLayer3FlagIPv6NoExtensions | NetAdapterOffloadLayer3FlagIPv6WithExtensions;
pub(super) const TCP: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS =
    NetAdapterOffloadLayer4FlagTcpNoOptions | NetAdapterOffloadLayer4FlagTcpWithOptions;
pub(super) const UDP: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS = NetAdapterOffloadLayer4FlagUdp;

/// Values of the checksum keywords.
const TRANSMIT: u32 = 1;
const RECEIVE: u32 = 2;

const IP_CHECKSUM: &str = "*IPChecksumOffloadIPv4";
const TCP_CHECKSUM: [&str; 2] = ["*TCPChecksumOffloadIPv4", "*TCPChecksumOffloadIPv6"];
const UDP_CHECKSUM: [&str; 2] = ["*UDPChecksumOffloadIPv4", "*UDPChecksumOffloadIPv6"];
const LSO_IPV4: [&str; 2] = ["*LsoV1IPv4", "*LsoV2IPv4"];
const LSO_IPV6: &str = "*LsoV2IPv6";
const USO: [&str; 2] = ["*UsoIPv4", "*UsoIPv6"];
const RSC: [&str; 2] = ["*RscIPv4", "*RscIPv6"];
const RSC_TIMESTAMP: &str = "*RscTimestamp";

/// The headers that an offload covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    pub(crate) layer3: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
    pub(crate) layer4: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
}

impl Layers {
    fn and(self, other: Self) -> Self {
        Self {
            layer3: self.layer3 & other.layer3,
            layer4: self.layer4 & other.layer4,
        }
    }

    /// Switches one protocol family of an offload on or off.
    fn switch(&mut self, wanted: Option<bool>, layer3: i32, layer4: i32) {
        match wanted {
            Some(true) => {
                self.layer3 |= layer3;
                self.layer4 |= layer4;
            }
            Some(false) => self.layer3 &= !layer3,
            None => {}
        }
        if self.layer3 == 0 {
            self.layer4 = 0;
        }
    }
}

/// Checksums of received packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReceiveChecksum {
    pub(crate) ipv4: bool,
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
}

/// Receive segment coalescing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coalescing {
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) timestamp: bool,
}

/// All offloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) ipv4_checksum: Layers,
    pub(crate) tcp_checksum: Layers,
    pub(crate) udp_checksum: Layers,
    pub(crate) receive_checksum: ReceiveChecksum,
    /// Both directions, for drivers of 2.0.
    pub(crate) legacy_checksum: ReceiveChecksum,
    pub(crate) lso: Layers,
    pub(crate) uso: Layers,
    pub(crate) coalescing: Coalescing,
}

impl ReceiveChecksum {
    fn and(self, other: Self) -> Self {
        Self {
            ipv4: self.ipv4 && other.ipv4,
            tcp: self.tcp && other.tcp,
            udp: self.udp && other.udp,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            ipv4: self.ipv4 || other.ipv4,
            tcp: self.tcp || other.tcp,
            udp: self.udp || other.udp,
        }
    }
}

/// What a keyword says; `missing` if there is none that can be read.
fn setting(keywords: &Keywords, name: &str, missing: u32) -> u32 {
    keywords.number(name, Radix::Decimal).unwrap_or(missing)
}

fn is_present(keywords: &Keywords, name: &str) -> bool {
    keywords.number(name, Radix::Decimal) != Err(KeywordError::Missing)
}

fn any_present(keywords: &Keywords, names: &[&str]) -> bool {
    names.iter().any(|name| is_present(keywords, name))
}

impl Active {
    /// What is active when an adapter starts. Where the adapter's hardware cannot, the class
    /// extension does it, as long as keywords of the offload are there at all; so this follows
    /// from the keywords alone, save that only a driver can check received packets
    /// (*nxoffload.cpp*).
    pub(super) fn at_start(keywords: &Keywords, hardware: &Self) -> Self {
        Self {
            receive_checksum: received(keywords).and(hardware.receive_checksum),
            legacy_checksum: legacy(keywords).and(hardware.legacy_checksum),
            lso: lso(keywords),
            uso: segmentation(keywords, USO, UDP),
            coalescing: coalescing(keywords),
            ..transmit_checksums(keywords)
        }
    }

    /// The state that a driver is told: what its hardware can of what is active.
    pub(super) fn within(self, hardware: &Self) -> Self {
        let coalescing = (self.coalescing, hardware.coalescing);
        Self {
            ipv4_checksum: self.ipv4_checksum.and(hardware.ipv4_checksum),
            tcp_checksum: self.tcp_checksum.and(hardware.tcp_checksum),
            udp_checksum: self.udp_checksum.and(hardware.udp_checksum),
            receive_checksum: self.receive_checksum.and(hardware.receive_checksum),
            legacy_checksum: self.legacy_checksum.and(hardware.legacy_checksum),
            lso: self.lso.and(hardware.lso),
            uso: self.uso.and(hardware.uso),
            coalescing: Coalescing {
                ipv4: coalescing.0.ipv4 && coalescing.1.ipv4,
                ipv6: coalescing.0.ipv6 && coalescing.1.ipv6,
                timestamp: coalescing.0.timestamp && coalescing.1.timestamp,
            },
        }
    }

    /// What either state lets a driver say about received packets.
    pub(super) fn or(self, other: &Self) -> Self {
        let coalescing = (self.coalescing, other.coalescing);
        Self {
            receive_checksum: self.receive_checksum.or(other.receive_checksum),
            legacy_checksum: self.legacy_checksum.or(other.legacy_checksum),
            coalescing: Coalescing {
                ipv4: coalescing.0.ipv4 || coalescing.1.ipv4,
                ipv6: coalescing.0.ipv6 || coalescing.1.ipv6,
                timestamp: coalescing.0.timestamp || coalescing.1.timestamp,
            },
            ..*other
        }
    }

    /// The state after a change; nothing if it asks for what is not there at the start.
    pub(super) fn changed(self, wanted: &OffloadParameters, at_start: &Self) -> Option<Self> {
        let mut changed = self;
        let transmit = |pair: Option<TransmitReceive>| pair.map(|pair| pair.transmit);
        changed
            .ipv4_checksum
            .switch(transmit(wanted.ipv4_checksum), IPV4, 0);
        changed
            .tcp_checksum
            .switch(transmit(wanted.tcp_ipv4_checksum), IPV4, TCP);
        changed
            .tcp_checksum
            .switch(transmit(wanted.tcp_ipv6_checksum), IPV6, TCP);
        changed
            .udp_checksum
            .switch(transmit(wanted.udp_ipv4_checksum), IPV4, UDP);
        changed
            .udp_checksum
            .switch(transmit(wanted.udp_ipv6_checksum), IPV6, UDP);
        let (received, legacy) = (&mut changed.receive_checksum, &mut changed.legacy_checksum);
        for (flag, legacy, pair) in [
            (&mut received.ipv4, &mut legacy.ipv4, wanted.ipv4_checksum),
            (&mut received.tcp, &mut legacy.tcp, wanted.tcp_ipv4_checksum),
            (&mut received.udp, &mut legacy.udp, wanted.udp_ipv4_checksum),
        ] {
            if let Some(pair) = pair {
                *flag = pair.receive;
                *legacy = pair.transmit || pair.receive;
            }
        }
        changed.lso.switch(wanted.lso_ipv4, IPV4, TCP);
        changed.lso.switch(wanted.lso_ipv6, IPV6, TCP);
        changed.uso.switch(wanted.uso_ipv4, IPV4, UDP);
        changed.uso.switch(wanted.uso_ipv6, IPV6, UDP);
        let coalescing = &mut changed.coalescing;
        coalescing.ipv4 = wanted.rsc_ipv4.unwrap_or(coalescing.ipv4);
        coalescing.ipv6 = wanted.rsc_ipv6.unwrap_or(coalescing.ipv6);
        (changed.within(at_start) == changed).then_some(changed)
    }
}

fn transmit_checksums(keywords: &Keywords) -> Active {
    let mut all = vec![IP_CHECKSUM];
    all.extend(TCP_CHECKSUM.iter().chain(&UDP_CHECKSUM));
    if !any_present(keywords, &all) {
        return Active::default();
    }
    let on = |name| setting(keywords, name, TRANSMIT) & TRANSMIT != 0;
    let both = |names: [&'static str; 2], layer4| {
        let mut layers = Layers::default();
        layers.switch(Some(on(names[0])), IPV4, layer4);
        layers.switch(Some(on(names[1])), IPV6, layer4);
        layers
    };
    Active {
        ipv4_checksum: Layers {
            layer3: if on(IP_CHECKSUM) { IPV4 } else { 0 },
            layer4: 0,
        },
        tcp_checksum: both(TCP_CHECKSUM, TCP),
        udp_checksum: both(UDP_CHECKSUM, UDP),
        ..Active::default()
    }
}

fn received(keywords: &Keywords) -> ReceiveChecksum {
    let on = |names: &[&str]| {
        let all = names
            .iter()
            .map(|name| setting(keywords, name, RECEIVE))
            .fold(0, |all, one| all | one);
        all & RECEIVE != 0
    };
    ReceiveChecksum {
        ipv4: on(&[IP_CHECKSUM]),
        tcp: on(&TCP_CHECKSUM),
        udp: on(&UDP_CHECKSUM),
    }
}

/// On unless a keyword says 0; TCP and UDP unless the keywords of both IP versions do.
fn legacy(keywords: &Keywords) -> ReceiveChecksum {
    let on = |names: &[&str]| names.iter().any(|name| setting(keywords, name, 1) != 0);
    ReceiveChecksum {
        ipv4: on(&[IP_CHECKSUM]),
        tcp: on(&TCP_CHECKSUM),
        udp: on(&UDP_CHECKSUM),
    }
}

fn lso(keywords: &Keywords) -> Layers {
    if !any_present(keywords, &LSO_IPV4) && !is_present(keywords, LSO_IPV6) {
        return Layers::default();
    }
    let mut layers = Layers::default();
    let ipv4 = LSO_IPV4.iter().all(|name| setting(keywords, name, 1) != 0);
    layers.switch(Some(ipv4), IPV4, TCP);
    layers.switch(Some(setting(keywords, LSO_IPV6, 1) != 0), IPV6, TCP);
    layers
}

fn segmentation(keywords: &Keywords, names: [&str; 2], layer4: i32) -> Layers {
    if !any_present(keywords, &names) {
        return Layers::default();
    }
    let mut layers = Layers::default();
    layers.switch(Some(setting(keywords, names[0], 1) != 0), IPV4, layer4);
    layers.switch(Some(setting(keywords, names[1], 1) != 0), IPV6, layer4);
    layers
}

fn coalescing(keywords: &Keywords) -> Coalescing {
    if !any_present(keywords, &RSC) {
        return Coalescing::default();
    }
    let on = |name| setting(keywords, name, 1) != 0;
    Coalescing {
        ipv4: on(RSC[0]),
        ipv6: on(RSC[1]),
        timestamp: on(RSC_TIMESTAMP),
    }
}

/// One checksum offload in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransmitReceive {
    /// The adapter fills checksums of sent packets in.
    pub transmit: bool,
    /// The adapter checks received packets.
    pub receive: bool,
}

/// What the stack wants of each offload; what is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffloadParameters {
    /// Header checksums of IPv4.
    pub ipv4_checksum: Option<TransmitReceive>,
    /// Checksums of TCP over IPv4. Reception is switched for both IP versions.
    pub tcp_ipv4_checksum: Option<TransmitReceive>,
    /// Checksums of TCP over IPv6, sent packets.
    pub tcp_ipv6_checksum: Option<TransmitReceive>,
    /// Checksums of UDP over IPv4. Reception is switched for both IP versions.
    pub udp_ipv4_checksum: Option<TransmitReceive>,
    /// Checksums of UDP over IPv6, sent packets.
    pub udp_ipv6_checksum: Option<TransmitReceive>,
    /// Large send offload over IPv4.
    pub lso_ipv4: Option<bool>,
    /// Large send offload over IPv6.
    pub lso_ipv6: Option<bool>,
    /// UDP segmentation over IPv4.
    pub uso_ipv4: Option<bool>,
    /// UDP segmentation over IPv6.
    pub uso_ipv6: Option<bool>,
    /// Receive segment coalescing over IPv4.
    pub rsc_ipv4: Option<bool>,
    /// Receive segment coalescing over IPv6.
    pub rsc_ipv6: Option<bool>,
}
