//! The constructors write what the initialisers of the C headers write.

mod common;

use common::{assert_none, by_name, declared_structures, facts, number, text};
use netadapter_abi::{net, wdf};
use serde_json::Value;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;

/// What the memory holds before a constructor runs.
const PATTERN: u8 = 0xA5;

/// The byte of which the argument for a parameter consists.
fn argument_byte(initialiser: &Value, parameter: &str) -> u8 {
    let place = initialiser["params"]
        .as_array()
        .expect("parameters are a list")
        .iter()
        .position(|recorded| text(recorded).split(':').next() == Some(parameter))
        .unwrap_or_else(|| panic!("{} has the parameter {parameter}", initialiser["function"]));
    0x11 * (place as u8 + 1)
}

/// An argument whose bytes all have one value, which is never 0.
fn argument<T: Copy>(byte: u8) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the pointer is valid for writes of one `T`.
    unsafe { value.as_mut_ptr().write_bytes(byte, 1) };
    // SAFETY: parameters are integers, pointers, nullable functions and GUIDs, for which all bytes but 0 will do.
    unsafe { value.assume_init() }
}

/// The bytes of a value that was written over the pattern.
fn bytes_over_pattern<T: Copy>(value: T) -> Vec<u8> {
    let mut memory = MaybeUninit::<T>::uninit();
    // SAFETY: the pointer is valid for writes of one `T`.
    unsafe { memory.as_mut_ptr().write_bytes(PATTERN, 1) };
    memory.write(value);
    let start = memory.as_ptr().cast::<u8>();
    // SAFETY: the whole memory was written with the pattern before, and then by the value.
    unsafe { std::slice::from_raw_parts(start, size_of::<T>()) }.to_vec()
}

/// The recorded initialiser of a name.
fn initialiser(module: &str, function: &str) -> Value {
    facts(module)["init_defaults"]
        .as_array()
        .expect("initialisers are a list")
        .iter()
        .find(|recorded| recorded["function"] == function)
        .unwrap_or_else(|| panic!("{function} is recorded"))
        .clone()
}

/// The bytes that a recorded value has in a member of `size` bytes.
fn expected_bytes(initialiser: &Value, set: &Value, size: usize) -> Vec<u8> {
    if let Some(parameter) = set.get("arg") {
        return vec![argument_byte(initialiser, text(parameter)); size];
    }
    let value = set.get("value").unwrap_or(set);
    if value.is_f64() {
        // Recorded as one integer over the whole array, too large for the JSON reader: `PowerDeviceMaximum` throughout.
        return wdf_power_device_maximum(size);
    }
    let mut bytes = number(value).to_le_bytes().to_vec();
    bytes.resize(size, 0);
    bytes
}

fn wdf_power_device_maximum(size: usize) -> Vec<u8> {
    netadapter_abi::nt::PowerDeviceMaximum
        .to_le_bytes()
        .repeat(size / 4)
}

/// Compares the members of one constructed value with what is recorded; `sets` maps members to values.
fn compare(
    module: &str,
    initialiser: &Value,
    sets: &[&Value],
    found: &[u8],
    differences: &mut Vec<String>,
) {
    let structures = by_name(facts(module), "structs");
    for field in structures[text(&initialiser["struct"])]["fields"]
        .as_array()
        .expect("fields are a list")
    {
        let name = text(&field["name"]);
        if matches!(text(&field["type"]), "struct" | "union") {
            continue;
        }
        let offset = number(&field["offset"]) as usize;
        let size = number(&field["size"]) as usize;
        // Of members that share their place, the one that is set tells what stands there.
        let set = sets.iter().find_map(|sets| sets.get(name));
        let expected = match set {
            Some(set) => expected_bytes(initialiser, set, size),
            None if shares_its_place_with_a_set_one(
                &structures[text(&initialiser["struct"])],
                field,
                sets,
            ) =>
            {
                continue;
            }
            None => vec![0; size],
        };
        if found[offset..offset + size] != expected {
            differences.push(format!(
                "{}: {name} is {:x?}, recorded {expected:x?}",
                initialiser["function"],
                &found[offset..offset + size]
            ));
        }
    }
}

fn shares_its_place_with_a_set_one(structure: &Value, field: &Value, sets: &[&Value]) -> bool {
    let place = |field: &Value| {
        let offset = number(&field["offset"]);
        offset..offset + number(&field["size"])
    };
    structure["fields"]
        .as_array()
        .expect("fields are a list")
        .iter()
        .any(|other| {
            sets.iter()
                .any(|sets| sets.get(text(&other["name"])).is_some())
                && place(other).start < place(field).end
                && place(field).start < place(other).end
        })
}

