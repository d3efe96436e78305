//! A network driver made of Rust functions. Frames come from a list for each queue; what is sent
//! goes to another.

use super::offloads::{OffloadShape, ReceivedMetadata, SentMetadata};
use super::queues::{FakeQueue, create_receive_queue, create_transmit_queue, return_buffer};
use crate::executive::{System, system};
use crate::netcx::{Adapter, adapters};
use crate::pnp::{AssignedResources, DeviceNode, KeyValue};
use crate::wdf::{self as framework, DeviceHost, DriverHost};
use netadapter_abi::binding::{
    PWDF_BIND_INFO, PWDF_CLASS_BIND_INFO, WDF_BIND_INFO, WDF_CLASS_BIND_INFO, WDF_CLASS_BIND_INFO2,
    WDF_CLASS_VERSION, WDF_VERSION,
};
use netadapter_abi::net::*;
use netadapter_abi::nt::{DEVPROPKEY, DRIVER_OBJECT, NTSTATUS, STATUS_SUCCESS, UNICODE_STRING};
use netadapter_abi::wdf::*;
use netadapter_abi::{nt_export, nt_fn, utf16};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Calls a function of the class extension through the table, as drivers do.
macro_rules! net {
    ($name:ident: $pointer:ident($($argument:expr),* $(,)?)) => {{
        let nic = $crate::netcx::tests::fake_driver::nic();
        let entry = nic.net_function(netadapter_abi::net::index::$name);
        // SAFETY: the entry at this index has this type.
        let function: netadapter_abi::net::$pointer = unsafe { std::mem::transmute(entry) };
        // SAFETY: the arguments are those of the test, which knows the function's page.
        unsafe { function(nic.net_globals(), $($argument),*) }
    }};
}
pub(super) use net;

/// Calls a function of the framework through the table.
macro_rules! kmdf {
    ($name:ident: $pointer:ident($($argument:expr),* $(,)?)) => {{
        let entry = nic().function(netadapter_abi::wdf::index::$name);
        // SAFETY: the entry at this index has this type.
        let function: netadapter_abi::wdf::$pointer = unsafe { std::mem::transmute(entry) };
        let globals = nic().globals.load(Ordering::Relaxed) as *mut WDF_DRIVER_GLOBALS;
        // SAFETY: the arguments are those of the test, which knows the function's page.
        unsafe { function(globals, $($argument),*) }
    }};
}

/// Something that the driver does wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An Advance moves the end of the packet ring.
    MovesEnd,
    /// A received packet names a fragment that is not its own.
    NamesForeignFragment,
    /// A setter is called once the adapter is started.
    SetsCapabilitiesLate,
    /// A queue is created twice in its callback.
    CreatesQueueTwice,
    /// An entry of an evacuation is refused, and only one.
    MovesHalf,
    /// A received frame goes one byte beyond its buffer's capacity.
    WritesBehindCapacity,
    /// A received fragment names a data buffer that the system never gave.
    InventsDataBuffer,
}

/// Whose receive buffers the driver uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveMode {
    #[default]
    Driver,
    System,
    SystemDma,
    /// The system's, from the data buffer ring.
    Ring,
}

/// What the driver says about its transmit side.
#[derive(Clone, Copy, Debug)]
pub struct TransmitShape {
    pub dma: bool,
    pub maximum_fragments: usize,
    pub alignment: usize,
    pub backfill: usize,
    /// 0: no limit.
    pub maximum_address: u64,
    pub ring_hint: u32,
}

impl Default for TransmitShape {
    fn default() -> Self {
        Self {
            dma: false,
            maximum_fragments: usize::MAX,
            alignment: 1,
            backfill: 0,
            maximum_address: 0,
            ring_hint: 0,
        }
    }
}

