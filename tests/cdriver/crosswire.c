// A network adapter without hardware. Two of them are the ends of one link. The keyword `Station`
// gives each its address, and without it the device cannot be added.

#include "guarded.h"
#include "link.h"

enum {
    WdfDeviceInitSetPnpPowerEventCallbacks = 55,
    WdfDeviceCreate = 75,
    WdfDriverCreate = 116,
    WdfObjectGetTypedContextWorker = 202,
};

enum {
    NetAdapterInitAllocate = 0,
    NetAdapterInitFree = 1,
    NetAdapterInitSetDatapathCallbacks = 2,
    NetAdapterCreate = 3,
    NetAdapterStart = 4,
    NetAdapterSetLinkLayerCapabilities = 6,
    NetAdapterSetLinkLayerMtuSize = 7,
    NetAdapterSetDataPathCapabilities = 14,
    NetAdapterSetLinkState = 15,
    NetAdapterSetPermanentLinkLayerAddress = 18,
    NetAdapterSetCurrentLinkLayerAddress = 19,
    NetConfigurationClose = 35,
    NetConfigurationQueryUlong = 37,
    NetDeviceInitConfig = 46,
    NetDeviceOpenConfiguration = 47,
    NetRxQueueCreate = 58,
    NetRxQueueGetRingCollection = 61,
    NetRxQueueGetExtension = 62,
    NetTxQueueCreate = 63,
    NetTxQueueGetRingCollection = 66,
    NetTxQueueGetExtension = 67,
};

#define MTU 1500
#define FRAME_BYTES (MTU + 14)
#define LINK_SPEED 10000000000ull
#define LAST_STATION 254
#define LEAST_WINDOWS 10

// What the keyword `Fault` makes the driver do when it starts.
enum { NoFault, Assertion, FailingFast, UnknownField, SharedDataStore, PriorityTooHigh, Unhandled };

static const WDF_OBJECT_CONTEXT_TYPE_INFO EndType = {
    sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), "END", sizeof(END), &EndType, 0};
static const WDF_OBJECT_CONTEXT_TYPE_INFO QueueType = {
    sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), "QUEUE", sizeof(QUEUE), &QueueType, 0};
typedef struct {
    ULONG Fault;
    END *End;
} DEVICE;
static const WDF_OBJECT_CONTEXT_TYPE_INFO DeviceType = {
    sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), "DEVICE", sizeof(DEVICE), &DeviceType, 0};

static PVOID ContextOf(PVOID object, const WDF_OBJECT_CONTEXT_TYPE_INFO *type) {
    typedef PVOID GET(WDF_DRIVER_GLOBALS *, WDFOBJECT, const WDF_OBJECT_CONTEXT_TYPE_INFO *);
    return WDF_CALL(WdfObjectGetTypedContextWorker, GET *)(WdfDriverGlobals, object, type);
}

static WDF_OBJECT_ATTRIBUTES Attributes(const WDF_OBJECT_CONTEXT_TYPE_INFO *type) {
    WDF_OBJECT_ATTRIBUTES attributes = {
        .Size = sizeof(attributes),
        .ExecutionLevel = WdfInheritFromParent,
        .SynchronizationScope = WdfInheritFromParent,
        .ContextTypeInfo = type,
    };
    return attributes;
}

// Queues.

static void QueueStart(NETPACKETQUEUE queue) { LinkQueueStart(ContextOf(queue, &QueueType)); }
static void QueueStop(NETPACKETQUEUE queue) { LinkQueueStop(ContextOf(queue, &QueueType)); }
static void QueueAdvance(NETPACKETQUEUE queue) { LinkQueueAdvance(ContextOf(queue, &QueueType)); }
static void QueueCancel(NETPACKETQUEUE queue) { LinkQueueCancel(ContextOf(queue, &QueueType)); }
static void QueueArm(NETPACKETQUEUE queue, BOOLEAN enabled) {
    LinkQueueArm(ContextOf(queue, &QueueType), enabled);
}

static void QueueDestroy(WDFOBJECT object) {
    QUEUE *queue = ContextOf(object, &QueueType);
    if (!queue->End) return;
    if (queue->IsReceive) {
        queue->End->Rx = 0;
    } else {
        queue->End->Tx = 0;
    }
}

typedef void GET_EXTENSION(NET_DRIVER_GLOBALS *, NETPACKETQUEUE, const NET_EXTENSION_QUERY *,
                           NET_EXTENSION *);

static NET_EXTENSION Extension(QUEUE *queue, const WCHAR *name, ULONG version, int type) {
    NET_EXTENSION_QUERY query = {sizeof(query), name, version, type};
    NET_EXTENSION extension;
    ULONG index = queue->IsReceive ? NetRxQueueGetExtension : NetTxQueueGetExtension;
    NET_CALL(index, GET_EXTENSION *)(NetDriverGlobals, queue->Handle, &query, &extension);
    return extension;
}

