// What the driver uses of the NT, KMDF and NetAdapterCx interfaces, declared here because no kit is
// needed to build it. Names are those of the published headers; sizes are checked below.

#pragma once

typedef unsigned char UCHAR, BOOLEAN;
typedef unsigned short USHORT, WCHAR;
typedef unsigned int ULONG, UINT32;
typedef int LONG, NTSTATUS;
typedef unsigned long long ULONG64, SIZE_T, ULONG_PTR;
typedef long long LONG64;
typedef void *PVOID, *HANDLE;

#define TRUE 1
#define FALSE 0
#define NT_SUCCESS(status) ((status) >= 0)
#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_INVALID_IMAGE_FORMAT ((NTSTATUS)0xC000007B)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)
#define STATUS_DEVICE_BUSY ((NTSTATUS)0x80000011)
#define STATUS_INTERNAL_ERROR ((NTSTATUS)0xC00000E5)

// NT.

typedef struct {
    USHORT Length;
    USHORT MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING;

typedef struct {
    ULONG64 Opaque[3];
} KEVENT;

typedef ULONG_PTR KSPIN_LOCK;
typedef ULONG_PTR EX_PUSH_LOCK;
typedef struct DRIVER_OBJECT DRIVER_OBJECT;
typedef void KSTART_ROUTINE(PVOID context);

#define DISPATCH_LEVEL 2
#define THREAD_ALL_ACCESS 0x001FFFFF
#define SynchronizationEvent 1
#define Executive 0
#define KernelMode 0
#define DPFLTR_IHVNETWORK_ID 79
#define DPFLTR_INFO_LEVEL 3

#define IMPORT __declspec(dllimport)
IMPORT ULONG DbgPrintEx(ULONG component, ULONG level, const char *format, ...);
IMPORT void ExInitializePushLock(EX_PUSH_LOCK *lock);
IMPORT void ExAcquirePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags);
IMPORT void ExReleasePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags);
IMPORT void KeEnterCriticalRegion(void);
IMPORT void KeLeaveCriticalRegion(void);
IMPORT void KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock);
IMPORT void KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock);
IMPORT void KeInitializeEvent(KEVENT *event, int type, BOOLEAN state);
IMPORT LONG KeSetEvent(KEVENT *event, LONG increment, BOOLEAN wait);
IMPORT NTSTATUS KeWaitForSingleObject(PVOID object, int reason, char mode, BOOLEAN alertable,
                                      LONG64 *timeout);
IMPORT NTSTATUS PsCreateSystemThread(HANDLE *handle, ULONG access, PVOID attributes, HANDLE process,
                                     PVOID client, KSTART_ROUTINE *routine, PVOID context);
IMPORT NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ULONG access, PVOID type, char mode,
                                          PVOID *object, PVOID information);
IMPORT LONG64 ObfDereferenceObject(PVOID object);
IMPORT NTSTATUS ZwClose(HANDLE handle);

// The loader of the frameworks.

typedef struct {
    ULONG Major, Minor, Build;
} WDF_VERSION;

typedef struct {
    ULONG Size;
    const WCHAR *Component;
    WDF_VERSION Version;
    ULONG FuncCount;
    PVOID FuncTable;
    PVOID Module;
} WDF_BIND_INFO;

typedef struct WDF_CLASS_BIND_INFO WDF_CLASS_BIND_INFO;
typedef struct WDF_DRIVER_GLOBALS WDF_DRIVER_GLOBALS;
typedef struct NET_DRIVER_GLOBALS NET_DRIVER_GLOBALS;

// The first form of the record; later stubs append what WDF_CLASS_BIND_INFO2 has.
struct WDF_CLASS_BIND_INFO {
    ULONG Size;
    const WCHAR *ClassName;
    WDF_VERSION Version;
    PVOID *FunctionTable;
    ULONG FunctionTableCount;
    PVOID ClassBindInfo;
    PVOID ClientBindClass;
    PVOID ClientUnbindClass;
    PVOID ClassModule;
};

typedef struct {
    WDF_CLASS_BIND_INFO V1;
    ULONG *MinimumVersionRequired;
    BOOLEAN *ClientVersionHigherThanFramework;
    ULONG *FuncCountPtr;
    ULONG *StructCountPtr;
    SIZE_T **StructTable;
} WDF_CLASS_BIND_INFO2;

IMPORT NTSTATUS WdfVersionBind(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path,
                               WDF_BIND_INFO *info, WDF_DRIVER_GLOBALS **globals);