impl TransmitShape {
    fn capabilities(self, dma: &mut NET_ADAPTER_DMA_CAPABILITIES) -> NET_ADAPTER_TX_CAPABILITIES {
        dma.MaximumPhysicalAddress = self.maximum_address as i64;
        let base = if self.dma {
            NET_ADAPTER_TX_CAPABILITIES::init_for_dma(dma, 1)
        } else {
            NET_ADAPTER_TX_CAPABILITIES::init(1)
        };
        NET_ADAPTER_TX_CAPABILITIES {
            PayloadBackfill: self.backfill,
            MaximumNumberOfFragments: self.maximum_fragments,
            FragmentBufferAlignment: self.alignment,
            FragmentRingNumberOfElementsHint: self.ring_hint,
            ..base
        }
    }
}

/// How the driver found a packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentShape {
    pub fragments: u16,
    pub bounced: bool,
}

/// The driver of a machine and its hardware.
pub struct FakeNic {
    globals: AtomicUsize,
    table: AtomicUsize,
    net_globals: AtomicUsize,
    net_table: Mutex<Vec<usize>>,
    pub device: AtomicUsize,
    pub adapter: AtomicUsize,
    log: Mutex<Vec<String>>,
    /// By NETPACKETQUEUE.
    pub queues: Mutex<HashMap<usize, Arc<FakeQueue>>>,
    /// Frames that wait in the device, by receive queue.
    pub wire: Mutex<HashMap<u32, VecDeque<Vec<u8>>>>,
    pub sent: Mutex<Vec<Vec<u8>>>,
    pub returned: AtomicU64,
    /// Queues that the receive scaling capabilities name.
    pub scaling_queues: AtomicUsize,
    pub fault: Mutex<Option<Fault>>,
    pub filter: AtomicUsize,
    pub transmit_held: AtomicBool,
    pub enabler: AtomicUsize,
    pub receive_mode: Mutex<ReceiveMode>,
    /// Bytes of a fragment that a received frame fills before it goes on in the next.
    pub fragment_bytes: AtomicUsize,
    /// The buffer that was filled last.
    pub last_buffer: AtomicUsize,
    pub transmit: Mutex<TransmitShape>,
    pub sent_shapes: Mutex<Vec<SentShape>>,
    /// Keywords beside `*RSS`.
    pub keywords: Mutex<HashMap<String, KeyValue>>,
    pub offloads: Mutex<OffloadShape>,
    /// What packets to be sent said beside their bytes.
    pub sent_metadata: Mutex<Vec<SentMetadata>>,
    /// What received packets say beside their bytes.
    pub received_metadata: Mutex<ReceivedMetadata>,
    /// A NETOFFLOAD that the driver kept.
    pub kept_offload: Mutex<usize>,
}

impl Default for FakeNic {
    fn default() -> Self {
        Self {
            globals: AtomicUsize::new(0),
            table: AtomicUsize::new(0),
            net_globals: AtomicUsize::new(0),
            net_table: Mutex::default(),
            device: AtomicUsize::new(0),
            adapter: AtomicUsize::new(0),
            log: Mutex::default(),
            queues: Mutex::default(),
            wire: Mutex::default(),
            sent: Mutex::default(),
            returned: AtomicU64::new(0),
            scaling_queues: AtomicUsize::new(2),
            fault: Mutex::default(),
            filter: AtomicUsize::new(0),
            transmit_held: AtomicBool::new(false),
            enabler: AtomicUsize::new(0),
            receive_mode: Mutex::default(),
            fragment_bytes: AtomicUsize::new(usize::MAX),
            last_buffer: AtomicUsize::new(0),
            transmit: Mutex::default(),
            sent_shapes: Mutex::default(),
            keywords: Mutex::default(),
            offloads: Mutex::default(),
            sent_metadata: Mutex::default(),
            received_metadata: Mutex::default(),
            kept_offload: Mutex::default(),
        }
    }
}

/// The driver of the caller's machine.
pub fn nic() -> &'static FakeNic {
    system().subsystem()
}

