//! The rules of NetAdapterCx that the host checks. Names are those of the class extension's
//! failure codes, in upper case.

use crate::executive::Rule;

macro_rules! rules {
    ($($name:ident: $page:literal;)*) => {
        $(pub(crate) const $name: Rule = Rule { name: stringify!($name), page: $page };)*
    };
}

// Calls.
rules! {
    NOT_IMPLEMENTED_BY_HOST: "NetAdapterCx functions; this host does not have this one yet";
    CORRUPTED_PRIVATE_GLOBALS: "WDF Class Extension Library: the globals given at binding";
    IRQL_IS_NOT_PASSIVE: "the function's page, Requirements: IRQL";
    IRQL_NOT_LESS_OR_EQUAL_DISPATCH: "the function's page, Requirements: IRQL";
    PARAMETER_CANT_BE_NULL: "the function's page, Parameters";
    INVALID_STRUCT_TYPE_SIZE: "the structure's page, Size member";
    ADAPTER_ALREADY_STARTED: "Device and adapter initialization, Starting the adapter";
    INVALID_NET_ADAPTER_INIT_SIGNATURE: "NetAdapterInitAllocate function (netadapter.h)";
    NET_ADAPTER_INIT_ALREADY_USED: "NetAdapterCreate function (netadapter.h)";
    INVALID_DATAPATH_CALLBACKS: "NET_ADAPTER_DATAPATH_CALLBACKS structure (netadapter.h)";
    PARENT_OBJECT_NOT_NULL: "NetAdapterCreate function (netadapter.h), AdapterAttributes";
    BAD_QUEUE_INIT_CONTEXT: "EVT_NET_ADAPTER_CREATE_RXQUEUE callback function (netadapter.h)";
    CREATING_NET_QUEUE_FROM_WRONG_THREAD: "NetRxQueueCreate function (netrxqueue.h)";
    QUEUE_ALREADY_CREATED: "NetRxQueueCreate function (netrxqueue.h)";
    NET_QUEUE_INVALID_CONFIGURATION: "NET_PACKET_QUEUE_CONFIG structure (netpacketqueue.h)";
    INVALID_QUEUE_HANDLE: "Packet queue functions: transmit and receive queues differ";
    INVALID_NET_EXTENSION_NAME: "NET_EXTENSION_QUERY structure (netpacketqueue.h), Name";
    INVALID_NET_EXTENSION_VERSION: "NET_EXTENSION_QUERY structure (netpacketqueue.h), Version";
    INVALID_NET_EXTENSION_TYPE: "NET_EXTENSION_QUERY structure (netpacketqueue.h), Type";
    INVALID_ADAPTER_TX_CAPABILITIES: "NET_ADAPTER_TX_CAPABILITIES structure (netadapter.h)";
    INVALID_ADAPTER_RX_CAPABILITIES: "NET_ADAPTER_RX_CAPABILITIES structure (netadapter.h)";
    NOT_POWER_OF_TWO: "the structure's page: the member is a power of two";
    INVALID_RECEIVE_SCALING_HASH_TYPE: "NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE enumeration";
    INVALID_RECEIVE_SCALING_PROTOCOL_TYPE: "NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE enumeration";
    INVALID_RECEIVE_SCALING_ENCAPSULATION_TYPE: "NET_ADAPTER_RECEIVE_SCALING_ENCAPSULATION_TYPE enumeration";
    INVALID_RSS_CONFIGURATION: "EVT_NET_ADAPTER_RECEIVE_SCALING_ENABLE callback function";
    RECEIVE_SCALING_PARTIAL_MOVE: "OID_GEN_RSS_SET_INDIRECTION_TABLE_ENTRIES, all-or-nothing moves";
    INVALID_RECEIVE_FILTER_CAPABILITIES: "NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES structure (netadapter.h)";
    INVALID_SET_RECEIVE_FILTER_CALL_BACK: "NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES structure (netadapter.h)";
    SET_RECEIVE_FILTER_FROM_WRONG_THREAD: "EVT_NET_ADAPTER_SET_RECEIVE_FILTER callback function (netadapter.h)";
    MAC_ADDRESS_LENGTH_TOO_LONG: "NET_ADAPTER_LINK_LAYER_ADDRESS structure (netadapter.h)";
    MTU_MUST_BE_GREATER_THAN_ZERO: "NetAdapterSetLinkLayerMtuSize function (netadapter.h)";
    INVALID_LINK_STATE: "NET_ADAPTER_LINK_STATE structure (netadapter.h)";
    INVALID_QUERY_ULONG_FLAG: "NetConfigurationQueryUlong function (netconfiguration.h)";
    RESET_DIAGNOSTICS_SIZE_TOO_LARGE: "NetDeviceStoreResetDiagnostics function (netdevice.h)";
    IS_NOT_COLLECTING_RESET_DIAGNOSTICS: "NetDeviceStoreResetDiagnostics function (netdevice.h)";
    REMOVING_DEVICE_WITH_ADAPTERS: "Device and adapter initialization: adapters go before their device";
    QUEUE_NEVER_DRAINED: "Canceling network data with net rings";
}

