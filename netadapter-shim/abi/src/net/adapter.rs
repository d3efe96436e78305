//! Adapters: capabilities, link, filters, reset.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_DATAPATH_CALLBACKS {
    pub Size: ULONG,
    pub EvtAdapterCreateTxQueue: PFN_NET_ADAPTER_CREATE_TXQUEUE,
    pub EvtAdapterCreateRxQueue: PFN_NET_ADAPTER_CREATE_RXQUEUE,
}

impl NET_ADAPTER_DATAPATH_CALLBACKS {
    /// `NET_ADAPTER_DATAPATH_CALLBACKS_INIT`.
    pub const fn init(
        EvtAdapterCreateTxQueue: PFN_NET_ADAPTER_CREATE_TXQUEUE,
        EvtAdapterCreateRxQueue: PFN_NET_ADAPTER_CREATE_RXQUEUE,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtAdapterCreateTxQueue,
            EvtAdapterCreateRxQueue,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_DMA_CAPABILITIES {
    pub Size: ULONG,
    pub DmaEnabler: WDFDMAENABLER,
    pub MaximumPhysicalAddress: PHYSICAL_ADDRESS,
    pub CacheEnabled: WDF_TRI_STATE,
    pub PreferredNode: NODE_REQUIREMENT,
}

impl NET_ADAPTER_DMA_CAPABILITIES {
    /// `NET_ADAPTER_DMA_CAPABILITIES_INIT`.
    pub const fn init(DmaEnabler: WDFDMAENABLER) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            DmaEnabler,
            CacheEnabled: WdfUseDefault,
            PreferredNode: 0x80000000,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_LINK_LAYER_ADDRESS {
    pub Length: USHORT,
    pub Address: [UCHAR; 32],
}

impl NET_ADAPTER_LINK_LAYER_ADDRESS {
    /// `NET_ADAPTER_LINK_LAYER_ADDRESS_INIT`; bytes behind the 32nd are dropped.
    pub const fn init(address: &[u8]) -> Self {
        let mut value = Self::zeroed();
        while (value.Length as usize) < address.len()
            && (value.Length as usize) < value.Address.len()
        {
            value.Address[value.Length as usize] = address[value.Length as usize];
            value.Length += 1;
        }
        value
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_LINK_LAYER_CAPABILITIES {
    pub Size: ULONG,
    pub MaxTxLinkSpeed: u64,
    pub MaxRxLinkSpeed: u64,
}

impl NET_ADAPTER_LINK_LAYER_CAPABILITIES {
    /// `NET_ADAPTER_LINK_LAYER_CAPABILITIES_INIT`.
    pub const fn init(MaxTxLinkSpeed: u64, MaxRxLinkSpeed: u64) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            MaxTxLinkSpeed,
            MaxRxLinkSpeed,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_LINK_STATE {
    pub Size: ULONG,
    pub TxLinkSpeed: u64,
    pub RxLinkSpeed: u64,
    pub MediaConnectState: NET_IF_MEDIA_CONNECT_STATE,
    pub MediaDuplexState: NET_IF_MEDIA_DUPLEX_STATE,
    pub SupportedPauseFunctions: NET_ADAPTER_PAUSE_FUNCTION_TYPE,
    pub AutoNegotiationFlags: NET_ADAPTER_AUTO_NEGOTIATION_FLAGS,
}

impl NET_ADAPTER_LINK_STATE {
    /// `NET_ADAPTER_LINK_STATE_INIT`.
    pub const fn init(
        LinkSpeed: u64,
        MediaConnectState: NET_IF_MEDIA_CONNECT_STATE,
        MediaDuplexState: NET_IF_MEDIA_DUPLEX_STATE,
        SupportedPauseFunctions: NET_ADAPTER_PAUSE_FUNCTION_TYPE,
        AutoNegotiationFlags: NET_ADAPTER_AUTO_NEGOTIATION_FLAGS,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            TxLinkSpeed: LinkSpeed,
            RxLinkSpeed: LinkSpeed,
            MediaConnectState,
            MediaDuplexState,
            SupportedPauseFunctions,
            AutoNegotiationFlags,
        }
    }

    /// `NET_ADAPTER_LINK_STATE_INIT_DISCONNECTED`.
    pub const fn init_disconnected() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            TxLinkSpeed: 0xffffffffffffffff,
            RxLinkSpeed: 0xffffffffffffffff,
            MediaConnectState: MediaConnectStateDisconnected,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES {
    pub Size: ULONG,
    pub SupportedPacketFilters: NET_PACKET_FILTER_FLAGS,
    pub MaximumMulticastAddresses: SIZE_T,
    pub EvtSetReceiveFilter: PFN_NET_ADAPTER_SET_RECEIVE_FILTER,
}

impl NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES {
    /// `NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES_INIT`.
    pub const fn init(EvtSetReceiveFilter: PFN_NET_ADAPTER_SET_RECEIVE_FILTER) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtSetReceiveFilter,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_TX_CAPABILITIES {
    pub Size: ULONG,
    pub MappingRequirement: NET_MEMORY_MAPPING_REQUIREMENT,
    pub PayloadBackfill: SIZE_T,
    pub MaximumNumberOfFragments: SIZE_T,
    pub FragmentBufferAlignment: SIZE_T,
    pub FragmentRingNumberOfElementsHint: u32,
    pub MaximumNumberOfQueues: SIZE_T,
    pub DmaCapabilities: *mut NET_ADAPTER_DMA_CAPABILITIES,
}

impl NET_ADAPTER_TX_CAPABILITIES {
    /// `NET_ADAPTER_TX_CAPABILITIES_INIT`.
    pub const fn init(MaximumNumberOfQueues: SIZE_T) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            MaximumNumberOfFragments: 0xffffffffffffffff,
            FragmentBufferAlignment: 1,
            MaximumNumberOfQueues,
            ..Self::zeroed()
        }
    }

    /// `NET_ADAPTER_TX_CAPABILITIES_INIT_FOR_DMA`.
    pub const fn init_for_dma(
        DmaCapabilities: *mut NET_ADAPTER_DMA_CAPABILITIES,
        MaximumNumberOfQueues: SIZE_T,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            MappingRequirement: NetMemoryMappingRequirementDmaMapped,
            MaximumNumberOfFragments: 0xffffffffffffffff,
            FragmentBufferAlignment: 1,
            MaximumNumberOfQueues,
            DmaCapabilities,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_TX_DEMUX {
    pub Size: ULONG,
    pub Type: NET_ADAPTER_TX_DEMUX_TYPE,
    pub Range: u8,
}

impl NET_ADAPTER_TX_DEMUX {
    /// `NET_ADAPTER_TX_8021P_DEMUX_INIT`.
    pub const fn init_8021p() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Type: NetAdapterTxDemuxType8021p,
            Range: 8,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_DEVICE_RESET_CAPABILITIES {
    pub Size: ULONG,
    pub ResetDiagnosticsGuid: GUID,
    pub EvtNetDeviceCollectResetDiagnostics: PFN_NET_DEVICE_COLLECT_RESET_DIAGNOSTICS,
}

impl NET_DEVICE_RESET_CAPABILITIES {
    /// `NET_DEVICE_RESET_CAPABILITIES_INIT`.
    pub const fn init(
        ResetDiagnosticsGuid: GUID,
        EvtNetDeviceCollectResetDiagnostics: PFN_NET_DEVICE_COLLECT_RESET_DIAGNOSTICS,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ResetDiagnosticsGuid,
            EvtNetDeviceCollectResetDiagnostics,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_DRIVER_GLOBALS {
    pub Unused: ULONG,
}

/// What the receive side of an adapter can do.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RX_CAPABILITIES {
    pub Size: ULONG,
    pub AllocationMode: NET_RX_FRAGMENT_BUFFER_ALLOCATION_MODE,
    pub AttachmentMode: NET_RX_FRAGMENT_BUFFER_ATTACHMENT_MODE,
    pub FragmentRingNumberOfElementsHint: u32,
    pub MaximumFrameSize: SIZE_T,
    pub MaximumNumberOfQueues: SIZE_T,
    pub Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous,
}

/// `AllocationMode` tells which member counts.
#[repr(C)]
#[derive(Clone, Copy)]
pub union NET_ADAPTER_RX_CAPABILITIES_Anonymous {
    /// The driver allocates receive buffers.
    pub EvtAdapterReturnRxBuffer: PFN_NET_ADAPTER_RETURN_RX_BUFFER,
    /// The system allocates receive buffers.
    pub Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous {
    pub MappingRequirement: NET_MEMORY_MAPPING_REQUIREMENT,
    pub FragmentBufferAlignment: SIZE_T,
    pub DmaCapabilities: *mut NET_ADAPTER_DMA_CAPABILITIES,
}

impl NET_ADAPTER_RX_CAPABILITIES {
    /// `NET_ADAPTER_RX_CAPABILITIES_INIT_DRIVER_MANAGED`.
    pub const fn init_driver_managed(
        EvtAdapterReturnRxBuffer: PFN_NET_ADAPTER_RETURN_RX_BUFFER,
        MaximumFrameSize: SIZE_T,
        MaximumNumberOfQueues: SIZE_T,
    ) -> Self {
        let mut capabilities = Self {
            Size: size_of::<Self>() as ULONG,
            AllocationMode: NetRxFragmentBufferAllocationModeDriver,
            AttachmentMode: NetRxFragmentBufferAttachmentModeDriver,
            MaximumFrameSize,
            MaximumNumberOfQueues,
            ..Self::zeroed()
        };
        // The initialiser writes the alignment too, though the system uses it only for buffers of its own.
        capabilities.Anonymous.Anonymous.FragmentBufferAlignment =
            NET_ADAPTER_FRAGMENT_DEFAULT_ALIGNMENT;
        capabilities.Anonymous.EvtAdapterReturnRxBuffer = EvtAdapterReturnRxBuffer;
        capabilities
    }

    /// `NET_ADAPTER_RX_CAPABILITIES_INIT_SYSTEM_MANAGED`.
    pub const fn init_system_managed(
        MaximumFrameSize: SIZE_T,
        MaximumNumberOfQueues: SIZE_T,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            MaximumFrameSize,
            MaximumNumberOfQueues,
            Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous {
                Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous {
                    FragmentBufferAlignment: NET_ADAPTER_FRAGMENT_DEFAULT_ALIGNMENT,
                    ..NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous::zeroed()
                },
            },
            ..Self::zeroed()
        }
    }

    /// `NET_ADAPTER_RX_CAPABILITIES_INIT_SYSTEM_MANAGED_DMA`.
    pub const fn init_system_managed_dma(
        DmaCapabilities: *mut NET_ADAPTER_DMA_CAPABILITIES,
        MaximumFrameSize: SIZE_T,
        MaximumNumberOfQueues: SIZE_T,
    ) -> Self {
        Self {
            Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous {
                Anonymous: NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous {
                    MappingRequirement: NetMemoryMappingRequirementDmaMapped,
                    FragmentBufferAlignment: NET_ADAPTER_FRAGMENT_DEFAULT_ALIGNMENT,
                    DmaCapabilities,
                },
            },
            ..Self::init_system_managed(MaximumFrameSize, MaximumNumberOfQueues)
        }
    }
}

zeroed! {
    NET_ADAPTER_RX_CAPABILITIES, NET_ADAPTER_RX_CAPABILITIES_Anonymous, NET_ADAPTER_RX_CAPABILITIES_Anonymous_Anonymous, NET_ADAPTER_DATAPATH_CALLBACKS, NET_ADAPTER_DMA_CAPABILITIES, NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_LAYER_CAPABILITIES, NET_ADAPTER_LINK_STATE, NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES, NET_ADAPTER_TX_CAPABILITIES, NET_ADAPTER_TX_DEMUX, NET_DEVICE_RESET_CAPABILITIES, NET_DRIVER_GLOBALS,
}