impl FakeNic {
    pub fn note(&self, text: impl Into<String>) {
        self.log.lock().push(text.into());
    }

    /// What has been written down since the last call.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }

    /// Whether this fault is to be made, which happens once.
    pub fn makes(&self, fault: Fault) -> bool {
        self.fault
            .lock()
            .take_if(|wanted| *wanted == fault)
            .is_some()
    }

    fn function(&self, index: usize) -> *const c_void {
        let table = self.table.load(Ordering::Relaxed) as *const *const c_void;
        // SAFETY: the framework's table has an entry for every index.
        unsafe { table.wrapping_add(index).read() }
    }

    pub fn net_function(&self, index: usize) -> *const c_void {
        self.net_table.lock()[index] as *const c_void
    }

    pub fn net_globals(&self) -> *mut NET_DRIVER_GLOBALS {
        self.net_globals.load(Ordering::Relaxed) as *mut NET_DRIVER_GLOBALS
    }

    pub fn adapter(&self) -> NETADAPTER {
        self.adapter.load(Ordering::Relaxed) as NETADAPTER
    }

    /// A frame arrives for a receive queue, and wakes the driver if it waits.
    pub fn deliver(&self, queue: u32, frame: &[u8]) {
        self.wire
            .lock()
            .entry(queue)
            .or_default()
            .push_back(frame.to_vec());
        let queues = self.queues.lock();
        let waiting = queues
            .values()
            .find(|fake| fake.id == queue && fake.receives);
        let handle = waiting
            .filter(|fake| fake.take_armed())
            .map(|fake| fake.handle());
        drop(queues);
        if let Some(handle) = handle {
            net!(NetRxQueueNotifyMoreReceivedPacketsAvailable:
                PFN_NETRXQUEUENOTIFYMORERECEIVEDPACKETSAVAILABLE(handle));
        }
    }
}