IMPORT NTSTATUS WdfVersionUnbind(UNICODE_STRING *registry_path, WDF_BIND_INFO *info,
                                 WDF_DRIVER_GLOBALS *globals);
IMPORT NTSTATUS WdfVersionBindClass(WDF_BIND_INFO *info, WDF_DRIVER_GLOBALS *globals,
                                    WDF_CLASS_BIND_INFO *record);
IMPORT void WdfVersionUnbindClass(WDF_BIND_INFO *info, WDF_DRIVER_GLOBALS *globals,
                                  WDF_CLASS_BIND_INFO *record);

// KMDF.

typedef struct WDFDRIVER__ *WDFDRIVER;
typedef struct WDFDEVICE__ *WDFDEVICE;
typedef struct WDFDEVICE_INIT WDFDEVICE_INIT;
typedef PVOID WDFOBJECT;

struct WDF_DRIVER_GLOBALS {
    WDFDRIVER Driver;
    ULONG DriverFlags;
    ULONG DriverTag;
    char DriverName[32];
    BOOLEAN DisplaceDriverUnload;
};

typedef struct {
    ULONG Size;
    NTSTATUS (*EvtDriverDeviceAdd)(WDFDRIVER driver, WDFDEVICE_INIT *init);
    void (*EvtDriverUnload)(WDFDRIVER driver);
    ULONG DriverInitFlags;
    ULONG DriverPoolTag;
} WDF_DRIVER_CONFIG;

typedef struct WDF_OBJECT_CONTEXT_TYPE_INFO WDF_OBJECT_CONTEXT_TYPE_INFO;
struct WDF_OBJECT_CONTEXT_TYPE_INFO {
    ULONG Size;
    const char *ContextName;
    SIZE_T ContextSize;
    const WDF_OBJECT_CONTEXT_TYPE_INFO *UniqueType;
    PVOID EvtDriverGetUniqueContextType;
};

typedef struct {
    ULONG Size;
    void (*EvtCleanupCallback)(WDFOBJECT object);
    void (*EvtDestroyCallback)(WDFOBJECT object);
    int ExecutionLevel;
    int SynchronizationScope;
    WDFOBJECT ParentObject;
    SIZE_T ContextSizeOverride;
    const WDF_OBJECT_CONTEXT_TYPE_INFO *ContextTypeInfo;
} WDF_OBJECT_ATTRIBUTES;

typedef struct {
    ULONG Size;
    PVOID PowerCallbacks[4];
    NTSTATUS (*EvtDevicePrepareHardware)(WDFDEVICE device, PVOID raw, PVOID translated);
    PVOID OtherCallbacks[12];
} WDF_PNPPOWER_EVENT_CALLBACKS;

#define WdfInheritFromParent 1

// A function of a table, called as the headers' inline functions do.
#define WDF_CALL(index, type) ((type)WdfFunctions[index])
#define NET_CALL(index, type) ((type)NetFunctions[index])

// NetAdapterCx.

typedef struct NETADAPTER__ *NETADAPTER;
typedef struct NETPACKETQUEUE__ *NETPACKETQUEUE;
typedef struct NETCONFIGURATION__ *NETCONFIGURATION;
typedef struct NETADAPTER_INIT NETADAPTER_INIT;
typedef struct NETQUEUE_INIT NETQUEUE_INIT;

typedef struct {
    ULONG Size;
    NTSTATUS (*EvtAdapterCreateTxQueue)(NETADAPTER adapter, NETQUEUE_INIT *init);
    NTSTATUS (*EvtAdapterCreateRxQueue)(NETADAPTER adapter, NETQUEUE_INIT *init);
} NET_ADAPTER_DATAPATH_CALLBACKS;

typedef struct {
    ULONG Size;
    int AllocationMode;
    int AttachmentMode;
    UINT32 FragmentRingNumberOfElementsHint;
    SIZE_T MaximumFrameSize;
    SIZE_T MaximumNumberOfQueues;
    PVOID EvtAdapterReturnRxBuffer;
    SIZE_T FragmentBufferAlignment;
    PVOID DmaCapabilities;
} NET_ADAPTER_RX_CAPABILITIES;

typedef struct {
    ULONG Size;
    int MappingRequirement;
    SIZE_T PayloadBackfill;
    SIZE_T MaximumNumberOfFragments;
    SIZE_T FragmentBufferAlignment;
    UINT32 FragmentRingNumberOfElementsHint;
    SIZE_T MaximumNumberOfQueues;
    PVOID DmaCapabilities;
} NET_ADAPTER_TX_CAPABILITIES;

