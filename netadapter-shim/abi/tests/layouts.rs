//! Size, alignment and every member of every structure.
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "a raw borrow of a member is one act, however many unions it goes through"
)]

mod common;

use common::{assert_none, by_name, declared_structures, facts, number, text, words_in_blocks};
use netadapter_abi::{binding, net, nt, wdf};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

struct Member {
    /// Path in Rust.
    path: &'static str,
    offset: usize,
    size: usize,
}

struct Layout {
    name: &'static str,
    size: usize,
    align: usize,
    members: Vec<Member>,
}

fn pointee_size<S, F>(_: impl Fn(*const S) -> *const F) -> usize {
    size_of::<F>()
}

/// Lists structures with the paths of their members.
macro_rules! layouts {
    ($module:ident, $list:ident: $($name:ident { $($($part:ident).+),* })*) => {
        fn $list() -> Vec<Layout> {
            vec![$(Layout {
                name: stringify!($name),
                size: size_of::<$module::$name>(),
                align: align_of::<$module::$name>(),
                members: vec![$(Member {
                    path: concat!($(".", stringify!($part)),+),
                    offset: std::mem::offset_of!($module::$name, $($part).+),
                    // SAFETY: nothing is read; the function is never called.
                    size: pointee_size(|value: *const $module::$name| unsafe { &raw const (*value).$($part).+ }),
                }),*],
            }),*]
        }
    };
}