/// Runs constructors with arguments made for their parameters.
macro_rules! constructed {
    ($($module:ident::$structure:ident::$constructor:ident($($parameter:ident),*) = $function:ident;)*) => {
        /// Module, initialiser, bytes that its constructor leaves.
        fn constructed() -> Vec<(&'static str, Value, Vec<u8>)> {
            vec![$({
                let initialiser = initialiser(stringify!($module), stringify!($function));
                let value = $module::$structure::$constructor(
                    $(argument(argument_byte(&initialiser, stringify!($parameter)))),*
                );
                (stringify!($module), initialiser, bytes_over_pattern(value))
            }),*]
        }
    };
}

constructed! {
    wdf::WDF_COMMON_BUFFER_CONFIG::init(AlignmentRequirement) = WDF_COMMON_BUFFER_CONFIG_INIT;
    wdf::WDF_DEVICE_PNP_CAPABILITIES::init() = WDF_DEVICE_PNP_CAPABILITIES_INIT;
    wdf::WDF_DEVICE_POWER_CAPABILITIES::init() = WDF_DEVICE_POWER_CAPABILITIES_INIT;
    wdf::WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS::init(IdleCaps) = WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT;
    wdf::WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS::init() = WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT;
    wdf::WDF_DEVICE_PROPERTY_DATA::init(PropertyKey) = WDF_DEVICE_PROPERTY_DATA_INIT;
    wdf::WDF_DEVICE_STATE::init() = WDF_DEVICE_STATE_INIT;
    wdf::WDF_DMA_ENABLER_CONFIG::init(Profile, MaximumLength) = WDF_DMA_ENABLER_CONFIG_INIT;
    wdf::WDF_DPC_CONFIG::init(EvtDpcFunc) = WDF_DPC_CONFIG_INIT;
    wdf::WDF_DRIVER_CONFIG::init(EvtDriverDeviceAdd) = WDF_DRIVER_CONFIG_INIT;
    wdf::WDF_DRIVER_VERSION_AVAILABLE_PARAMS::init(MajorVersion, MinorVersion) = WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT;
    wdf::WDF_IO_TYPE_CONFIG::init() = WDF_IO_TYPE_CONFIG_INIT;
    wdf::WDF_REMOVE_LOCK_OPTIONS::init(Flags) = WDF_REMOVE_LOCK_OPTIONS_INIT;
    wdf::WDF_FDO_EVENT_CALLBACKS::init() = WDF_FDO_EVENT_CALLBACKS_INIT;
    wdf::WDF_FILEOBJECT_CONFIG::init(EvtDeviceFileCreate, EvtFileClose, EvtFileCleanup) = WDF_FILEOBJECT_CONFIG_INIT;
    wdf::WDF_INTERRUPT_CONFIG::init(EvtInterruptIsr, EvtInterruptDpc) = WDF_INTERRUPT_CONFIG_INIT;
    wdf::WDF_INTERRUPT_EXTENDED_POLICY::init() = WDF_INTERRUPT_EXTENDED_POLICY_INIT;
    wdf::WDF_INTERRUPT_INFO::init() = WDF_INTERRUPT_INFO_INIT;
    wdf::WDF_IO_QUEUE_CONFIG::init(DispatchType) = WDF_IO_QUEUE_CONFIG_INIT;
    wdf::WDF_IO_QUEUE_CONFIG::init_default_queue(DispatchType) = WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE;
    wdf::WDF_OBJECT_ATTRIBUTES::init() = WDF_OBJECT_ATTRIBUTES_INIT;
    wdf::WDF_PNPPOWER_EVENT_CALLBACKS::init() = WDF_PNPPOWER_EVENT_CALLBACKS_INIT;
    wdf::WDF_POWER_POLICY_EVENT_CALLBACKS::init() = WDF_POWER_POLICY_EVENT_CALLBACKS_INIT;
    wdf::WDF_QUERY_INTERFACE_CONFIG::init(Interface, InterfaceType, EvtDeviceProcessQueryInterfaceRequest) = WDF_QUERY_INTERFACE_CONFIG_INIT;
    wdf::WDF_REQUEST_PARAMETERS::init() = WDF_REQUEST_PARAMETERS_INIT;
    wdf::WDF_TIMER_CONFIG::init(EvtTimerFunc) = WDF_TIMER_CONFIG_INIT;
    wdf::WDF_TIMER_CONFIG::init_periodic(EvtTimerFunc, Period) = WDF_TIMER_CONFIG_INIT_PERIODIC;
    wdf::WDF_WORKITEM_CONFIG::init(EvtWorkItemFunc) = WDF_WORKITEM_CONFIG_INIT;
    net::NET_ADAPTER_DATAPATH_CALLBACKS::init(EvtAdapterCreateTxQueue, EvtAdapterCreateRxQueue) = NET_ADAPTER_DATAPATH_CALLBACKS_INIT;
    net::NET_ADAPTER_DMA_CAPABILITIES::init(DmaEnabler) = NET_ADAPTER_DMA_CAPABILITIES_INIT;
    net::NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(MaxTxLinkSpeed, MaxRxLinkSpeed) = NET_ADAPTER_LINK_LAYER_CAPABILITIES_INIT;
    net::NET_ADAPTER_LINK_STATE::init(LinkSpeed, MediaConnectState, MediaDuplexState, SupportedPauseFunctions, AutoNegotiationFlags) = NET_ADAPTER_LINK_STATE_INIT;
    net::NET_ADAPTER_LINK_STATE::init_disconnected() = NET_ADAPTER_LINK_STATE_INIT_DISCONNECTED;
    net::NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES::init(IPv4, Tcp, Udp, EvtAdapterOffloadSetChecksum) = NET_ADAPTER_OFFLOAD_CHECKSUM_CAPABILITIES_INIT;
    net::NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES::init(Layer3Flags, Layer4Flags, MaximumOffloadSize, MinimumSegmentCount, EvtAdapterOffloadSetGso) = NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES_INIT;
    net::NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES::init(Flags) = NET_ADAPTER_OFFLOAD_IEEE8021Q_TAG_CAPABILITIES_INIT;
    net::NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES::init(Layer3Flags, Layer4Flags, EvtAdapterOffloadSetRsc) = NET_ADAPTER_OFFLOAD_RSC_CAPABILITIES_INIT;
    net::NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES::init(EvtAdapterOffloadSetRxChecksum) = NET_ADAPTER_OFFLOAD_RX_CHECKSUM_CAPABILITIES_INIT;
    net::NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES::init(Layer3Flags, EvtAdapterOffloadSetTxChecksum) = NET_ADAPTER_OFFLOAD_TX_CHECKSUM_CAPABILITIES_INIT;
    net::NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES::init(EvtSetReceiveFilter) = NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES_INIT;
    net::NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES::init(NumberOfQueues, UnhashedTargetType, HashTypes, ProtocolTypes, Enable, Disable, SetHashSecretKey, SetIndirectionEntries) = NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES_INIT;
    net::NET_ADAPTER_RX_CAPABILITIES::init_driver_managed(EvtAdapterReturnRxBuffer, MaximumFrameSize, MaximumNumberOfQueues) = NET_ADAPTER_RX_CAPABILITIES_INIT_DRIVER_MANAGED;
    net::NET_ADAPTER_RX_CAPABILITIES::init_system_managed(MaximumFrameSize, MaximumNumberOfQueues) = NET_ADAPTER_RX_CAPABILITIES_INIT_SYSTEM_MANAGED;
    net::NET_ADAPTER_RX_CAPABILITIES::init_system_managed_dma(DmaCapabilities, MaximumFrameSize, MaximumNumberOfQueues) = NET_ADAPTER_RX_CAPABILITIES_INIT_SYSTEM_MANAGED_DMA;
    net::NET_ADAPTER_TX_DEMUX::init_8021p() = NET_ADAPTER_TX_8021P_DEMUX_INIT;
    net::NET_ADAPTER_TX_CAPABILITIES::init(MaximumNumberOfQueues) = NET_ADAPTER_TX_CAPABILITIES_INIT;
    net::NET_ADAPTER_TX_CAPABILITIES::init_for_dma(DmaCapabilities, MaximumNumberOfQueues) = NET_ADAPTER_TX_CAPABILITIES_INIT_FOR_DMA;
    net::NET_DEVICE_RESET_CAPABILITIES::init(ResetDiagnosticsGuid, EvtNetDeviceCollectResetDiagnostics) = NET_DEVICE_RESET_CAPABILITIES_INIT;
    net::NET_EXECUTION_CONTEXT_CONFIG::init(EvtSetNotificationEnabled) = NET_EXECUTION_CONTEXT_CONFIG_INIT;
    net::NET_EXECUTION_CONTEXT_TASK_CONFIG::init(EvtTask) = NET_EXECUTION_CONTEXT_TASK_CONFIG_INIT;
    net::NET_EXTENSION_QUERY::init(Name, Version, Type) = NET_EXTENSION_QUERY_INIT;
    net::NET_PACKET_QUEUE_CONFIG::init(EvtAdvance, EvtSetNotificationEnabled, EvtCancel) = NET_PACKET_QUEUE_CONFIG_INIT;
    net::NET_PACKET_QUEUE_CONFIG::init_rx_execution_context(ExecutionContext, EvtAdvance, EvtCancel) = NET_RX_QUEUE_CONFIG_INIT_EXECUTION_CONTEXT;
    net::NET_PACKET_QUEUE_CONFIG::init_tx_execution_context(ExecutionContext, EvtAdvance) = NET_TX_QUEUE_CONFIG_INIT_EXECUTION_CONTEXT;
}