// Rings.
rules! {
    INVALID_RING_IMMUTABLE: "NET_RING structure (ring.h): what the driver may write";
    INVALID_RING_BEGIN_INDEX: "Introduction to net rings: BeginIndex moves within the driver's range";
    INVALID_RING_IMMUTABLE_FRAMEWORK_ELEMENT: "Introduction to net rings: elements the driver does not own";
    INVALID_RING_IMMUTABLE_DRIVER_TX_PACKET: "Net ring element management: transmit packets are read-only";
    INVALID_RING_IMMUTABLE_DRIVER_TX_FRAGMENT: "Net ring element management: transmit fragments are read-only";
    INVALID_RING_MODIFIED_RX_PACKET: "Net ring element management: ignored receive packets";
    INVALID_RING_UNMODIFIED_RX_PACKET: "Net ring element management: what a receive packet must say";
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_ZERO: "NET_PACKET structure (packet.h), FragmentCount";
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_RANGE: "NET_PACKET structure (packet.h), FragmentCount";
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_PRE_RANGE: "NET_PACKET structure (packet.h), FragmentIndex";
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_PRE_RANGE: "NET_PACKET structure (packet.h), FragmentCount";
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_POST_RANGE: "Receiving network data with net rings: fragments go back with their packet";
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_POST_RANGE: "Receiving network data with net rings: fragments go back with their packet";
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OVERLAP: "Receiving network data with net rings: packets share no fragments";
    INVALID_RING_RX_PACKET_LAYER2_TYPE: "NET_PACKET_LAYER2_TYPE enumeration (packet.h)";
    INVALID_RING_RX_PACKET_LAYER3_TYPE: "NET_PACKET_LAYER3_TYPE enumeration (packet.h)";
    INVALID_RING_RX_PACKET_LAYER4_TYPE: "NET_PACKET_LAYER4_TYPE enumeration (packet.h)";
    INVALID_RING_RX_PACKET_LAYER2_TYPE_NULL_LENGTH_NON_ZERO: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_RX_PACKET_LAYER2_TYPE_ETHERNET_LENGTH_INVALID: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV4_LENGTH_INVALID: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV6_LENGTH_INVALID: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_RX_PACKET_LAYER4_TYPE_TCP_LENGTH_INVALID: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_RX_PACKET_LAYER4_TYPE_UDP_LENGTH_INVALID: "NET_PACKET_LAYOUT structure (packet.h)";
    INVALID_RING_UNMODIFIED_RX_FRAGMENT: "Net ring element management: what a receive fragment must say";
    INVALID_RING_MODIFIED_RX_FRAGMENT: "Net ring element management: what belongs to the system in a receive fragment";
    RECEIVE_BUFFER_WRITTEN_AFTER_RETURN: "Network data buffer management: returned buffers belong to the system";
    RECEIVE_BUFFER_WRITTEN_WHILE_KEPT: "Network data buffer management: returned buffers belong to the system";
    RECEIVE_BUFFER_OVERRUN: "NET_FRAGMENT structure (fragment.h), Capacity";
    TRANSMIT_BUFFER_WRITTEN_AFTER_COMPLETION: "Network data buffer management: returned buffers belong to the system";
    TRANSMIT_BUFFER_OVERRUN: "NET_FRAGMENT structure (fragment.h), Capacity";
    DATA_BUFFER_NOT_OWNED: "NET_RING_COLLECTION structure (ringcollection.h): the data buffer ring";
    DATA_BUFFER_LOST: "NET_RING_COLLECTION structure (ringcollection.h): the data buffer ring";
    INVALID_RING_RX_FRAGMENT_LENGTH_INVALID: "NET_FRAGMENT structure (fragment.h): Offset + ValidLength within Capacity";
}