layouts! { nt, nt_layouts:
    UNICODE_STRING { Length, MaximumLength, Buffer }
    LIST_ENTRY { Flink, Blink }
    SINGLE_LIST_ENTRY { Next }
    GUID { Data1, Data2, Data3, Data4 }
    OBJECT_ATTRIBUTES { Length, RootDirectory, ObjectName, Attributes, SecurityDescriptor,
        SecurityQualityOfService }
    CLIENT_ID { UniqueProcess, UniqueThread }
    PHYSICAL_MEMORY_RANGE { BaseAddress, NumberOfBytes }
    DRIVER_OBJECT { Type, Size, DeviceObject, Flags, DriverStart, DriverSize, DriverSection,
        DriverExtension, DriverName, HardwareDatabase, FastIoDispatch, DriverInit, DriverStartIo,
        DriverUnload, MajorFunction }
    DRIVER_EXTENSION { DriverObject, AddDevice, Count, ServiceKeyName }
    DISPATCHER_HEADER { Anonymous.Lock, Anonymous.Anonymous.Type, Anonymous.Anonymous.Signalling,
        Anonymous.Anonymous.Size, Anonymous.Anonymous.Reserved1, SignalState, WaitListHead }
    KEVENT { Header }
    KDPC { Anonymous.TargetInfoAsUlong, Anonymous.Anonymous.Type, Anonymous.Anonymous.Importance,
        Anonymous.Anonymous.Number, DpcListEntry, ProcessorHistory, DeferredRoutine,
        DeferredContext, SystemArgument1, SystemArgument2, DpcData }
    KTIMER { Header, DueTime, TimerListEntry, Dpc, Processor, TimerType, Period }
    PROCESSOR_NUMBER { Group, Number, Reserved }
    GROUP_AFFINITY { Mask, Group, Reserved }
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT { State, NtNumber, Status, ProcNumber }
    PLUGPLAY_NOTIFICATION_HEADER { Version, Size, Event }
DEVICE_INTERFACE_CHANGE_NOTIFICATION { Version, Size, Event, InterfaceClassGuid, SymbolicLinkName }
    CM_RESOURCE_LIST { Count, List }
    CM_FULL_RESOURCE_DESCRIPTOR { InterfaceType, BusNumber, PartialResourceList }
    CM_PARTIAL_RESOURCE_LIST { Version, Revision, Count, PartialDescriptors }
    CM_PARTIAL_RESOURCE_DESCRIPTOR { Type, ShareDisposition, Flags, u, u.Generic, u.Generic.Start,
        u.Generic.Length, u.Port, u.Port.Start, u.Port.Length, u.Interrupt, u.Interrupt.Level,
        u.Interrupt.Group, u.Interrupt.Vector, u.Interrupt.Affinity, u.MessageInterrupt,
        u.MessageInterrupt.Raw, u.MessageInterrupt.Raw.Group, u.MessageInterrupt.Raw.MessageCount,
        u.MessageInterrupt.Raw.Vector, u.MessageInterrupt.Raw.Affinity,
        u.MessageInterrupt.Translated, u.MessageInterrupt.Translated.Level,
        u.MessageInterrupt.Translated.Group, u.MessageInterrupt.Translated.Vector,
        u.MessageInterrupt.Translated.Affinity, u.Memory, u.Memory.Start, u.Memory.Length, u.Dma,
        u.Dma.Channel, u.Dma.Port, u.Dma.Reserved1, u.DmaV3, u.DmaV3.Channel, u.DmaV3.RequestLine,
        u.DmaV3.TransferWidth, u.DmaV3.Reserved1, u.DmaV3.Reserved2, u.DmaV3.Reserved3,
        u.DevicePrivate, u.DevicePrivate.Data, u.BusNumber, u.BusNumber.Start, u.BusNumber.Length,
        u.BusNumber.Reserved, u.DeviceSpecificData, u.DeviceSpecificData.DataSize,
        u.DeviceSpecificData.Reserved1, u.DeviceSpecificData.Reserved2, u.Memory40,
        u.Memory40.Start, u.Memory40.Length40, u.Memory48, u.Memory48.Start, u.Memory48.Length48,
        u.Memory64, u.Memory64.Start, u.Memory64.Length64, u.Connection, u.Connection.Class,
        u.Connection.Type, u.Connection.Reserved1, u.Connection.Reserved2, u.Connection.IdLowPart,
        u.Connection.IdHighPart }
    IO_RESOURCE_DESCRIPTOR { Option, Type, ShareDisposition, Spare1, Flags, Spare2, u, u.Port,
        u.Port.Length, u.Port.Alignment, u.Port.MinimumAddress, u.Port.MaximumAddress, u.Memory,
        u.Memory.Length, u.Memory.Alignment, u.Memory.MinimumAddress, u.Memory.MaximumAddress,
        u.Interrupt, u.Interrupt.MinimumVector, u.Interrupt.MaximumVector,
        u.Interrupt.AffinityPolicy, u.Interrupt.Group, u.Interrupt.PriorityPolicy,
        u.Interrupt.TargetedProcessors, u.Dma, u.Dma.MinimumChannel, u.Dma.MaximumChannel, u.DmaV3,
        u.DmaV3.RequestLine, u.DmaV3.Reserved, u.DmaV3.Channel, u.DmaV3.TransferWidth, u.Generic,
        u.Generic.Length, u.Generic.Alignment, u.Generic.MinimumAddress, u.Generic.MaximumAddress,
        u.DevicePrivate, u.DevicePrivate.Data, u.BusNumber, u.BusNumber.Length,
        u.BusNumber.MinBusNumber, u.BusNumber.MaxBusNumber, u.BusNumber.Reserved, u.ConfigData,
        u.ConfigData.Priority, u.ConfigData.Reserved1, u.ConfigData.Reserved2, u.Memory40,
        u.Memory40.Length40, u.Memory40.Alignment40, u.Memory40.MinimumAddress,
        u.Memory40.MaximumAddress, u.Memory48, u.Memory48.Length48, u.Memory48.Alignment48,
        u.Memory48.MinimumAddress, u.Memory48.MaximumAddress, u.Memory64, u.Memory64.Length64,
        u.Memory64.Alignment64, u.Memory64.MinimumAddress, u.Memory64.MaximumAddress, u.Connection,
        u.Connection.Class, u.Connection.Type, u.Connection.Reserved1, u.Connection.Reserved2,
        u.Connection.IdLowPart, u.Connection.IdHighPart }
    IO_RESOURCE_LIST { Version, Revision, Count, Descriptors }
    IO_RESOURCE_REQUIREMENTS_LIST { ListSize, InterfaceType, BusNumber, SlotNumber, Reserved,
        AlternativeLists, List }
    MDL { Next, Size, MdlFlags, Process, MappedSystemVa, StartVa, ByteCount, ByteOffset }
    INTERFACE { Size, Version, Context, InterfaceReference, InterfaceDereference }
    BUS_INTERFACE_STANDARD { Size, Version, Context, InterfaceReference, InterfaceDereference,
        TranslateBusAddress, GetDmaAdapter, SetBusData, GetBusData }
    DEVPROPKEY { fmtid, pid }
}

