//! The rules of NetAdapterCx that the host checks. Names are those of the class extension's
//! failure codes, in upper case.

pub(super) use crate::executive::rules::NOT_IMPLEMENTED_BY_HOST;

crate::verifier::rules! {
    /// The first argument of every function of the table is the globals given at binding.
    CORRUPTED_PRIVATE_GLOBALS = "WDF Class Extension Library: the globals given at binding";
    /// The function is called at PASSIVE_LEVEL.
    IRQL_IS_NOT_PASSIVE = "the function's page, Requirements: IRQL";
    /// The function is called at DISPATCH_LEVEL or below.
    IRQL_NOT_LESS_OR_EQUAL_DISPATCH = "the function's page, Requirements: IRQL";
    /// A pointer is null only where its page allows it.
    PARAMETER_CANT_BE_NULL = "the function's page, Parameters";
    /// A structure's Size is that of the version to which the driver is bound.
    INVALID_STRUCT_TYPE_SIZE = "the structure's page, Size member";
    /// Capabilities are set before the adapter is started.
    ADAPTER_ALREADY_STARTED = "Device and adapter initialization, Starting the adapter";
    /// A NETADAPTER_INIT is one that NetAdapterInitAllocate gave and that was not freed.
    INVALID_NET_ADAPTER_INIT_SIGNATURE = "NetAdapterInitAllocate function (netadapter.h)";
    /// A NETADAPTER_INIT makes one adapter.
    NET_ADAPTER_INIT_ALREADY_USED = "NetAdapterCreate function (netadapter.h)";
    /// An adapter has callbacks that make its transmit and receive queues.
    INVALID_DATAPATH_CALLBACKS = "NET_ADAPTER_DATAPATH_CALLBACKS structure (netadapter.h)";
    /// The attributes of an adapter name no parent: the device is its parent.
    PARENT_OBJECT_NOT_NULL = "NetAdapterCreate function (netadapter.h), AdapterAttributes";
    /// A queue's init is used in the create callback that it was given to.
    BAD_QUEUE_INIT_CONTEXT = "EVT_NET_ADAPTER_CREATE_RXQUEUE callback function (netadapter.h)";
    /// A queue is made by the thread that runs its create callback.
    CREATING_NET_QUEUE_FROM_WRONG_THREAD = "NetRxQueueCreate function (netrxqueue.h)";
    /// A create callback makes one queue.
    QUEUE_ALREADY_CREATED = "NetRxQueueCreate function (netrxqueue.h)";
    /// A queue has its advance, cancel and notification callbacks.
    NET_QUEUE_INVALID_CONFIGURATION = "NET_PACKET_QUEUE_CONFIG structure (netpacketqueue.h)";
    /// Functions of transmit queues take transmit queues that live, those of receive queues receive
    /// queues.
    INVALID_QUEUE_HANDLE = "Packet queue functions: transmit and receive queues differ";
    /// A query for an extension names it.
    INVALID_NET_EXTENSION_NAME = "NET_EXTENSION_QUERY structure (netpacketqueue.h), Name";
    /// A query for an extension gives its version.
    INVALID_NET_EXTENSION_VERSION = "NET_EXTENSION_QUERY structure (netpacketqueue.h), Version";
    /// A query for an extension says whether it is one of packets, fragments or buffers.
    INVALID_NET_EXTENSION_TYPE = "NET_EXTENSION_QUERY structure (netpacketqueue.h), Type";
    /// Transmit capabilities are within their limits and do not contradict each other.
    INVALID_ADAPTER_TX_CAPABILITIES = "NET_ADAPTER_TX_CAPABILITIES structure (netadapter.h)";
    /// Receive capabilities are within their limits and do not contradict each other.
    INVALID_ADAPTER_RX_CAPABILITIES = "NET_ADAPTER_RX_CAPABILITIES structure (netadapter.h)";
    /// Sizes of rings, alignments and tables are powers of two.
    NOT_POWER_OF_TWO = "the structure's page: the member is a power of two";
    /// Hash types are ones of their enumeration.
    INVALID_RECEIVE_SCALING_HASH_TYPE = "NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE enumeration";
    /// Protocol types are ones of their enumeration.
    INVALID_RECEIVE_SCALING_PROTOCOL_TYPE = "NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE enumeration";
    /// Encapsulation types are ones of their enumeration.
    INVALID_RECEIVE_SCALING_ENCAPSULATION_TYPE = "NET_ADAPTER_RECEIVE_SCALING_ENCAPSULATION_TYPE enumeration";
    /// A driver that has enabled receive scaling can enable it again with other hash information
    /// that it says it can compute.
    INVALID_RSS_CONFIGURATION = "EVT_NET_ADAPTER_RECEIVE_SCALING_ENABLE callback function";
    /// The entries of the indirection table that leave a processor all move, or none of them.
    RECEIVE_SCALING_PARTIAL_MOVE = "OID_GEN_RSS_SET_INDIRECTION_TABLE_ENTRIES, all-or-nothing moves";
    /// Receive filter capabilities do not contradict each other.
    INVALID_RECEIVE_FILTER_CAPABILITIES = "NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES structure (netadapter.h)";
    /// A driver that supports packet filters has a callback that sets them.
    INVALID_SET_RECEIVE_FILTER_CALL_BACK = "NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES structure (netadapter.h)";
    /// Functions that read the new receive filter are called in the callback that sets it.
    SET_RECEIVE_FILTER_FROM_WRONG_THREAD = "EVT_NET_ADAPTER_SET_RECEIVE_FILTER callback function (netadapter.h)";
    /// A link-layer address has at most as many bytes as its structure holds.
    MAC_ADDRESS_LENGTH_TOO_LONG = "NET_ADAPTER_LINK_LAYER_ADDRESS structure (netadapter.h)";
    /// Transmit checksum flags for headers with options go with those for headers without.
    INVALID_TX_CHECKSUM_CAPABILITIES = "NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES structure (netadapteroffload.h)";
    /// Transmit checksum capabilities have a flag.
    INVALID_TX_CHECKSUM_HARDWARE_CAPABILITIES = "NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES structure (netadapteroffload.h)";
    /// Transport checksums go with a network layer.
    INVALID_TX_CHECKSUM_LAYER4_CAPABILITIES = "NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES structure (netadapteroffload.h)";
    /// Checksums for IPv6 alone are those of a transport.
    INVALID_TX_CHECKSUM_IPV6_FLAGS = "NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES structure (netadapteroffload.h)";
    /// Segmentation capabilities have sizes, and flags that go together.
    INVALID_GSO_CAPABILITIES = "NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES structure (netadapteroffload.h)";
    /// Segmentation capabilities have a flag.
    INVALID_GSO_HARDWARE_CAPABILITIES = "NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES structure (netadapteroffload.h)";
    /// The combined checksum functions are called by drivers of 2.0 only.
    DEPRECATED_FUNCTION = "NetAdapterOffloadSetChecksumCapabilities function (netadapteroffload.h)";
    /// A NETOFFLOAD is used in the callback that it was given to.
    OFFLOAD_USED_OUTSIDE_OF_CALLBACK = "EVT_NET_ADAPTER_OFFLOAD_SET_TX_CHECKSUM callback function (netadapteroffload.h), Offload";
    /// The MTU is not 0.
    MTU_MUST_BE_GREATER_THAN_ZERO = "NetAdapterSetLinkLayerMtuSize function (netadapter.h)";
    /// The members of a link state are ones of their enumerations and do not contradict each other.
    INVALID_LINK_STATE = "NET_ADAPTER_LINK_STATE structure (netadapter.h)";
    /// Flags of a keyword query are ones of their enumeration.
    INVALID_QUERY_ULONG_FLAG = "NetConfigurationQueryUlong function (netconfiguration.h)";
    /// Reset diagnostics have at most the size that the page gives.
    RESET_DIAGNOSTICS_SIZE_TOO_LARGE = "NetDeviceStoreResetDiagnostics function (netdevice.h)";
    /// Reset diagnostics are stored once, in the callback that collects them.
    IS_NOT_COLLECTING_RESET_DIAGNOSTICS = "NetDeviceStoreResetDiagnostics function (netdevice.h)";
    /// The adapters of a device are stopped and gone before the device is.
    REMOVING_DEVICE_WITH_ADAPTERS = "Device and adapter initialization: adapters go before their device";
    /// A cancelled queue gives back all its elements.
    QUEUE_NEVER_DRAINED = "Canceling network data with net rings";

    /// A driver writes BeginIndex, NextIndex and Scratch of a ring, and nothing else of its header.
    INVALID_RING_IMMUTABLE = "NET_RING structure (ring.h): what the driver may write";
    /// A driver moves BeginIndex forward, up to EndIndex.
    INVALID_RING_BEGIN_INDEX = "Introduction to net rings: BeginIndex moves within the driver's range";
    /// A driver leaves alone the elements of a ring that it does not own.
    INVALID_RING_IMMUTABLE_FRAMEWORK_ELEMENT = "Introduction to net rings: elements the driver does not own";
    /// A driver does not change a packet that it transmits.
    INVALID_RING_IMMUTABLE_DRIVER_TX_PACKET = "Net ring element management: transmit packets are read-only";
    /// A driver does not change a fragment that it transmits.
    INVALID_RING_IMMUTABLE_DRIVER_TX_FRAGMENT = "Net ring element management: transmit fragments are read-only";
    /// A receive packet that is handed back unused says Ignore and nothing else.
    INVALID_RING_MODIFIED_RX_PACKET = "Net ring element management: ignored receive packets";
    /// A receive packet that is handed up has been written.
    INVALID_RING_UNMODIFIED_RX_PACKET = "Net ring element management: what a receive packet must say";
    /// A receive packet has at least one fragment.
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_ZERO = "NET_PACKET structure (packet.h), FragmentCount";
    /// A receive packet has no more fragments than its ring has.
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_RANGE = "NET_PACKET structure (packet.h), FragmentCount";
    /// A receive packet names fragments that the driver had been given.
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_PRE_RANGE = "NET_PACKET structure (packet.h), FragmentIndex";
    /// The last fragment of a receive packet is one that the driver had been given.
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_PRE_RANGE = "NET_PACKET structure (packet.h), FragmentCount";
    /// The fragments of a receive packet are handed up with it.
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_POST_RANGE = "Receiving network data with net rings: fragments go back with their packet";
    /// The last fragment of a receive packet is handed up with it.
    INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_POST_RANGE = "Receiving network data with net rings: fragments go back with their packet";
    /// No two receive packets share a fragment.
    INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OVERLAP = "Receiving network data with net rings: packets share no fragments";
    /// The layer 2 type of a receive packet is one of its enumeration.
    INVALID_RING_RX_PACKET_LAYER2_TYPE = "NET_PACKET_LAYER2_TYPE enumeration (packet.h)";
    /// The layer 3 type of a receive packet is one of its enumeration.
    INVALID_RING_RX_PACKET_LAYER3_TYPE = "NET_PACKET_LAYER3_TYPE enumeration (packet.h)";
    /// The layer 4 type of a receive packet is one of its enumeration.
    INVALID_RING_RX_PACKET_LAYER4_TYPE = "NET_PACKET_LAYER4_TYPE enumeration (packet.h)";
    /// A receive packet without a layer 2 header says length 0.
    INVALID_RING_RX_PACKET_LAYER2_TYPE_NULL_LENGTH_NON_ZERO = "NET_PACKET_LAYOUT structure (packet.h)";
    /// An Ethernet header has a length that an Ethernet header can have.
    INVALID_RING_RX_PACKET_LAYER2_TYPE_ETHERNET_LENGTH_INVALID = "NET_PACKET_LAYOUT structure (packet.h)";
    /// An IPv4 header has a length that fits its type.
    INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV4_LENGTH_INVALID = "NET_PACKET_LAYOUT structure (packet.h)";
    /// An IPv6 header has a length that fits its type.
    INVALID_RING_RX_PACKET_LAYER3_TYPE_IPV6_LENGTH_INVALID = "NET_PACKET_LAYOUT structure (packet.h)";
    /// A TCP header has a length that a TCP header can have.
    INVALID_RING_RX_PACKET_LAYER4_TYPE_TCP_LENGTH_INVALID = "NET_PACKET_LAYOUT structure (packet.h)";
    /// A UDP header has 8 bytes.
    INVALID_RING_RX_PACKET_LAYER4_TYPE_UDP_LENGTH_INVALID = "NET_PACKET_LAYOUT structure (packet.h)";
    /// A receive fragment that is handed up says where its data lies.
    INVALID_RING_UNMODIFIED_RX_FRAGMENT = "Net ring element management: what a receive fragment must say";
    /// What the system sets in a receive fragment stays as it is.
    INVALID_RING_MODIFIED_RX_FRAGMENT = "Net ring element management: what belongs to the system in a receive fragment";
    /// What a receive packet says about its checksums is a value of the enumeration.
    INVALID_RX_CHECKSUM_EVALUATION = "NET_PACKET_RX_CHECKSUM_EVALUATION enumeration (checksumtypes.h)";
    /// What a receive packet says about its checksums is true.
    RX_CHECKSUM_EVALUATION_WRONG = "Checksum offload: what a receive packet says about its checksums";
    /// A driver does for receive packets what it was told is enabled, and no more.
    OFFLOAD_NOT_ENABLED = "Introduction to hardware offloads: the active state decides";
    /// Only TCP segments are coalesced.
    RSC_OF_OTHER_THAN_TCP = "RSC offload: indicating coalesced packets";
    /// The hash of a receive packet is the one of its headers and the key.
    RECEIVE_HASH_WRONG = "NET_PACKET_HASH structure (packethash.h)";
    /// A receive buffer is not written once it was handed up, until Windows gives it again.
    RECEIVE_BUFFER_WRITTEN_AFTER_RETURN = "Network data buffer management: returned buffers belong to the system";
    /// A receive buffer is not written while the layers above keep it.
    RECEIVE_BUFFER_WRITTEN_WHILE_KEPT = "Network data buffer management: returned buffers belong to the system";
    /// A receive buffer is written within its capacity.
    RECEIVE_BUFFER_OVERRUN = "NET_FRAGMENT structure (fragment.h), Capacity";
    /// A transmit buffer is not written once its packet was completed.
    TRANSMIT_BUFFER_WRITTEN_AFTER_COMPLETION = "Network data buffer management: returned buffers belong to the system";
    /// A transmit buffer is written within its capacity.
    TRANSMIT_BUFFER_OVERRUN = "NET_FRAGMENT structure (fragment.h), Capacity";
    /// A driver hands up data buffers that it was given and still owns.
    DATA_BUFFER_NOT_OWNED = "NET_RING_COLLECTION structure (ringcollection.h): the data buffer ring";
    /// A driver gives back every data buffer that it was given.
    DATA_BUFFER_LOST = "NET_RING_COLLECTION structure (ringcollection.h): the data buffer ring";
    /// Offset and valid length of a receive fragment lie within its capacity.
    INVALID_RING_RX_FRAGMENT_LENGTH_INVALID = "NET_FRAGMENT structure (fragment.h): Offset + ValidLength within Capacity";
}
