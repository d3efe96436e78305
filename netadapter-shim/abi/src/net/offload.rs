//! Offload capabilities.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES {
    pub Size: ULONG,
    pub IPv4: BOOLEAN,
    pub Tcp: BOOLEAN,
    pub Udp: BOOLEAN,
    pub EvtAdapterOffloadSetChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_CHECKSUM,
}

impl NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES_INIT`.
    pub const fn init(
        IPv4: BOOLEAN,
        Tcp: BOOLEAN,
        Udp: BOOLEAN,
        EvtAdapterOffloadSetChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_CHECKSUM,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            IPv4,
            Tcp,
            Udp,
            EvtAdapterOffloadSetChecksum,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES {
    pub Size: ULONG,
    pub Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
    pub Layer4Flags: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
    pub Layer4HeaderOffsetLimit: u16,
    pub MaximumOffloadSize: SIZE_T,
    pub MinimumSegmentCount: SIZE_T,
    pub EvtAdapterOffloadSetGso: PFN_NET_ADAPTER_OFFLOAD_SET_GSO,
}

impl NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES_INIT`.
    pub const fn init(
        Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
        Layer4Flags: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
        MaximumOffloadSize: SIZE_T,
        MinimumSegmentCount: SIZE_T,
        EvtAdapterOffloadSetGso: PFN_NET_ADAPTER_OFFLOAD_SET_GSO,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Layer3Flags,
            Layer4Flags,
            MaximumOffloadSize,
            MinimumSegmentCount,
            EvtAdapterOffloadSetGso,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES {
    pub Size: ULONG,
    pub Flags: NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_FLAGS,
}

impl NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES_INIT`.
    pub const fn init(Flags: NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_FLAGS) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Flags,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES {
    pub Size: ULONG,
    pub Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
    pub Layer4Flags: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
    pub TcpTimestampOption: BOOLEAN,
    pub EvtAdapterOffloadSetRsc: PFN_NET_ADAPTER_OFFLOAD_SET_RSC,
}

impl NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES_INIT`.
    pub const fn init(
        Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
        Layer4Flags: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
        EvtAdapterOffloadSetRsc: PFN_NET_ADAPTER_OFFLOAD_SET_RSC,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Layer3Flags,
            Layer4Flags,
            EvtAdapterOffloadSetRsc,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES {
    pub Size: ULONG,
    pub EvtAdapterOffloadSetRxChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_RX_CHECKSUM,
}

impl NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES_INIT`.
    pub const fn init(
        EvtAdapterOffloadSetRxChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_RX_CHECKSUM,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtAdapterOffloadSetRxChecksum,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES {
    pub Size: ULONG,
    pub Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
    pub Layer4Flags: NET_ADAPTER_OFFLOAD_LAYER4_FLAGS,
    pub Layer3HeaderOffsetLimit: u16,
    pub Layer4HeaderOffsetLimit: u16,
    pub EvtAdapterOffloadSetTxChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_TX_CHECKSUM,
}

impl NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES {
    /// `NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES_INIT`.
    pub const fn init(
        Layer3Flags: NET_ADAPTER_OFFLOAD_LAYER3_FLAGS,
        EvtAdapterOffloadSetTxChecksum: PFN_NET_ADAPTER_OFFLOAD_SET_TX_CHECKSUM,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Layer3Flags,
            EvtAdapterOffloadSetTxChecksum,
            ..Self::zeroed()
        }
    }
}

zeroed! {
    NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES, NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES, NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES, NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES, NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES, NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES,
}