layouts! { wdf, wdf_layouts:
    WDF_COMMON_BUFFER_CONFIG { Size, AlignmentRequirement }
    WDF_DEVICE_PNP_CAPABILITIES { Size, LockSupported, EjectSupported, Removable, DockDevice,
        UniqueID, SilentInstall, SurpriseRemovalOK, HardwareDisabled, NoDisplayInUI, Address,
        UINumber }
    WDF_DEVICE_POWER_CAPABILITIES { Size, DeviceD1, DeviceD2, WakeFromD0, WakeFromD1, WakeFromD2,
        WakeFromD3, DeviceState, DeviceWake, SystemWake, D1Latency, D2Latency, D3Latency,
        IdealDxStateForSx }
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS { Size, IdleCaps, DxState, IdleTimeout,
        UserControlOfIdleSettings, Enabled, PowerUpIdleDeviceOnSystemWake, IdleTimeoutType,
        ExcludeD3Cold }
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS { Size, DxState, UserControlOfWakeSettings, Enabled,
        ArmForWakeIfChildrenAreArmedForWake, IndicateChildWakeOnParentWake }
    WDF_DEVICE_PROPERTY_DATA { Size, PropertyKey, Lcid, Flags }
    WDF_DEVICE_STATE { Size, Disabled, DontDisplayInUI, Failed, NotDisableable, Removed,
        ResourcesChanged, AssignedToGuest }
    WDF_DMA_ENABLER_CONFIG { Size, Profile, MaximumLength, EvtDmaEnablerFill, EvtDmaEnablerFlush,
        EvtDmaEnablerDisable, EvtDmaEnablerEnable, EvtDmaEnablerSelfManagedIoStart,
        EvtDmaEnablerSelfManagedIoStop, AddressWidthOverride, WdmDmaVersionOverride, Flags }
    WDF_DPC_CONFIG { Size, EvtDpcFunc, AutomaticSerialization }
    WDF_DRIVER_CONFIG { Size, EvtDriverDeviceAdd, EvtDriverUnload, DriverInitFlags, DriverPoolTag }
    WDF_DRIVER_GLOBALS { Driver, DriverFlags, DriverTag, DriverName, DisplaceDriverUnload }
    WDF_FDO_EVENT_CALLBACKS { Size, EvtDeviceFilterAddResourceRequirements,
        EvtDeviceFilterRemoveResourceRequirements, EvtDeviceRemoveAddedResources }
    WDF_FILEOBJECT_CONFIG { Size, EvtDeviceFileCreate, EvtFileClose, EvtFileCleanup,
        AutoForwardCleanupClose, FileObjectClass }
    WDF_INTERRUPT_CONFIG { Size, SpinLock, ShareVector, FloatingSave, AutomaticSerialization,
        EvtInterruptIsr, EvtInterruptDpc, EvtInterruptEnable, EvtInterruptDisable,
        EvtInterruptWorkItem, InterruptRaw, InterruptTranslated, WaitLock, PassiveHandling,
        ReportInactiveOnPowerDown, CanWakeDevice }
    WDF_INTERRUPT_EXTENDED_POLICY { Size, Policy, Priority, TargetProcessorSetAndGroup }
    WDF_INTERRUPT_INFO { Size, Reserved1, TargetProcessorSet, Reserved2, MessageNumber, Vector,
        Irql, Mode, Polarity, MessageSignaled, ShareDisposition, Group }
    WDF_IO_QUEUE_CONFIG { Size, DispatchType, PowerManaged, AllowZeroLengthRequests, DefaultQueue,
        EvtIoDefault, EvtIoRead, EvtIoWrite, EvtIoDeviceControl, EvtIoInternalDeviceControl,
        EvtIoStop, EvtIoResume, EvtIoCanceledOnQueue, Settings, Settings.Parallel,
        Settings.Parallel.NumberOfPresentedRequests, Driver }
    WDF_IO_TYPE_CONFIG { Size, ReadWriteIoType, DeviceControlIoType, DirectTransferThreshold }
    WDF_REMOVE_LOCK_OPTIONS { Size, Flags }
    WDFMEMORY_OFFSET { BufferOffset, BufferLength }
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS { Size, MajorVersion, MinorVersion }
    WDF_OBJECT_ATTRIBUTES { Size, EvtCleanupCallback, EvtDestroyCallback, ExecutionLevel,
        SynchronizationScope, ParentObject, ContextSizeOverride, ContextTypeInfo }
    WDF_OBJECT_CONTEXT_TYPE_INFO { Size, ContextName, ContextSize, UniqueType,
        EvtDriverGetUniqueContextType }
    WDF_PNPPOWER_EVENT_CALLBACKS { Size, EvtDeviceD0Entry, EvtDeviceD0EntryPostInterruptsEnabled,
        EvtDeviceD0Exit, EvtDeviceD0ExitPreInterruptsDisabled, EvtDevicePrepareHardware,
        EvtDeviceReleaseHardware, EvtDeviceSelfManagedIoCleanup, EvtDeviceSelfManagedIoFlush,
        EvtDeviceSelfManagedIoInit, EvtDeviceSelfManagedIoSuspend, EvtDeviceSelfManagedIoRestart,
        EvtDeviceSurpriseRemoval, EvtDeviceQueryRemove, EvtDeviceQueryStop,
        EvtDeviceUsageNotification, EvtDeviceRelationsQuery, EvtDeviceUsageNotificationEx }
    WDF_POWER_POLICY_EVENT_CALLBACKS { Size, EvtDeviceArmWakeFromS0, EvtDeviceDisarmWakeFromS0,
        EvtDeviceWakeFromS0Triggered, EvtDeviceArmWakeFromSx, EvtDeviceDisarmWakeFromSx,
        EvtDeviceWakeFromSxTriggered, EvtDeviceArmWakeFromSxWithReason }
    WDF_QUERY_INTERFACE_CONFIG { Size, Interface, InterfaceType, SendQueryToParentStack,
        EvtDeviceProcessQueryInterfaceRequest, ImportInterface }
    WDF_REQUEST_PARAMETERS { Size, MinorFunction, Type, Parameters, Parameters.Create,
        Parameters.Create.SecurityContext, Parameters.Create.Options,
        Parameters.Create.FileAttributes, Parameters.Create.ShareAccess, Parameters.Create.EaLength,
        Parameters.Read, Parameters.Read.Length, Parameters.Read.Key, Parameters.Read.DeviceOffset,
        Parameters.Write, Parameters.Write.Length, Parameters.Write.Key,
        Parameters.Write.DeviceOffset, Parameters.DeviceIoControl,
        Parameters.DeviceIoControl.OutputBufferLength, Parameters.DeviceIoControl.InputBufferLength,
        Parameters.DeviceIoControl.IoControlCode, Parameters.DeviceIoControl.Type3InputBuffer,
        Parameters.Others, Parameters.Others.Arg1, Parameters.Others.Arg2,
        Parameters.Others.IoControlCode, Parameters.Others.Arg4 }
    WDF_TIMER_CONFIG { Size, EvtTimerFunc, Period, AutomaticSerialization, TolerableDelay,
        UseHighResolutionTimer }
    WDF_WORKITEM_CONFIG { Size, EvtWorkItemFunc, AutomaticSerialization }
}