nt_export! {
    unsafe fn driver_entry(
        driver_object: *mut DRIVER_OBJECT,
        registry_path: *mut UNICODE_STRING,
    ) -> NTSTATUS {
        bind(driver_object);
        bind_class(2, 3, netadapter_abi::net::FUNCTION_NAMES.len() as u32);
        let mut config = WDF_DRIVER_CONFIG::init(Some(device_add));
        kmdf!(WdfDriverCreate: PFN_WDFDRIVERCREATE(
            driver_object, registry_path, null_mut(), &mut config, null_mut(),
        ))
    }

    unsafe fn device_add(_driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
        assert_eq!(net!(NetDeviceInitConfig: PFN_NETDEVICEINITCONFIG(init)), STATUS_SUCCESS);
        let mut pnp = WDF_PNPPOWER_EVENT_CALLBACKS {
            EvtDevicePrepareHardware: Some(prepare_hardware),
            EvtDeviceD0Entry: Some(d0_entry),
            EvtDeviceD0Exit: Some(d0_exit),
            ..WDF_PNPPOWER_EVENT_CALLBACKS::init()
        };
        kmdf!(WdfDeviceInitSetPnpPowerEventCallbacks: PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS(
            init, &mut pnp,
        ));
        let mut init = init;
        let mut device: WDFDEVICE = null_mut();
        let created =
            kmdf!(WdfDeviceCreate: PFN_WDFDEVICECREATE(&mut init, null_mut(), &mut device));
        assert_eq!(created, STATUS_SUCCESS);
        nic().device.store(device as usize, Ordering::Relaxed);
        create_enabler(device);
        create_adapter(device)
    }

    unsafe fn prepare_hardware(
        _device: WDFDEVICE,
        _raw: WDFCMRESLIST,
        _translated: WDFCMRESLIST,
    ) -> NTSTATUS {
        set_capabilities();
        let status = net!(NetAdapterStart: PFN_NETADAPTERSTART(nic().adapter()));
        if nic().makes(Fault::SetsCapabilitiesLate) {
            set_capabilities();
        }
        status
    }

    unsafe fn d0_entry(_device: WDFDEVICE, _previous: WDF_POWER_DEVICE_STATE) -> NTSTATUS {
        nic().note("D0Entry");
        STATUS_SUCCESS
    }

    unsafe fn d0_exit(_device: WDFDEVICE, _target: WDF_POWER_DEVICE_STATE) -> NTSTATUS {
        nic().note("D0Exit");
        STATUS_SUCCESS
    }

    unsafe fn set_receive_filter(_adapter: NETADAPTER, filter: NETRECEIVEFILTER) {
        let flags =
            net!(NetReceiveFilterGetPacketFilter: PFN_NETRECEIVEFILTERGETPACKETFILTER(filter));
        let count = net!(NetReceiveFilterGetMulticastAddressCount:
            PFN_NETRECEIVEFILTERGETMULTICASTADDRESSCOUNT(filter));
        let list = net!(NetReceiveFilterGetMulticastAddressList:
            PFN_NETRECEIVEFILTERGETMULTICASTADDRESSLIST(filter));
        assert!(count == 0 || !list.is_null());
        let multicast = if count == 0 { String::new() } else { format!(", {count} addresses") };
        nic().note(format!("SetReceiveFilter {flags:#x}{multicast}"));
        nic().filter.store(filter as usize, Ordering::Relaxed);
    }

    unsafe fn scaling_enable(
        _adapter: NETADAPTER,
        types: NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
        protocols: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
    ) -> NTSTATUS {
        nic().note(format!("Enable {types:#x} {protocols:#x}"));
        STATUS_SUCCESS
    }

    unsafe fn scaling_disable(_adapter: NETADAPTER) {
        nic().note("Disable");
    }

    unsafe fn scaling_set_key(
        _adapter: NETADAPTER,
        key: *const NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY,
    ) -> NTSTATUS {
        // SAFETY: the caller passes a valid key.
        let length = unsafe { (*key).Length };
        nic().note(format!("SetHashSecretKey {length}"));
        STATUS_SUCCESS
    }

    unsafe fn scaling_set_entries(
        _adapter: NETADAPTER,
        entries: *mut NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES,
    ) -> NTSTATUS {
        // SAFETY: the caller passes valid entries.
        let all = unsafe { *entries };
        // SAFETY: the entries are an array of that length.
        let all = unsafe { std::slice::from_raw_parts_mut(all.Entries, all.Length) };
        let queues = nic().queues.lock();
        let ids: Vec<u32> =
            all.iter().map(|entry| queues[&(entry.PacketQueue as usize)].id).collect();
        drop(queues);
        nic().note(format!("SetIndirectionEntries {ids:?}"));
        if nic().makes(Fault::MovesHalf) {
            all[0].Status = netadapter_abi::nt::STATUS_UNSUCCESSFUL;
            return netadapter_abi::nt::STATUS_UNSUCCESSFUL;
        }
        STATUS_SUCCESS
    }
}

fn create_adapter(device: WDFDEVICE) -> NTSTATUS {
    let init = net!(NetAdapterInitAllocate: PFN_NETADAPTERINITALLOCATE(device));
    let mut callbacks = NET_ADAPTER_DATAPATH_CALLBACKS::init(
        Some(create_transmit_queue),
        Some(create_receive_queue),
    );
    net!(NetAdapterInitSetDatapathCallbacks: PFN_NETADAPTERINITSETDATAPATHCALLBACKS(
        init, &mut callbacks,
    ));
    let mut adapter: NETADAPTER = null_mut();
    let status = net!(NetAdapterCreate: PFN_NETADAPTERCREATE(init, null_mut(), &mut adapter));
    net!(NetAdapterInitFree: PFN_NETADAPTERINITFREE(init));
    nic().adapter.store(adapter as usize, Ordering::Relaxed);
    status
}