#[test]
fn constructors_write_what_the_initialisers_write() {
    let mut differences = Vec::new();
    for (module, initialiser, bytes) in constructed() {
        compare(
            module,
            &initialiser,
            &[&initialiser["sets"]],
            &bytes,
            &mut differences,
        );
    }
    assert_none(&differences);
}

#[test]
fn the_initialisers_that_look_at_an_argument_write_the_recorded_variants() {
    let mut differences = Vec::new();
    let mut variant =
        |function: &str, argument: i32, value: &str, mut found: Vec<u8>, argument_at: usize| {
            let initialiser = initialiser("wdf", function);
            let variants = initialiser["variants"].as_array().expect("it has variants");
            let recorded = variants
                .iter()
                .find(|variant| {
                    variant["when"]
                        .as_object()
                        .expect("a condition")
                        .values()
                        .any(|when| when == value)
                })
                .unwrap_or_else(|| panic!("{function} has a variant for {value}"));
            assert_eq!(
                found[argument_at..argument_at + 4],
                argument.to_le_bytes(),
                "{function}"
            );
            found[argument_at..argument_at + 4].fill(0x11);
            compare(
                "wdf",
                &initialiser,
                &[&recorded["sets"], &initialiser["sets"]],
                &found,
                &mut differences,
            );
        };
    let idle_caps_at = std::mem::offset_of!(wdf::WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, IdleCaps);
    for (caps, name) in [
        (wdf::IdleCannotWakeFromS0, "IdleCannotWakeFromS0"),
        (wdf::IdleCanWakeFromS0, "IdleCanWakeFromS0"),
        (wdf::IdleUsbSelectiveSuspend, "IdleUsbSelectiveSuspend"),
    ] {
        let settings = bytes_over_pattern(wdf::WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS::init(caps));
        variant(
            "WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT",
            caps,
            name,
            settings,
            idle_caps_at,
        );
    }
    let dispatch_type_at = std::mem::offset_of!(wdf::WDF_IO_QUEUE_CONFIG, DispatchType);
    let parallel = wdf::WdfIoQueueDispatchParallel;
    let plain = bytes_over_pattern(wdf::WDF_IO_QUEUE_CONFIG::init(parallel));
    variant(
        "WDF_IO_QUEUE_CONFIG_INIT",
        parallel,
        "WdfIoQueueDispatchParallel",
        plain,
        dispatch_type_at,
    );
    let default = bytes_over_pattern(wdf::WDF_IO_QUEUE_CONFIG::init_default_queue(parallel));
    variant(
        "WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE",
        parallel,
        "WdfIoQueueDispatchParallel",
        default,
        dispatch_type_at,
    );
    assert_none(&differences);
}

