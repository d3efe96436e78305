//! Receive scaling.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES {
    pub Size: ULONG,
    pub NumberOfQueues: SIZE_T,
    pub IndirectionTableSize: SIZE_T,
    pub UnhashedTargetIndex: SIZE_T,
    pub UnhashedTargetType: NET_ADAPTER_RECEIVE_SCALING_UNHASHED_TARGET_TYPE,
    pub ReceiveScalingHashTypes: NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
    pub ReceiveScalingProtocolTypes: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
    pub ReceiveScalingEncapsulationTypes:
        NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES_ReceiveScalingEncapsulationTypes,
    pub SynchronizeSetIndirectionEntries: BOOLEAN,
    pub EvtAdapterReceiveScalingEnable: PFN_NET_ADAPTER_RECEIVE_SCALING_ENABLE,
    pub EvtAdapterReceiveScalingDisable: PFN_NET_ADAPTER_RECEIVE_SCALING_DISABLE,
    pub EvtAdapterReceiveScalingSetHashSecretKey:
        PFN_NET_ADAPTER_RECEIVE_SCALING_SET_HASH_SECRET_KEY,
    pub EvtAdapterReceiveScalingSetIndirectionEntries:
        PFN_NET_ADAPTER_RECEIVE_SCALING_SET_INDIRECTION_ENTRIES,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES_ReceiveScalingEncapsulationTypes {
    pub Outer: NET_ADAPTER_RECEIVE_SCALING_ENCAPSULATION_TYPE,
    pub Inner: NET_ADAPTER_RECEIVE_SCALING_ENCAPSULATION_TYPE,
}

impl NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES {
    /// `NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES_INIT`.
    #[allow(
        clippy::too_many_arguments,
        reason = "the parameters are those of the initialiser"
    )]
    pub const fn init(
        NumberOfQueues: SIZE_T,
        UnhashedTargetType: NET_ADAPTER_RECEIVE_SCALING_UNHASHED_TARGET_TYPE,
        HashTypes: NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
        ProtocolTypes: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
        Enable: PFN_NET_ADAPTER_RECEIVE_SCALING_ENABLE,
        Disable: PFN_NET_ADAPTER_RECEIVE_SCALING_DISABLE,
        SetHashSecretKey: PFN_NET_ADAPTER_RECEIVE_SCALING_SET_HASH_SECRET_KEY,
        SetIndirectionEntries: PFN_NET_ADAPTER_RECEIVE_SCALING_SET_INDIRECTION_ENTRIES,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            NumberOfQueues,
            IndirectionTableSize: 128,
            UnhashedTargetType,
            ReceiveScalingHashTypes: HashTypes,
            ReceiveScalingProtocolTypes: ProtocolTypes,
            EvtAdapterReceiveScalingEnable: Enable,
            EvtAdapterReceiveScalingDisable: Disable,
            EvtAdapterReceiveScalingSetHashSecretKey: SetHashSecretKey,
            EvtAdapterReceiveScalingSetIndirectionEntries: SetIndirectionEntries,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY {
    pub Key: *mut u8,
    pub Length: SIZE_T,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES {
    pub Entries: *mut NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY,
    pub Length: SIZE_T,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY {
    pub PacketQueue: NETPACKETQUEUE,
    pub Status: NTSTATUS,
    pub Index: u32,
}

zeroed! {
    NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES, NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES_ReceiveScalingEncapsulationTypes, NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY, NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES, NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY,
}