fn create_enabler(device: WDFDEVICE) {
    let mut config = WDF_DMA_ENABLER_CONFIG {
        WdmDmaVersionOverride: 3,
        ..WDF_DMA_ENABLER_CONFIG::init(WdfDmaProfileScatterGather64Duplex, 1 << 16)
    };
    let mut enabler: WDFDMAENABLER = null_mut();
    let status = kmdf!(WdfDmaEnablerCreate: PFN_WDFDMAENABLERCREATE(
        device, &mut config, null_mut(), &mut enabler,
    ));
    assert_eq!(status, STATUS_SUCCESS);
    nic().enabler.store(enabler as usize, Ordering::Relaxed);
}

/// The longest frame that the fake driver receives, in bytes.
pub const FRAME_BYTES: usize = 1514;

fn receive_capabilities(dma: &mut NET_ADAPTER_DMA_CAPABILITIES) -> NET_ADAPTER_RX_CAPABILITIES {
    let mode = *nic().receive_mode.lock();
    let mut capabilities = match mode {
        ReceiveMode::Driver => {
            let give_back = Some(return_buffer as _);
            NET_ADAPTER_RX_CAPABILITIES::init_driver_managed(give_back, FRAME_BYTES, 64)
        }
        ReceiveMode::System | ReceiveMode::Ring => {
            NET_ADAPTER_RX_CAPABILITIES::init_system_managed(FRAME_BYTES, 64)
        }
        ReceiveMode::SystemDma => {
            NET_ADAPTER_RX_CAPABILITIES::init_system_managed_dma(dma, FRAME_BYTES, 64)
        }
    };
    if mode == ReceiveMode::Ring {
        capabilities.AttachmentMode = NetRxFragmentBufferAttachmentModeDriver;
    }
    capabilities.FragmentRingNumberOfElementsHint = 64;
    capabilities
}

fn set_capabilities() {
    let adapter = nic().adapter();
    let mut link = NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(10_000_000_000, 10_000_000_000);
    net!(NetAdapterSetLinkLayerCapabilities: PFN_NETADAPTERSETLINKLAYERCAPABILITIES(
        adapter, &mut link,
    ));
    net!(NetAdapterSetLinkLayerMtuSize: PFN_NETADAPTERSETLINKLAYERMTUSIZE(adapter, 1500));
    let enabler = nic().enabler.load(Ordering::Relaxed) as WDFDMAENABLER;
    let mut dma = NET_ADAPTER_DMA_CAPABILITIES::init(enabler);
    let mut transmit_dma = NET_ADAPTER_DMA_CAPABILITIES::init(enabler);
    let mut transmit = nic().transmit.lock().capabilities(&mut transmit_dma);
    let mut receive = receive_capabilities(&mut dma);
    net!(NetAdapterSetDataPathCapabilities: PFN_NETADAPTERSETDATAPATHCAPABILITIES(
        adapter, &mut transmit, &mut receive,
    ));
    let mut address = NET_ADAPTER_LINK_LAYER_ADDRESS::init(&[2, 0, 0, 0, 0, 1]);
    net!(NetAdapterSetPermanentLinkLayerAddress: PFN_NETADAPTERSETPERMANENTLINKLAYERADDRESS(
        adapter, &mut address,
    ));
    let filter = NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES {
        SupportedPacketFilters: NetPacketFilterFlagDirected
            | NetPacketFilterFlagBroadcast
            | NetPacketFilterFlagMulticast,
        MaximumMulticastAddresses: 4,
        ..NET_ADAPTER_RECEIVE_FILTER_CAPABILITIES::init(Some(set_receive_filter))
    };
    net!(NetAdapterSetReceiveFilterCapabilities: PFN_NETADAPTERSETRECEIVEFILTERCAPABILITIES(
        adapter, &filter,
    ));
    let scaling = NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES::init(
        nic().scaling_queues.load(Ordering::Relaxed),
        NetAdapterReceiveScalingUnhashedTargetTypeHashIndex,
        NetAdapterReceiveScalingHashTypeToeplitz,
        NetAdapterReceiveScalingProtocolTypeIPv4 | NetAdapterReceiveScalingProtocolTypeTcp,
        Some(scaling_enable),
        Some(scaling_disable),
        Some(scaling_set_key),
        Some(scaling_set_entries),
    );
    net!(NetAdapterSetReceiveScalingCapabilities: PFN_NETADAPTERSETRECEIVESCALINGCAPABILITIES(
        adapter, &scaling,
    ));
    super::offloads::set_capabilities(adapter);
}