layouts! { net, net_layouts:
    NET_ADAPTER_DATAPATH_CALLBACKS { Size, EvtAdapterCreateTxQueue, EvtAdapterCreateRxQueue }
    NET_ADAPTER_DMA_CAPABILITIES { Size, DmaEnabler, MaximumPhysicalAddress, CacheEnabled,
        PreferredNode }
    NET_ADAPTER_LINK_LAYER_ADDRESS { Length, Address }
    NET_ADAPTER_LINK_LAYER_CAPABILITIES { Size, MaxTxLinkSpeed, MaxRxLinkSpeed }
    NET_ADAPTER_LINK_STATE { Size, TxLinkSpeed, RxLinkSpeed, MediaConnectState, MediaDuplexState,
        SupportedPauseFunctions, AutoNegotiationFlags }
    NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES { Size, IPv4, Tcp, Udp, EvtAdapterOffloadSetChecksum }
    NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES { Size, Layer3Flags, Layer4Flags, Layer4HeaderOffsetLimit,
        MaximumOffloadSize, MinimumSegmentCount, EvtAdapterOffloadSetGso }
    NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES { Size, Flags }
    NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES { Size, Layer3Flags, Layer4Flags, TcpTimestampOption,
        EvtAdapterOffloadSetRsc }
    NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES { Size, EvtAdapterOffloadSetRxChecksum }
    NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES { Size, Layer3Flags, Layer4Flags,
        Layer3HeaderOffsetLimit, Layer4HeaderOffsetLimit, EvtAdapterOffloadSetTxChecksum }
    NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES { Size, SupportedPacketFilters,
        MaximumMulticastAddresses, EvtSetReceiveFilter }
    NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES { Size, NumberOfQueues, IndirectionTableSize,
        UnhashedTargetIndex, UnhashedTargetType, ReceiveScalingHashTypes,
        ReceiveScalingProtocolTypes, ReceiveScalingEncapsulationTypes,
        ReceiveScalingEncapsulationTypes.Outer, ReceiveScalingEncapsulationTypes.Inner,
        SynchronizeSetIndirectionEntries, EvtAdapterReceiveScalingEnable,
        EvtAdapterReceiveScalingDisable, EvtAdapterReceiveScalingSetHashSecretKey,
        EvtAdapterReceiveScalingSetIndirectionEntries }
    NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY { Key, Length }
    NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES { Entries, Length }
    NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY { PacketQueue, Status, Index }
    NET_ADAPTER_RX_CAPABILITIES { Size, AllocationMode, AttachmentMode,
        FragmentRingNumberOfElementsHint, MaximumFrameSize, MaximumNumberOfQueues,
        Anonymous.EvtAdapterReturnRxBuffer, Anonymous.Anonymous.MappingRequirement,
        Anonymous.Anonymous.FragmentBufferAlignment, Anonymous.Anonymous.DmaCapabilities }
    NET_ADAPTER_TX_CAPABILITIES { Size, MappingRequirement, PayloadBackfill,
        MaximumNumberOfFragments, FragmentBufferAlignment, FragmentRingNumberOfElementsHint,
        MaximumNumberOfQueues, DmaCapabilities }
    NET_ADAPTER_TX_DEMUX { Size, Type, Range }
NET_DEVICE_RESET_CAPABILITIES { Size, ResetDiagnosticsGuid, EvtNetDeviceCollectResetDiagnostics }
    NET_DRIVER_GLOBALS { Unused }
    NET_EXECUTION_CONTEXT_CONFIG { Size, EvtPreAdvance, EvtPostAdvance, EvtSetNotificationEnabled }
    NET_EXECUTION_CONTEXT_TASK_CONFIG { Size, EvtTask }
    NET_EXTENSION { Reserved, Anonymous.Enabled, Anonymous.Reserved1 }
    NET_EXTENSION_QUERY { Size, Name, Version, Type }
    NET_FRAGMENT {  }
    NET_FRAGMENT_LOGICAL_ADDRESS { LogicalAddress }
    NET_FRAGMENT_MDL { Mdl }
    NET_FRAGMENT_RETURN_CONTEXT { Handle }
    NET_FRAGMENT_VIRTUAL_ADDRESS { VirtualAddress }
    NET_PACKET { FragmentIndex, FragmentCount, Layout }
    NET_PACKET_CHECKSUM {  }
    NET_PACKET_GSO { TCP, UDP }
    NET_PACKET_HASH { HashValue, ProtocolType }
    NET_PACKET_IEEE8021Q {  }
    NET_PACKET_LAYOUT {  }
    NET_PACKET_QUEUE_CONFIG { Size, EvtStart, EvtStop, EvtAdvance, EvtSetNotificationEnabled,
        EvtCancel, ExecutionContext }
    NET_PACKET_RSC { TCP, TCP.CoalescedSegmentCount, TCP.DuplicateAckCount }
    NET_PACKET_RSC_TIMESTAMP { TCP, TCP.RscTcpTimestampDelta }
    NET_RING { OSReserved1, ElementStride, NumberOfElements, ElementIndexMask, EndIndex,
        Anonymous.OSReserved0, Anonymous.OSReserved2, BeginIndex, NextIndex, Scratch, Buffer }
    NET_RING_COLLECTION { Rings }
}