typedef struct {
    ULONG Size;
    ULONG64 MaxTxLinkSpeed;
    ULONG64 MaxRxLinkSpeed;
} NET_ADAPTER_LINK_LAYER_CAPABILITIES;

typedef struct {
    USHORT Length;
    UCHAR Address[32];
} NET_ADAPTER_LINK_LAYER_ADDRESS;

typedef struct {
    ULONG Size;
    ULONG64 TxLinkSpeed;
    ULONG64 RxLinkSpeed;
    int MediaConnectState;
    int MediaDuplexState;
    int SupportedPauseFunctions;
    int AutoNegotiationFlags;
} NET_ADAPTER_LINK_STATE;

#define MediaConnectStateConnected 1
#define MediaDuplexStateFull 2

typedef struct {
    ULONG Size;
    void (*EvtStart)(NETPACKETQUEUE queue);
    void (*EvtStop)(NETPACKETQUEUE queue);
    void (*EvtAdvance)(NETPACKETQUEUE queue);
    void (*EvtSetNotificationEnabled)(NETPACKETQUEUE queue, BOOLEAN enabled);
    void (*EvtCancel)(NETPACKETQUEUE queue);
    PVOID ExecutionContext; // since 2.1
} NET_PACKET_QUEUE_CONFIG;

typedef struct {
    USHORT OSReserved1;
    USHORT ElementStride;
    UINT32 NumberOfElements;
    UINT32 ElementIndexMask;
    UINT32 EndIndex;
    PVOID OSReserved2[4];
    UINT32 BeginIndex;
    UINT32 NextIndex;
    PVOID Scratch;
    UCHAR Buffer[64];
} NET_RING;

typedef struct {
    NET_RING *Rings[3];
} NET_RING_COLLECTION;

typedef struct {
    UINT32 FragmentIndex;
    USHORT FragmentCount;
    UCHAR Layout[5];
    UCHAR Ignore : 1, Scratch : 1, Reserved : 6;
} NET_PACKET;

typedef struct {
    ULONG64 ValidLength : 26, Capacity : 26, Offset : 10, Scratch : 1, Bounced : 1;
} NET_FRAGMENT;

typedef struct {
    UCHAR *FirstElement;
    SIZE_T ElementStride;
    PVOID Reserved[2];
    BOOLEAN Enabled;
} NET_EXTENSION;

typedef struct {
    ULONG Size;
    const WCHAR *Name;
    ULONG Version;
    int Type;
} NET_EXTENSION_QUERY;

#define NetExtensionTypePacket 1
#define NetExtensionTypeFragment 2

#define SIZE_IS(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
SIZE_IS(UNICODE_STRING, 16);
SIZE_IS(KEVENT, 24);
SIZE_IS(WDF_BIND_INFO, 48);
SIZE_IS(WDF_CLASS_BIND_INFO, 80);
SIZE_IS(WDF_CLASS_BIND_INFO2, 120);
SIZE_IS(WDF_DRIVER_GLOBALS, 56);
SIZE_IS(WDF_DRIVER_CONFIG, 32);
SIZE_IS(WDF_OBJECT_CONTEXT_TYPE_INFO, 40);
SIZE_IS(WDF_OBJECT_ATTRIBUTES, 56);
SIZE_IS(WDF_PNPPOWER_EVENT_CALLBACKS, 144);
SIZE_IS(NET_ADAPTER_DATAPATH_CALLBACKS, 24);
SIZE_IS(NET_ADAPTER_RX_CAPABILITIES, 56);
SIZE_IS(NET_ADAPTER_TX_CAPABILITIES, 56);
SIZE_IS(NET_ADAPTER_LINK_LAYER_CAPABILITIES, 24);
SIZE_IS(NET_ADAPTER_LINK_LAYER_ADDRESS, 34);
SIZE_IS(NET_ADAPTER_LINK_STATE, 40);
SIZE_IS(NET_PACKET_QUEUE_CONFIG, 56);
SIZE_IS(NET_RING, 128);
SIZE_IS(NET_PACKET, 12);
SIZE_IS(NET_FRAGMENT, 8);
SIZE_IS(NET_EXTENSION, 40);
SIZE_IS(NET_EXTENSION_QUERY, 24);

// The stub's.

extern WDF_DRIVER_GLOBALS *WdfDriverGlobals;
extern const PVOID *WdfFunctions;
extern NET_DRIVER_GLOBALS *NetDriverGlobals;
extern PVOID NetFunctions[];

PVOID memset(PVOID to, int value, SIZE_T bytes);
PVOID memcpy(PVOID to, const void *from, SIZE_T bytes);

NTSTATUS DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path);