/// Binds the driver to the framework, as the stub of a real image does.
fn bind(driver_object: *mut DRIVER_OBJECT) {
    type Bind = nt_fn!(
        fn(
            *mut DRIVER_OBJECT,
            *mut UNICODE_STRING,
            PWDF_BIND_INFO,
            *mut *mut WDF_DRIVER_GLOBALS,
        ) -> NTSTATUS
    );
    let mut table: *const *const c_void = std::ptr::null();
    let mut globals = null_mut();
    let mut info = WDF_BIND_INFO {
        Size: size_of::<WDF_BIND_INFO>() as u32,
        Component: utf16!("KmdfLibrary").as_ptr().cast_mut(),
        Version: WDF_VERSION {
            Major: 1,
            Minor: 33,
            Build: 0,
        },
        FuncCount: netadapter_abi::wdf::FUNCTION_NAMES.len() as u32,
        FuncTable: (&raw mut table).cast(),
        Module: null_mut(),
    };
    let address = framework::resolve("WdfVersionBind").expect("the loader has this export");
    // SAFETY: the export has this type.
    let bind: Bind = unsafe { std::mem::transmute(address) };
    // SAFETY: all arguments are valid during the call.
    let status = unsafe { bind(driver_object, null_mut(), &mut info, &mut globals) };
    assert_eq!(status, STATUS_SUCCESS);
    nic().globals.store(globals as usize, Ordering::Relaxed);
    nic().table.store(table as usize, Ordering::Relaxed);
}

/// Binds the driver to a version of the class extension; the status.
pub fn bind_class(major: u32, minor: u32, functions: u32) -> NTSTATUS {
    let mut table = vec![0_usize; TABLE_ENTRIES];
    let mut globals: *mut NET_DRIVER_GLOBALS = null_mut();
    let mut record = bind_record(&mut table, &mut globals);
    record.Version.Major = major;
    record.Version.Minor = minor;
    record.FunctionTableCount = functions;
    let status = call_bind_class(&mut record);
    if status == STATUS_SUCCESS {
        nic().net_globals.store(globals as usize, Ordering::Relaxed);
        *nic().net_table.lock() = table;
    }
    status
}

/// Binds the driver with a record of the second form; the status, and whether the driver is told
/// that it is newer than the class extension (1 at first).
pub fn bind_long_class(minor: u32, minimum: Option<u32>) -> (NTSTATUS, u8) {
    let mut table = vec![0_usize; TABLE_ENTRIES];
    let mut globals: *mut NET_DRIVER_GLOBALS = null_mut();
    let (mut newer, mut functions, mut structures) = (1, TABLE_ENTRIES as u32, 46);
    let mut structure_table = null_mut();
    let mut minimum = minimum;
    let mut record = WDF_CLASS_BIND_INFO2 {
        V1: bind_record(&mut table, &mut globals),
        MinimumVersionRequired: minimum
            .as_mut()
            .map_or(null_mut(), |minimum| &raw mut *minimum),
        ClientVersionHigherThanFramework: &mut newer,
        FuncCountPtr: &mut functions,
        StructCountPtr: &mut structures,
        StructTable: &mut structure_table,
    };
    record.V1.Size = size_of::<WDF_CLASS_BIND_INFO2>() as u32;
    record.V1.Version.Minor = minor;
    let status = call_bind_class((&raw mut record).cast());
    (status, newer)
}