layouts! { binding, binding_layouts:
    WDF_VERSION { Major, Minor, Build }
    WDF_BIND_INFO { Size, Component, Version, FuncCount, FuncTable, Module }
    WDF_BIND_INFO2 { V1, MinimumVersionRequired, ClientVersionHigherThanFramework, FuncCountPtr,
        StructCountPtr, StructTable }
    WDF_CLASS_VERSION { Major, Minor, Build }
    WDF_CLASS_BIND_INFO { Size, ClassName, Version, FunctionTable, FunctionTableCount,
        ClassBindInfo, ClientBindClass, ClientUnbindClass, ClassModule }
    WDF_CLASS_BIND_INFO2 { V1, MinimumVersionRequired, ClientVersionHigherThanFramework,
        FuncCountPtr, StructCountPtr, StructTable }
    WDF_LIBRARY_INFO { Size, LibraryCommission, LibraryDecommission, LibraryRegisterClient,
        LibraryUnregisterClient, Version }
    WDF_CLASS_LIBRARY_INFO { Size, Version, ClassLibraryInitialize, ClassLibraryDeinitialize,
        ClassLibraryBindClient, ClassLibraryUnbindClient }
    CLIENT_INFO { Size, RegistryPath, DriverObject }
    WDF_INTERFACE_HEADER { InterfaceType, InterfaceSize }
    WDF_LOADER_INTERFACE_DRIVER_ENTRY_FAILURE { Header, DriverEntryFailure }
}

