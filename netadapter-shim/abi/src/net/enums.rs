//! Enumerations of NetAdapterCx.

use crate::declare::c_enums;

c_enums! {
    NET_ADAPTER_AUTO_NEGOTIATION_FLAGS: i32 {
        NetAdapterAutoNegotiationFlagNone = 0, NetAdapterAutoNegotiationFlagXmitLinkSpeedAutoNegotiated = 1,
        NetAdapterAutoNegotiationFlagRcvLinkSpeedautoNegotiated = 2,
        NetAdapterAutoNegotiationFlagDuplexAutoNegotiated = 4,
        NetAdapterAutoNegotiationFlagPauseFunctionsAutoNegotiated = 8,
    }
    NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_FLAGS: i32 {
        NetAdapterOffloadIeee8021PriorityTaggingFlag = 1, NetAdapterOffloadIeee8021VlanTaggingFlag = 2,
    }
    NET_ADAPTER_OFFLOAD_LAYER3_FLAGS: i32 {
        NetAdapterOffloadLayer3FlagIPv4NoOptions = 1, NetAdapterOffloadLayer3FlagIPv4WithOptions = 2,
        NetAdapterOffloadLayer3FlagIPv6NoExtensions = 4, NetAdapterOffloadLayer3FlagIPv6WithExtensions = 8,
    }
    NET_ADAPTER_OFFLOAD_LAYER4_FLAGS: i32 {
        NetAdapterOffloadLayer4FlagTcpNoOptions = 1, NetAdapterOffloadLayer4FlagTcpWithOptions = 2,
        NetAdapterOffloadLayer4FlagUdp = 4,
    }
    NET_ADAPTER_PAUSE_FUNCTION_TYPE: i32 {
        NetAdapterPauseFunctionTypeUnsupported = 0, NetAdapterPauseFunctionTypeSendOnly = 1,
        NetAdapterPauseFunctionTypeReceiveOnly = 2, NetAdapterPauseFunctionTypeSendAndReceive = 3,
        NetAdapterPauseFunctionTypeUnknown = 4,
    }
    NET_ADAPTER_RECEIVE_SCALING_ENCAPSULATION_TYPE: i32 {
        NetAdapterReceiveScalingEncapsulationTypeNone = 0, NetAdapterReceiveScalingEncapsulationTypeNVGre = 1,
        NetAdapterReceiveScalingEncapsulationTypeVXLan = 2, NetAdapterReceiveScalingEncapsulationTypeVLan = 4,
    }
    NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE: i32 {
        NetAdapterReceiveScalingHashTypeNone = 0, NetAdapterReceiveScalingHashTypeToeplitz = 1,
    }
    NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE: i32 {
        NetAdapterReceiveScalingProtocolTypeNone = 0, NetAdapterReceiveScalingProtocolTypeIPv4 = 1,
        NetAdapterReceiveScalingProtocolTypeIPv4Options = 2, NetAdapterReceiveScalingProtocolTypeIPv6 = 4,
        NetAdapterReceiveScalingProtocolTypeIPv6Extensions = 8, NetAdapterReceiveScalingProtocolTypeTcp = 16,
        NetAdapterReceiveScalingProtocolTypeUdp = 32,
    }
    NET_ADAPTER_RECEIVE_SCALING_UNHASHED_TARGET_TYPE: i32 {
        NetAdapterReceiveScalingUnhashedTargetTypeUnspecified = 0,
        NetAdapterReceiveScalingUnhashedTargetTypeHashIndex = 1,
    }
    NET_ADAPTER_TX_DEMUX_TYPE: i32 {
        NetAdapterTxDemuxType8021p = 1,
    }
    NET_CONFIGURATION_QUERY_ULONG_FLAGS: i32 {
        NET_CONFIGURATION_QUERY_ULONG_NO_FLAGS = 0, NET_CONFIGURATION_QUERY_ULONG_MAY_BE_STORED_AS_HEX_STRING = 1,
    }
    NET_EXTENSION_TYPE: i32 {
        NetExtensionTypePacket = 1, NetExtensionTypeFragment = 2, NetExtensionTypeBuffer = 3,
    }
    NET_MEMORY_MAPPING_REQUIREMENT: i32 {
        NetMemoryMappingRequirementNone = 0, NetMemoryMappingRequirementDmaMapped = 1,
    }
    NET_PACKET_FILTER_FLAGS: i32 {
        NetPacketFilterFlagDirected = 1, NetPacketFilterFlagMulticast = 2, NetPacketFilterFlagAllMulticast = 4,
        NetPacketFilterFlagBroadcast = 8, NetPacketFilterFlagPromiscuous = 32,
    }
    NET_PACKET_HASH_PROTOCOL_TYPE: i32 {
        NetPacketHashProtocolTypeNone = 0, NetPacketHashProtocolTypeIPv4 = 1,
        NetPacketHashProtocolTypeIPv4Options = 2, NetPacketHashProtocolTypeIPv6 = 4,
        NetPacketHashProtocolTypeIPv6Extensions = 8, NetPacketHashProtocolTypeTcp = 16,
        NetPacketHashProtocolTypeUdp = 32,
    }
    NET_PACKET_LAYER2_TYPE: i32 {
        NetPacketLayer2TypeUnspecified = 0, NetPacketLayer2TypeNull = 1, NetPacketLayer2TypeEthernet = 2,
        NetPacketLayer2TypeIeee80211 = 3,
    }
    NET_PACKET_LAYER3_TYPE: i32 {
        NetPacketLayer3TypeUnspecified = 0, NetPacketLayer3TypeIPv4UnspecifiedOptions = 1,
        NetPacketLayer3TypeIPv4WithOptions = 2, NetPacketLayer3TypeIPv4NoOptions = 3,
        NetPacketLayer3TypeIPv6UnspecifiedExtensions = 4, NetPacketLayer3TypeIPv6WithExtensions = 5,
        NetPacketLayer3TypeIPv6NoExtensions = 6,
    }
    NET_PACKET_LAYER4_TYPE: i32 {
        NetPacketLayer4TypeUnspecified = 0, NetPacketLayer4TypeTcp = 1, NetPacketLayer4TypeUdp = 2,
        NetPacketLayer4TypeIPFragment = 3, NetPacketLayer4TypeIPNotFragment = 4,
    }
    NET_PACKET_RX_CHECKSUM_EVALUATION: i32 {
        NetPacketRxChecksumEvaluationNotChecked = 0, NetPacketRxChecksumEvaluationValid = 1,
        NetPacketRxChecksumEvaluationInvalid = 2,
    }
    NET_PACKET_TX_CHECKSUM_ACTION: i32 {
        NetPacketTxChecksumActionPassthrough = 0, NetPacketTxChecksumActionRequired = 2,
    }
    NET_PACKET_TX_IEEE8021Q_ACTION_FLAGS: i32 {
        NetPacketTxIeee8021qActionFlagPriorityRequired = 1, NetPacketTxIeee8021qActionFlagVlanRequired = 2,
    }
    NET_RING_TYPE: i32 {
        NetRingTypePacket = 0, NetRingTypeFragment = 1, NetRingTypeDataBuffer = 2,
    }
    NET_RX_FRAGMENT_BUFFER_ALLOCATION_MODE: i32 {
        NetRxFragmentBufferAllocationModeSystem = 0, NetRxFragmentBufferAllocationModeDriver = 1,
    }
    NET_RX_FRAGMENT_BUFFER_ATTACHMENT_MODE: i32 {
        NetRxFragmentBufferAttachmentModeSystem = 0, NetRxFragmentBufferAttachmentModeDriver = 1,
    }
}
