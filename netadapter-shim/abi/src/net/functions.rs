//! Table functions of NetAdapterCx.

use super::*;

prototypes! {
    NET_DRIVER_GLOBALS, crate::stub::net_globals, crate::stub::net_function;

    NetAdapterInitAllocate, PFN_NETADAPTERINITALLOCATE(Device: WDFDEVICE) -> *mut NETADAPTER_INIT;
    NetAdapterInitFree, PFN_NETADAPTERINITFREE(AdapterInit: *mut NETADAPTER_INIT);
    NetAdapterInitSetDatapathCallbacks, PFN_NETADAPTERINITSETDATAPATHCALLBACKS(
        AdapterInit: *mut NETADAPTER_INIT,
        DatapathCallbacks: *mut NET_ADAPTER_DATAPATH_CALLBACKS,
    );
    NetAdapterCreate, PFN_NETADAPTERCREATE(
        AdapterInit: *mut NETADAPTER_INIT,
        AdapterAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Adapter: *mut NETADAPTER,
    ) -> NTSTATUS;
    NetAdapterStart, PFN_NETADAPTERSTART(Adapter: NETADAPTER) -> NTSTATUS;
    NetAdapterStop, PFN_NETADAPTERSTOP(Adapter: NETADAPTER);
    NetAdapterSetLinkLayerCapabilities, PFN_NETADAPTERSETLINKLAYERCAPABILITIES(
        Adapter: NETADAPTER,
        LinkLayerCapabilities: *mut NET_ADAPTER_LINK_LAYER_CAPABILITIES,
    );
    NetAdapterSetLinkLayerMtuSize, PFN_NETADAPTERSETLINKLAYERMTUSIZE(Adapter: NETADAPTER, MtuSize: ULONG);
    NetAdapterSetDataPathCapabilities, PFN_NETADAPTERSETDATAPATHCAPABILITIES(
        Adapter: NETADAPTER,
        TxCapabilities: *mut NET_ADAPTER_TX_CAPABILITIES,
        RxCapabilities: *mut NET_ADAPTER_RX_CAPABILITIES,
    );
    NetAdapterSetLinkState, PFN_NETADAPTERSETLINKSTATE(Adapter: NETADAPTER, State: *mut NET_ADAPTER_LINK_STATE);
    NetAdapterGetNetLuid, PFN_NETADAPTERGETNETLUID(Adapter: NETADAPTER) -> NET_LUID;
    NetAdapterOpenConfiguration, PFN_NETADAPTEROPENCONFIGURATION(
        Adapter: NETADAPTER,
        ConfigurationAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Configuration: *mut NETCONFIGURATION,
    ) -> NTSTATUS;
    NetAdapterSetPermanentLinkLayerAddress, PFN_NETADAPTERSETPERMANENTLINKLAYERADDRESS(
        Adapter: NETADAPTER,
        LinkLayerAddress: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    );
    NetAdapterSetCurrentLinkLayerAddress, PFN_NETADAPTERSETCURRENTLINKLAYERADDRESS(
        Adapter: NETADAPTER,
        LinkLayerAddress: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    );
    NetAdapterOffloadSetChecksumCapabilities, PFN_NETADAPTEROFFLOADSETCHECKSUMCAPABILITIES(
        Adapter: NETADAPTER,
        HardwareCapabilities: *mut NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES,
    );
    NetOffloadIsChecksumIPv4Enabled, PFN_NETOFFLOADISCHECKSUMIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsChecksumTcpEnabled, PFN_NETOFFLOADISCHECKSUMTCPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsChecksumUdpEnabled, PFN_NETOFFLOADISCHECKSUMUDPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetConfigurationClose, PFN_NETCONFIGURATIONCLOSE(Configuration: NETCONFIGURATION);
    NetConfigurationOpenSubConfiguration, PFN_NETCONFIGURATIONOPENSUBCONFIGURATION(
        Configuration: NETCONFIGURATION,
        SubConfigurationName: *const UNICODE_STRING,
        SubConfigurationAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        SubConfiguration: *mut NETCONFIGURATION,
    ) -> NTSTATUS;
    NetConfigurationQueryUlong, PFN_NETCONFIGURATIONQUERYULONG(
        Configuration: NETCONFIGURATION,
        Flags: NET_CONFIGURATION_QUERY_ULONG_FLAGS,
        ValueName: *const UNICODE_STRING,
        Value: *mut ULONG,
    ) -> NTSTATUS;
    NetConfigurationQueryString, PFN_NETCONFIGURATIONQUERYSTRING(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        StringAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        WdfString: *mut WDFSTRING,
    ) -> NTSTATUS;
    NetConfigurationQueryMultiString, PFN_NETCONFIGURATIONQUERYMULTISTRING(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        StringsAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Collection: WDFCOLLECTION,
    ) -> NTSTATUS;
    NetConfigurationQueryBinary, PFN_NETCONFIGURATIONQUERYBINARY(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        PoolType: POOL_TYPE,
        MemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Memory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    NetConfigurationQueryLinkLayerAddress, PFN_NETCONFIGURATIONQUERYLINKLAYERADDRESS(
        Configuration: NETCONFIGURATION,
        LinkLayerAddress: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    ) -> NTSTATUS;
    NetConfigurationAssignUlong, PFN_NETCONFIGURATIONASSIGNULONG(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        Value: ULONG,
    ) -> NTSTATUS;
    NetConfigurationAssignUnicodeString, PFN_NETCONFIGURATIONASSIGNUNICODESTRING(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        Value: *const UNICODE_STRING,
    ) -> NTSTATUS;
    NetConfigurationAssignMultiString, PFN_NETCONFIGURATIONASSIGNMULTISTRING(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        Collection: WDFCOLLECTION,
    ) -> NTSTATUS;
    NetConfigurationAssignBinary, PFN_NETCONFIGURATIONASSIGNBINARY(
        Configuration: NETCONFIGURATION,
        ValueName: *const UNICODE_STRING,
        Buffer: *mut c_void,
        BufferLength: ULONG,
    ) -> NTSTATUS;
    NetDeviceInitConfig, PFN_NETDEVICEINITCONFIG(DeviceInit: *mut WDFDEVICE_INIT) -> NTSTATUS;
    NetDeviceOpenConfiguration, PFN_NETDEVICEOPENCONFIGURATION(
        Device: WDFDEVICE,
        ConfigurationAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Configuration: *mut NETCONFIGURATION,
    ) -> NTSTATUS;
    NetAdapterSetReceiveScalingCapabilities, PFN_NETADAPTERSETRECEIVESCALINGCAPABILITIES(
        Adapter: NETADAPTER,
        Capabilities: *const NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES,
    );
    NetRxQueueCreate, PFN_NETRXQUEUECREATE(
        NetRxQueueInit: *mut NETRXQUEUE_INIT,
        RxQueueAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Configuration: *mut NET_PACKET_QUEUE_CONFIG,
        PacketQueue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS;
    NetRxQueueNotifyMoreReceivedPacketsAvailable, PFN_NETRXQUEUENOTIFYMORERECEIVEDPACKETSAVAILABLE(
        PacketQueue: NETPACKETQUEUE,
    );
    NetRxQueueInitGetQueueId, PFN_NETRXQUEUEINITGETQUEUEID(NetRxQueueInit: *mut NETRXQUEUE_INIT) -> ULONG;
    NetRxQueueGetRingCollection, PFN_NETRXQUEUEGETRINGCOLLECTION(
        PacketQueue: NETPACKETQUEUE,
    ) -> *const NET_RING_COLLECTION;
    NetRxQueueGetExtension, PFN_NETRXQUEUEGETEXTENSION(
        PacketQueue: NETPACKETQUEUE,
        Query: *const NET_EXTENSION_QUERY,
        Extension: *mut NET_EXTENSION,
    );
    NetTxQueueCreate, PFN_NETTXQUEUECREATE(
        NetTxQueueInit: *mut NETTXQUEUE_INIT,
        TxQueueAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Configuration: *mut NET_PACKET_QUEUE_CONFIG,
        PacketQueue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS;
    NetTxQueueNotifyMoreCompletedPacketsAvailable, PFN_NETTXQUEUENOTIFYMORECOMPLETEDPACKETSAVAILABLE(
        PacketQueue: NETPACKETQUEUE,
    );
    NetTxQueueInitGetQueueId, PFN_NETTXQUEUEINITGETQUEUEID(NetTxQueueInit: *mut NETTXQUEUE_INIT) -> ULONG;
    NetTxQueueGetRingCollection, PFN_NETTXQUEUEGETRINGCOLLECTION(
        PacketQueue: NETPACKETQUEUE,
    ) -> *const NET_RING_COLLECTION;
    NetTxQueueGetExtension, PFN_NETTXQUEUEGETEXTENSION(
        PacketQueue: NETPACKETQUEUE,
        Query: *const NET_EXTENSION_QUERY,
        Extension: *mut NET_EXTENSION,
    );
    NetAdapterSetReceiveFilterCapabilities, PFN_NETADAPTERSETRECEIVEFILTERCAPABILITIES(
        Adapter: NETADAPTER,
        Capabilities: *const NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES,
    );
    NetReceiveFilterGetPacketFilter, PFN_NETRECEIVEFILTERGETPACKETFILTER(
        ReceiveFilter: NETRECEIVEFILTER,
    ) -> NET_PACKET_FILTER_FLAGS;
    NetReceiveFilterGetMulticastAddressCount, PFN_NETRECEIVEFILTERGETMULTICASTADDRESSCOUNT(
        ReceiveFilter: NETRECEIVEFILTER,
    ) -> SIZE_T;
    NetReceiveFilterGetMulticastAddressList, PFN_NETRECEIVEFILTERGETMULTICASTADDRESSLIST(
        ReceiveFilter: NETRECEIVEFILTER,
    ) -> *const NET_ADAPTER_LINK_LAYER_ADDRESS;
    NetAdapterOffloadSetTxChecksumCapabilities, PFN_NETADAPTEROFFLOADSETTXCHECKSUMCAPABILITIES(
        Adapter: NETADAPTER,
        HardwareCapabilities: *const NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES,
    );
    NetOffloadIsTxChecksumIPv4Enabled, PFN_NETOFFLOADISTXCHECKSUMIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsTxChecksumTcpEnabled, PFN_NETOFFLOADISTXCHECKSUMTCPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsTxChecksumUdpEnabled, PFN_NETOFFLOADISTXCHECKSUMUDPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetAdapterOffloadSetRxChecksumCapabilities, PFN_NETADAPTEROFFLOADSETRXCHECKSUMCAPABILITIES(
        Adapter: NETADAPTER,
        Capabilities: *const NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES,
    );
    NetOffloadIsRxChecksumIPv4Enabled, PFN_NETOFFLOADISRXCHECKSUMIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsRxChecksumTcpEnabled, PFN_NETOFFLOADISRXCHECKSUMTCPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsRxChecksumUdpEnabled, PFN_NETOFFLOADISRXCHECKSUMUDPENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetAdapterOffloadSetGsoCapabilities, PFN_NETADAPTEROFFLOADSETGSOCAPABILITIES(
        Adapter: NETADAPTER,
        HardwareCapabilities: *mut NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES,
    );
    NetOffloadIsLsoIPv4Enabled, PFN_NETOFFLOADISLSOIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsLsoIPv6Enabled, PFN_NETOFFLOADISLSOIPV6ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsUsoIPv4Enabled, PFN_NETOFFLOADISUSOIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsUsoIPv6Enabled, PFN_NETOFFLOADISUSOIPV6ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetAdapterOffloadSetRscCapabilities, PFN_NETADAPTEROFFLOADSETRSCCAPABILITIES(
        Adapter: NETADAPTER,
        HardwareCapabilities: *mut NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES,
    );
    NetOffloadIsTcpRscIPv4Enabled, PFN_NETOFFLOADISTCPRSCIPV4ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsTcpRscIPv6Enabled, PFN_NETOFFLOADISTCPRSCIPV6ENABLED(Offload: NETOFFLOAD) -> BOOLEAN;
    NetOffloadIsRscTcpTimestampOptionEnabled, PFN_NETOFFLOADISRSCTCPTIMESTAMPOPTIONENABLED(
        Offload: NETOFFLOAD,
    ) -> BOOLEAN;
    NetAdapterOffloadSetIeee8021qTagCapabilities, PFN_NETADAPTEROFFLOADSETIEEE8021QTAGCAPABILITIES(
        Adapter: NETADAPTER,
        HardwareCapabilities: *mut NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES,
    );
    NetAdapterInitAddTxDemux, PFN_NETADAPTERINITADDTXDEMUX(
        AdapterInit: *mut NETADAPTER_INIT,
        Demux: *const NET_ADAPTER_TX_DEMUX,
    );
    NetDeviceInitSetResetCapabilities, PFN_NETDEVICEINITSETRESETCAPABILITIES(
        DeviceInit: *mut WDFDEVICE_INIT,
        ResetCapabilities: *const NET_DEVICE_RESET_CAPABILITIES,
    );
    NetDeviceStoreResetDiagnostics, PFN_NETDEVICESTORERESETDIAGNOSTICS(
        Device: WDFDEVICE,
        ResetDiagnosticsSize: SIZE_T,
        ResetDiagnosticsBuffer: *const u8,
    );
    NetDeviceRequestReset, PFN_NETDEVICEREQUESTRESET(Device: WDFDEVICE);
    NetExecutionContextCreate, PFN_NETEXECUTIONCONTEXTCREATE(
        Device: WDFDEVICE,
        Config: *const NET_EXECUTION_CONTEXT_CONFIG,
        ClientAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        NetExecutionContextHandle: *mut NETEXECUTIONCONTEXT,
    ) -> NTSTATUS;
    NetExecutionContextTaskCreate, PFN_NETEXECUTIONCONTEXTTASKCREATE(
        NetExecutionContextHandle: NETEXECUTIONCONTEXT,
        ClientAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        NetExecutionContextTaskConfig: *mut NET_EXECUTION_CONTEXT_TASK_CONFIG,
        NetExecutionContextTaskHandle: *mut NETEXECUTIONCONTEXTTASK,
    ) -> NTSTATUS;
    NetExecutionContextNotify, PFN_NETEXECUTIONCONTEXTNOTIFY(ExecutionContext: NETEXECUTIONCONTEXT);
    NetExecutionContextTaskEnqueue, PFN_NETEXECUTIONCONTEXTTASKENQUEUE(
        NetExecutionContextTaskHandle: NETEXECUTIONCONTEXTTASK,
    );
    NetExecutionContextTaskWaitCompletion, PFN_NETEXECUTIONCONTEXTTASKWAITCOMPLETION(
        NetExecutionContextTaskHandle: NETEXECUTIONCONTEXTTASK,
    );
    NetTxQueueGetDemux8021p, PFN_NETTXQUEUEGETDEMUX8021P(Queue: NETPACKETQUEUE) -> u8;
}