/// Every listed structure, with the module whose facts tell about it.
fn all_layouts() -> Vec<(&'static str, Layout)> {
    let lists = [
        ("nt", nt_layouts()),
        ("wdf", wdf_layouts()),
        ("net", net_layouts()),
        ("binding", binding_layouts()),
    ];
    lists
        .into_iter()
        .flat_map(|(module, list)| list.into_iter().map(move |layout| (module, layout)))
        .collect()
}

/// Adds the differences between a structure and its recorded form.
fn compare(layout: &Layout, recorded: &Value, differences: &mut Vec<String>) {
    let name = layout.name;
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: usize, recorded: &Value| {
        if found as i128 != number(recorded) {
            wrong.push(format!("{name}: {what} is {found}, recorded {recorded}"));
        }
    };
    check("size", layout.size, &recorded["size"]);
    check("alignment", layout.align, &recorded["align"]);
    let mut members: BTreeMap<String, &Member> = layout
        .members
        .iter()
        .map(|member| (c_path(member.path), member))
        .collect();
    for field in recorded["fields"].as_array().expect("fields are a list") {
        if field.get("bit_offset").is_some() {
            continue;
        }
        match members.remove(text(&field["name"])) {
            Some(member) => {
                check(
                    &format!("offset of {}", member.path),
                    member.offset,
                    &field["offset"],
                );
                check(
                    &format!("size of {}", member.path),
                    member.size,
                    &field["size"],
                );
            }
            None => differences.push(format!("{name}: {} is not there", field["name"])),
        }
    }
    differences.append(&mut wrong);
    differences.extend(
        members
            .keys()
            .map(|path| format!("{name}: {path} is not recorded")),
    );
}

/// The path by which the facts name a member: those of anonymous unions stand under their own names.
fn c_path(path: &str) -> String {
    path.split('.')
        .filter(|part| !part.is_empty() && *part != "Anonymous")
        .collect::<Vec<_>>()
        .join(".")
}

#[test]
fn every_listed_structure_has_the_recorded_layout() {
    let recorded: BTreeMap<_, _> = common::FACTS
        .iter()
        .map(|(module, _)| (*module, by_name(facts(module), "structs")))
        .collect();
    let mut differences = Vec::new();
    for (module, layout) in all_layouts() {
        match recorded[module].get(layout.name) {
            Some(structure) => compare(&layout, structure, &mut differences),
            None => differences.push(format!("{}: no facts", layout.name)),
        }
    }
    assert_none(&differences);
}

/// Declared structures that are not part of the contract.
const OUR_OWN: [&str; 2] = ["Import", "Prototype"];

#[test]
fn every_declared_structure_is_listed_or_is_part_of_a_listed_one() {
    let mut known: BTreeSet<String> = OUR_OWN.iter().map(|name| (*name).to_owned()).collect();
    for (_, layout) in all_layouts() {
        known.insert(layout.name.to_owned());
        for member in &layout.members {
            // The type of an inner structure is named after the path to it.
            let mut inner = layout.name.to_owned();
            for part in member.path.split('.').filter(|part| !part.is_empty()) {
                inner.push('_');
                inner.push_str(part);
                known.insert(inner.clone());
            }
        }
    }
    for (_, structure, ..) in bit_fields() {
        known.insert(structure.to_owned());
    }
    let unknown: Vec<_> = declared_structures().difference(&known).cloned().collect();
    assert_none(&unknown);
}