// What is not offered, or not in that version, is not enabled.
static BOOLEAN ExtensionsAreAsExpected(QUEUE *queue) {
    return queue->Address.Enabled &&
           !Extension(queue, L"ms_fragment_virtualaddress", 2, NetExtensionTypeFragment).Enabled &&
           !Extension(queue, L"ms_packet_rsc", 2, NetExtensionTypePacket).Enabled &&
           !Extension(queue, L"ms_packet_checksum", 1, NetExtensionTypePacket).Enabled;
}

typedef NTSTATUS CREATE_QUEUE(NET_DRIVER_GLOBALS *, NETQUEUE_INIT *, WDF_OBJECT_ATTRIBUTES *,
                              NET_PACKET_QUEUE_CONFIG *, NETPACKETQUEUE *);
typedef const NET_RING_COLLECTION *GET_RINGS(NET_DRIVER_GLOBALS *, NETPACKETQUEUE);

static NTSTATUS CreateQueue(NETADAPTER adapter, NETQUEUE_INIT *init, BOOLEAN is_receive) {
    NET_PACKET_QUEUE_CONFIG config = {
        .Size = sizeof(config),
        .EvtStart = QueueStart,
        .EvtStop = QueueStop,
        .EvtAdvance = QueueAdvance,
        .EvtSetNotificationEnabled = QueueArm,
        .EvtCancel = QueueCancel,
    };
#if defined(CLASS_MINOR) && CLASS_MINOR == 0
    config.Size = __builtin_offsetof(NET_PACKET_QUEUE_CONFIG, ExecutionContext);
#endif
    WDF_OBJECT_ATTRIBUTES attributes = Attributes(&QueueType);
    attributes.EvtDestroyCallback = QueueDestroy;
    NETPACKETQUEUE handle;
    NTSTATUS status =
        NET_CALL(is_receive ? NetRxQueueCreate : NetTxQueueCreate, CREATE_QUEUE *)(
            NetDriverGlobals, init, &attributes, &config, &handle);
    if (!NT_SUCCESS(status)) return status;
    QUEUE *queue = ContextOf(handle, &QueueType);
    ULONG get_rings = is_receive ? NetRxQueueGetRingCollection : NetTxQueueGetRingCollection;
    const NET_RING_COLLECTION *rings =
        NET_CALL(get_rings, GET_RINGS *)(NetDriverGlobals, handle);
    queue->Handle = handle;
    queue->IsReceive = is_receive;
    queue->Packets = rings->Rings[0];
    queue->Fragments = rings->Rings[1];
    queue->Address =
        Extension(queue, L"ms_fragment_virtualaddress", 1, NetExtensionTypeFragment);
    if (!ExtensionsAreAsExpected(queue)) return STATUS_INTERNAL_ERROR;
    queue->End = ContextOf(adapter, &EndType);
    if (is_receive) {
        queue->End->Rx = queue;
    } else {
        queue->End->Tx = queue;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS CreateTxQueue(NETADAPTER adapter, NETQUEUE_INIT *init) {
    return CreateQueue(adapter, init, FALSE);
}

static NTSTATUS CreateRxQueue(NETADAPTER adapter, NETQUEUE_INIT *init) {
    return CreateQueue(adapter, init, TRUE);
}

// The adapter.

typedef NETADAPTER_INIT *ALLOCATE_INIT(NET_DRIVER_GLOBALS *, WDFDEVICE);
typedef void SET_CALLBACKS(NET_DRIVER_GLOBALS *, NETADAPTER_INIT *,
                           NET_ADAPTER_DATAPATH_CALLBACKS *);
typedef NTSTATUS CREATE_ADAPTER(NET_DRIVER_GLOBALS *, NETADAPTER_INIT *, WDF_OBJECT_ATTRIBUTES *,
                                NETADAPTER *);
typedef void FREE_INIT(NET_DRIVER_GLOBALS *, NETADAPTER_INIT *);

static void AdapterCleanup(WDFOBJECT object) { LinkDetach(ContextOf(object, &EndType)); }

static NTSTATUS CreateAdapter(WDFDEVICE device, ULONG station) {
    NETADAPTER_INIT *init =
        NET_CALL(NetAdapterInitAllocate, ALLOCATE_INIT *)(NetDriverGlobals, device);
    if (!init) return STATUS_INSUFFICIENT_RESOURCES;
    NET_ADAPTER_DATAPATH_CALLBACKS callbacks = {sizeof(callbacks), CreateTxQueue, CreateRxQueue};
    NET_CALL(NetAdapterInitSetDatapathCallbacks, SET_CALLBACKS *)(NetDriverGlobals, init,
                                                                  &callbacks);
    WDF_OBJECT_ATTRIBUTES attributes = Attributes(&EndType);
    attributes.EvtCleanupCallback = AdapterCleanup;
    NETADAPTER adapter;
    NTSTATUS status = NET_CALL(NetAdapterCreate, CREATE_ADAPTER *)(NetDriverGlobals, init,
                                                                   &attributes, &adapter);
    NET_CALL(NetAdapterInitFree, FREE_INIT *)(NetDriverGlobals, init);
    if (!NT_SUCCESS(status)) return status;
    END *end = ContextOf(adapter, &EndType);
    end->Adapter = adapter;
    end->Station = station;
    ((DEVICE *)ContextOf(device, &DeviceType))->End = end;
    return LinkAttach(end);
}

typedef void SET_DATAPATH(NET_DRIVER_GLOBALS *, NETADAPTER, NET_ADAPTER_TX_CAPABILITIES *,
                          NET_ADAPTER_RX_CAPABILITIES *);
typedef void SET_POINTER(NET_DRIVER_GLOBALS *, NETADAPTER, PVOID);
typedef void SET_ULONG(NET_DRIVER_GLOBALS *, NETADAPTER, ULONG);
typedef NTSTATUS START(NET_DRIVER_GLOBALS *, NETADAPTER);

static void SetAddress(END *end) {
    NET_ADAPTER_LINK_LAYER_ADDRESS address = {6, {0x02, 'C', 'r', 'o', 's', (UCHAR)end->Station}};
    NET_CALL(NetAdapterSetPermanentLinkLayerAddress, SET_POINTER *)(NetDriverGlobals, end->Adapter,
                                                                    &address);
    NET_CALL(NetAdapterSetCurrentLinkLayerAddress, SET_POINTER *)(NetDriverGlobals, end->Adapter,
                                                                  &address);
}

static NTSTATUS StartAdapter(END *end) {
    NET_ADAPTER_TX_CAPABILITIES tx = {
        .Size = sizeof(tx),
        .MaximumNumberOfFragments = ~0ull,
        .FragmentBufferAlignment = 1,
        .MaximumNumberOfQueues = 1,
    };
    NET_ADAPTER_RX_CAPABILITIES rx = {
        .Size = sizeof(rx),
        .MaximumFrameSize = FRAME_BYTES,
        .MaximumNumberOfQueues = 1,
        .FragmentBufferAlignment = 1,
    };
    NET_CALL(NetAdapterSetDataPathCapabilities, SET_DATAPATH *)(NetDriverGlobals, end->Adapter, &tx,
                                                                &rx);
    NET_ADAPTER_LINK_LAYER_CAPABILITIES speeds = {sizeof(speeds), LINK_SPEED, LINK_SPEED};
    NET_CALL(NetAdapterSetLinkLayerCapabilities, SET_POINTER *)(NetDriverGlobals, end->Adapter,
                                                                &speeds);
    NET_CALL(NetAdapterSetLinkLayerMtuSize, SET_ULONG *)(NetDriverGlobals, end->Adapter, MTU);
    SetAddress(end);
    NET_ADAPTER_LINK_STATE state = {
        .Size = sizeof(state),
        .TxLinkSpeed = LINK_SPEED,
        .RxLinkSpeed = LINK_SPEED,
        .MediaConnectState = MediaConnectStateConnected,
        .MediaDuplexState = MediaDuplexStateFull,
    };
    NET_CALL(NetAdapterSetLinkState, SET_POINTER *)(NetDriverGlobals, end->Adapter, &state);
    return NET_CALL(NetAdapterStart, START *)(NetDriverGlobals, end->Adapter);
}

// The device.

typedef NTSTATUS OPEN(NET_DRIVER_GLOBALS *, WDFDEVICE, WDF_OBJECT_ATTRIBUTES *, NETCONFIGURATION *);
typedef NTSTATUS QUERY(NET_DRIVER_GLOBALS *, NETCONFIGURATION, int, const UNICODE_STRING *,
                       ULONG *);
typedef void CLOSE(NET_DRIVER_GLOBALS *, NETCONFIGURATION);

static ULONG Keyword(NETCONFIGURATION configuration, const UNICODE_STRING *name) {
    ULONG value = 0;
    NTSTATUS status = NET_CALL(NetConfigurationQueryUlong, QUERY *)(
        NetDriverGlobals, configuration, 0, name, &value);
    return NT_SUCCESS(status) ? value : 0;
}

#define STRING(text) {sizeof(text) - sizeof(WCHAR), sizeof(text), (WCHAR *)text}

static NTSTATUS ReadKeywords(WDFDEVICE device, ULONG *station) {
    static const UNICODE_STRING StationName = STRING(L"Station"), FaultName = STRING(L"Fault");
    NETCONFIGURATION configuration;
    NTSTATUS status = NET_CALL(NetDeviceOpenConfiguration, OPEN *)(NetDriverGlobals, device, 0,
                                                                   &configuration);
    if (!NT_SUCCESS(status)) return status;
    *station = Keyword(configuration, &StationName);
    ((DEVICE *)ContextOf(device, &DeviceType))->Fault = Keyword(configuration, &FaultName);
    NET_CALL(NetConfigurationClose, CLOSE *)(NetDriverGlobals, configuration);
    BOOLEAN is_valid = *station != 0 && *station <= LAST_STATION;
    return is_valid ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static void Misbehave(ULONG fault) {
    ULONG64 value = 0;
    switch (fault) {
    case Assertion:
        NT_ASSERT(fault == NoFault);
        break;
    case FailingFast:
        FastFail(FAST_FAIL_CORRUPT_LIST_ENTRY);
        break;
    case UnknownField:
        __asm__ volatile("movq %%gs:0x7f0, %0" : "=r"(value));
        break;
    case SharedDataStore:
        *(volatile ULONG64 *)(SHARED_DATA + 0x14) = value;
        break;
    case PriorityTooHigh:
        WriteIrql(16);
        break;
    case Unhandled:
        FailUnhandled();
        break;
    default:
        break;
    }
}

static NTSTATUS PrepareHardware(WDFDEVICE device, PVOID raw, PVOID translated) {
    DEVICE *context = ContextOf(device, &DeviceType);
    (void)raw;
    (void)translated;
    Misbehave(context->Fault);
    return StartAdapter(context->End);
}

typedef NTSTATUS INIT_CONFIG(NET_DRIVER_GLOBALS *, WDFDEVICE_INIT *);
typedef void SET_PNP(WDF_DRIVER_GLOBALS *, WDFDEVICE_INIT *, WDF_PNPPOWER_EVENT_CALLBACKS *);
typedef NTSTATUS CREATE_DEVICE(WDF_DRIVER_GLOBALS *, WDFDEVICE_INIT **, WDF_OBJECT_ATTRIBUTES *,
                               WDFDEVICE *);

static NTSTATUS DeviceAdd(WDFDRIVER driver, WDFDEVICE_INIT *init) {
    (void)driver;
    NTSTATUS status = NET_CALL(NetDeviceInitConfig, INIT_CONFIG *)(NetDriverGlobals, init);
    if (!NT_SUCCESS(status)) return status;
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks = {
        .Size = sizeof(callbacks),
        .EvtDevicePrepareHardware = PrepareHardware,
    };
    WDF_CALL(WdfDeviceInitSetPnpPowerEventCallbacks, SET_PNP *)(WdfDriverGlobals, init, &callbacks);
    WDF_OBJECT_ATTRIBUTES attributes = Attributes(&DeviceType);
    WDFDEVICE device;
    status = WDF_CALL(WdfDeviceCreate, CREATE_DEVICE *)(WdfDriverGlobals, &init, &attributes,
                                                        &device);
    if (!NT_SUCCESS(status)) return status;
    ULONG station = 0;
    status = ReadKeywords(device, &station);
    return NT_SUCCESS(status) ? CreateAdapter(device, station) : status;
}

// The driver.

static void DriverUnload(WDFDRIVER driver) {
    (void)driver;
    LinkStop();
}

typedef NTSTATUS CREATE_DRIVER(WDF_DRIVER_GLOBALS *, DRIVER_OBJECT *, const UNICODE_STRING *,
                               WDF_OBJECT_ATTRIBUTES *, WDF_DRIVER_CONFIG *, WDFDRIVER *);

NTSTATUS DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path) {
    if (NtMajorVersion() < LEAST_WINDOWS) return STATUS_NOT_SUPPORTED;
    if (!ExceptionsAreHandled()) return STATUS_INTERNAL_ERROR;
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL,
               "crosswire: " SOURCES ", loaded on day %u\n",
               (ULONG)(KeQuerySystemTime() / 864000000000ull));
    WDF_DRIVER_CONFIG config = {
        .Size = sizeof(config),
        .EvtDriverDeviceAdd = DeviceAdd,
        .EvtDriverUnload = DriverUnload,
    };
    NTSTATUS status = WDF_CALL(WdfDriverCreate, CREATE_DRIVER *)(
        WdfDriverGlobals, driver, registry_path, 0, &config, 0);
    return NT_SUCCESS(status) ? LinkStart() : status;
}