/// The entries of the largest table.
const TABLE_ENTRIES: usize = 132;

fn bind_record(table: &mut [usize], globals: &mut *mut NET_DRIVER_GLOBALS) -> WDF_CLASS_BIND_INFO {
    WDF_CLASS_BIND_INFO {
        Size: size_of::<WDF_CLASS_BIND_INFO>() as u32,
        ClassName: utf16!("NetAdapterCx").as_ptr().cast_mut(),
        Version: WDF_CLASS_VERSION {
            Major: 2,
            Minor: 3,
            Build: 0,
        },
        FunctionTable: table.as_mut_ptr().cast(),
        FunctionTableCount: table.len() as u32,
        ClassBindInfo: std::ptr::from_mut(globals).cast(),
        ClientBindClass: None,
        ClientUnbindClass: None,
        ClassModule: null_mut(),
    }
}

fn call_bind_class(record: *mut WDF_CLASS_BIND_INFO) -> NTSTATUS {
    type Bind = nt_fn!(fn(PWDF_BIND_INFO, *mut c_void, PWDF_CLASS_BIND_INFO) -> NTSTATUS);
    let address = framework::resolve("WdfVersionBindClass").expect("the loader has this export");
    // SAFETY: the export has this type.
    let bind: Bind = unsafe { std::mem::transmute(address) };
    let framework = nic().globals.load(Ordering::Relaxed) as *mut c_void;
    // SAFETY: the callers' records are valid during the call.
    unsafe { bind(null_mut(), framework, record) }
}

/// A node with the keywords of receive side scaling.
struct ScalingNode;

impl DeviceNode for ScalingNode {
    fn hardware_id(&self) -> String {
        "PCI\\VEN_1AF4&DEV_1041".to_owned()
    }

    fn numa_node(&self) -> u16 {
        0
    }

    fn property(&self, _key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)> {
        None
    }

    fn keyword(&self, name: &str) -> Option<KeyValue> {
        let keywords = nic().keywords.lock();
        if let Some(value) = keywords.get(name) {
            return Some(value.clone());
        }
        name.eq_ignore_ascii_case("*RSS")
            .then(|| KeyValue::String("1".to_owned()))
    }

    fn read_config(&self, _offset: u32, _data: &mut [u8]) -> u32 {
        0
    }

    fn write_config(&self, _offset: u32, _data: &[u8]) -> u32 {
        0
    }

    fn connect(&self, _vector: u32, _interrupt: Arc<crate::executive::Interrupt>) -> bool {
        false
    }

    fn disconnect(&self, _vector: u32) {}

    fn device_failed(&self) {
        nic().note("device failed");
    }
}

/// A device that has been added and not started.
pub fn add_device(system: &'static System) -> (Arc<DriverHost>, Arc<DeviceHost>) {
    let path = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\fake";
    let driver = DriverHost::load(system, driver_entry as *const c_void, "fake", path);
    let driver = driver.expect("the entry succeeds");
    let device = driver
        .add_device(Arc::new(ScalingNode))
        .expect("the driver takes the device");
    (driver, device)
}

/// A started device, its driver and its adapter.
pub fn started(system: &'static System) -> (Arc<DriverHost>, Arc<DeviceHost>, Arc<Adapter>) {
    let (driver, device) = add_device(system);
    device
        .start(AssignedResources::default())
        .expect("the driver starts");
    let adapter = adapters(system).pop().expect("the driver made an adapter");
    (driver, device, adapter)
}

/// Waits until something is so.
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let patience = Duration::from_secs(20).as_nanos() as u64;
    let started = system().clock().now_ns();
    while !holds() {
        assert!(
            system().clock().now_ns() - started < patience,
            "{what} never happened"
        );
        crate::executive::yield_now();
        std::thread::yield_now();
    }
}