#[test]
fn only_these_types_are_opaque() {
    let opaque = [
        "DEVICE_OBJECT",
        "IRP",
        "NETADAPTER_INIT",
        "NETRXQUEUE_INIT",
        "NETTXQUEUE_INIT",
        "WDFDEVICE_INIT",
    ];
    let declared = words_in_blocks("\nopaque! {");
    assert_eq!(
        declared,
        opaque.iter().map(|name| (*name).to_owned()).collect()
    );
}

#[test]
fn every_handle_is_a_recorded_one_and_as_wide_as_a_pointer() {
    let mut recorded = BTreeSet::new();
    for module in ["wdf", "net"] {
        for handle in facts(module)["handles"]
            .as_array()
            .expect("handles are a list")
        {
            recorded.insert(text(handle).to_owned());
            recorded.insert(format!("{}__", text(handle)));
        }
    }
    let unknown: Vec<_> = words_in_blocks("\nhandles! {")
        .difference(&recorded)
        .cloned()
        .collect();
    assert_none(&unknown);
    assert_eq!(size_of::<wdf::WDFDEVICE>(), 8);
    assert_eq!(size_of::<wdf::WDFOBJECT>(), 8);
}

/// Structure, Rust type that has the accessors, path of the field, bytes after all ones were written to it, and whether
/// the reader gives them back.
type BitField = (&'static str, &'static str, &'static str, Vec<u8>, bool);

macro_rules! bits {
    ($structure:ident, $path:literal, $type:ident, $reader:ident, $writer:ident) => {{
        let mut memory = std::mem::MaybeUninit::<net::$type>::uninit();
        // SAFETY: the pointer is valid for writes of one value.
        unsafe { memory.as_mut_ptr().write_bytes(0, 1) };
        // SAFETY: all bytes 0 is a valid value of every structure that has `zeroed`.
        let value = unsafe { memory.assume_init_mut() };
        value.$writer(!value.$reader());
        let all_ones = value.$reader();
        let round_trip = all_ones != 0 && all_ones & all_ones.wrapping_add(1) == 0;
        let start = memory.as_ptr().cast::<u8>();
        // SAFETY: every byte of the memory was zeroed, padding too, and since then changed in place only.
        let bytes = unsafe { std::slice::from_raw_parts(start, size_of::<net::$type>()) };
        (stringify!($structure), stringify!($type), $path, bytes.to_vec(), round_trip)
    }};
}

fn bit_fields() -> Vec<BitField> {
    vec![
        bits!(
            NET_FRAGMENT,
            "ValidLength",
            NET_FRAGMENT,
            valid_length,
            set_valid_length
        ),
        bits!(
            NET_FRAGMENT,
            "Capacity",
            NET_FRAGMENT,
            capacity,
            set_capacity
        ),
        bits!(NET_FRAGMENT, "Offset", NET_FRAGMENT, offset, set_offset),
        bits!(NET_FRAGMENT, "Scratch", NET_FRAGMENT, scratch, set_scratch),
        bits!(
            NET_FRAGMENT,
            "OsReserved_Bounced",
            NET_FRAGMENT,
            os_reserved_bounced,
            set_os_reserved_bounced
        ),
        bits!(NET_PACKET, "Ignore", NET_PACKET, ignore, set_ignore),
        bits!(NET_PACKET, "Scratch", NET_PACKET, scratch, set_scratch),
        bits!(
            NET_PACKET,
            "Reserved1",
            NET_PACKET,
            reserved1,
            set_reserved1
        ),
        bits!(
            NET_PACKET_CHECKSUM,
            "Layer2",
            NET_PACKET_CHECKSUM,
            layer2,
            set_layer2
        ),
        bits!(
            NET_PACKET_CHECKSUM,
            "Layer3",
            NET_PACKET_CHECKSUM,
            layer3,
            set_layer3
        ),
        bits!(
            NET_PACKET_CHECKSUM,
            "Layer4",
            NET_PACKET_CHECKSUM,
            layer4,
            set_layer4
        ),
        bits!(
            NET_PACKET_CHECKSUM,
            "Reserved",
            NET_PACKET_CHECKSUM,
            reserved,
            set_reserved
        ),
        bits!(NET_PACKET_GSO, "TCP.Mss", NET_PACKET_GSO_TCP, mss, set_mss),
        bits!(
            NET_PACKET_GSO,
            "TCP.Reserved0",
            NET_PACKET_GSO_TCP,
            reserved0,
            set_reserved0
        ),
        bits!(NET_PACKET_GSO, "UDP.Mss", NET_PACKET_GSO_UDP, mss, set_mss),
        bits!(
            NET_PACKET_GSO,
            "UDP.Reserved0",
            NET_PACKET_GSO_UDP,
            reserved0,
            set_reserved0
        ),
        bits!(
            NET_PACKET_IEEE8021Q,
            "PriorityCodePoint",
            NET_PACKET_IEEE8021Q,
            priority_code_point,
            set_priority_code_point
        ),
        bits!(
            NET_PACKET_IEEE8021Q,
            "VlanIdentifier",
            NET_PACKET_IEEE8021Q,
            vlan_identifier,
            set_vlan_identifier
        ),
        bits!(
            NET_PACKET_IEEE8021Q,
            "TxTagging",
            NET_PACKET_IEEE8021Q,
            tx_tagging,
            set_tx_tagging
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer2HeaderLength",
            NET_PACKET_LAYOUT,
            layer2_header_length,
            set_layer2_header_length
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer3HeaderLength",
            NET_PACKET_LAYOUT,
            layer3_header_length,
            set_layer3_header_length
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer4HeaderLength",
            NET_PACKET_LAYOUT,
            layer4_header_length,
            set_layer4_header_length
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer2Type",
            NET_PACKET_LAYOUT,
            layer2_type,
            set_layer2_type
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer3Type",
            NET_PACKET_LAYOUT,
            layer3_type,
            set_layer3_type
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Layer4Type",
            NET_PACKET_LAYOUT,
            layer4_type,
            set_layer4_type
        ),
        bits!(
            NET_PACKET_LAYOUT,
            "Reserved0",
            NET_PACKET_LAYOUT,
            reserved0,
            set_reserved0
        ),
    ]
}

#[test]
fn every_bit_field_occupies_the_recorded_bits() {
    let recorded = by_name(facts("net"), "structs");
    let mut differences = Vec::new();
    for (structure, _, path, bytes, round_trip) in bit_fields() {
        let field = recorded[structure]["fields"]
            .as_array()
            .expect("fields are a list")
            .iter()
            .find(|field| field["name"] == path)
            .unwrap_or_else(|| panic!("{structure}.{path} is recorded"));
        let mut wide = [0; 16];
        wide[..bytes.len()].copy_from_slice(&bytes);
        let mask = (1_u128 << number(&field["bit_width"])) - 1;
        let expected = mask << number(&field["bit_offset"]);
        if u128::from_le_bytes(wide) != expected || !round_trip {
            differences.push(format!(
                "{structure}.{path}: {wide:x?}, recorded {expected:#x}"
            ));
        }
    }
    assert_none(&differences);
}

#[test]
fn every_bit_field_of_a_listed_structure_has_accessors() {
    let accessible: BTreeSet<_> = bit_fields()
        .iter()
        .map(|(structure, _, path, ..)| format!("{structure}.{path}"))
        .collect();
    let mut missing = Vec::new();
    for (module, layout) in all_layouts() {
        let recorded = by_name(facts(module), "structs");
        for field in recorded[layout.name]["fields"]
            .as_array()
            .expect("fields are a list")
        {
            let name = format!("{}.{}", layout.name, text(&field["name"]));
            if field.get("bit_offset").is_some() && !accessible.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert_none(&missing);
}

#[test]
fn writing_a_bit_field_leaves_its_neighbours_alone() {
    let mut fragment = net::NET_FRAGMENT::zeroed();
    fragment.set_capacity(2048);
    fragment.set_offset(14);
    fragment.set_valid_length(1 << 26 | 1514);
    assert_eq!(fragment.valid_length(), 1514);
    assert_eq!(fragment.capacity(), 2048);
    assert_eq!(fragment.offset(), 14);
}