#[test]
fn a_link_layer_address_keeps_at_most_32_bytes() {
    let address = net::NET_ADAPTER_LINK_LAYER_ADDRESS::init(&[2, 0, 0, 0, 0, 1]);
    assert_eq!(address.Length, 6);
    assert_eq!(address.Address[..7], [2, 0, 0, 0, 0, 1, 0]);
    let long = net::NET_ADAPTER_LINK_LAYER_ADDRESS::init(&[7; 40]);
    assert_eq!((long.Length, long.Address), (32, [7; 32]));
}

#[test]
fn every_initialiser_of_a_declared_structure_has_a_constructor_here() {
    let declared = declared_structures();
    // Its second argument is a pointer and a length in C, a slice here; it has a test of its own.
    let mut covered = BTreeSet::from(["NET_ADAPTER_LINK_LAYER_ADDRESS_INIT".to_owned()]);
    covered.extend(
        constructed()
            .iter()
            .map(|(_, initialiser, _)| text(&initialiser["function"]).to_owned()),
    );
    let mut missing = Vec::new();
    for module in ["wdf", "net"] {
        for recorded in facts(module)["init_defaults"]
            .as_array()
            .expect("initialisers are a list")
        {
            let function = text(&recorded["function"]);
            if declared.contains(text(&recorded["struct"])) && !covered.contains(function) {
                missing.push(function.to_owned());
            }
        }
    }
    assert_none(&missing);
}
