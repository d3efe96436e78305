//! A driver made of Rust functions: it writes down each callback that comes, and fails those that
//! a test tells it to fail.

use super::super::class_extension::ClassExtension;
use super::super::{DeviceHost, DriverHost, device_init_mark_netcx, loader};
use super::fake_node::FakeNode;
use crate::executive::{Event, EventKind, System, processor, system};
use core::ffi::c_void;
use netadapter_abi::binding::{PWDF_BIND_INFO, WDF_BIND_INFO, WDF_VERSION};
use netadapter_abi::nt::{
    BOOLEAN, DRIVER_OBJECT, NTSTATUS, STATUS_SUCCESS, STATUS_UNSUCCESSFUL, ULONG, UNICODE_STRING,
};
use netadapter_abi::wdf::{self, *};
use netadapter_abi::{nt_export, nt_fn, utf16};
use parking_lot::Mutex;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What the driver of a machine has seen, and how it is to behave.
pub struct FakeDriver {
    pub globals: AtomicUsize,
    table: AtomicUsize,
    log: Mutex<Vec<String>>,
    failing: Mutex<Option<(&'static str, NTSTATUS)>>,
    pub interrupts_in_device_add: AtomicUsize,
    pub interrupts: Mutex<Vec<usize>>,
    pub interrupt_taken: Event,
    pub dpc_done: Event,
    pub with_dma: AtomicBool,
    pub with_class_extension: AtomicBool,
    /// Calls `WdfDeviceInitSetIoType`.
    pub sets_io_type: AtomicBool,
    /// Runs in EvtDriverDeviceAdd before the device is made.
    pub in_device_init: Mutex<Option<fn(*mut WDFDEVICE_INIT)>>,
    /// Runs in EvtDriverDeviceAdd once the device is made.
    pub in_device_add: Mutex<Option<fn(WDFDEVICE)>>,
    /// Runs in EvtDevicePrepareHardware.
    pub in_prepare_hardware: Mutex<Option<Prepare>>,
    /// Runs in EvtDeviceFilterAddResourceRequirements.
    pub in_filter: Mutex<Option<fn(WDFIORESREQLIST)>>,
}

pub type Prepare = fn(WDFDEVICE, WDFCMRESLIST, WDFCMRESLIST);

impl Default for FakeDriver {
    fn default() -> Self {
        Self {
            globals: AtomicUsize::new(0),
            table: AtomicUsize::new(0),
            log: Mutex::default(),
            failing: Mutex::default(),
            interrupts_in_device_add: AtomicUsize::new(0),
            interrupts: Mutex::default(),
            interrupt_taken: Event::new(EventKind::Notification, false),
            dpc_done: Event::new(EventKind::Notification, false),
            with_dma: AtomicBool::new(false),
            with_class_extension: AtomicBool::new(false),
            sets_io_type: AtomicBool::new(false),
            in_device_init: Mutex::default(),
            in_device_add: Mutex::default(),
            in_prepare_hardware: Mutex::default(),
            in_filter: Mutex::default(),
        }
    }
}

/// The driver of the caller's machine.
pub fn driver() -> &'static FakeDriver {
    system().subsystem()
}

impl FakeDriver {
    pub fn fail(&self, callback: &'static str) {
        self.fail_with(callback, STATUS_UNSUCCESSFUL);
    }

    pub fn fail_with(&self, callback: &'static str, status: NTSTATUS) {
        *self.failing.lock() = Some((callback, status));
    }

    /// The status that a callback is to give.
    pub fn wanted_status(&self, callback: &str) -> NTSTATUS {
        self.status_of(callback)
    }

    fn status_of(&self, callback: &str) -> NTSTATUS {
        let failing = *self.failing.lock();
        failing
            .filter(|(name, _)| *name == callback)
            .map_or(STATUS_SUCCESS, |(_, status)| status)
    }

    pub fn note(&self, text: impl Into<String>) {
        self.log.lock().push(text.into());
    }

    /// What has been written down since the last call.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }

    /// Writes a callback down and gives the status that it returns.
    fn step(&self, callback: &'static str) -> NTSTATUS {
        self.note(callback);
        self.status_of(callback)
    }

    pub fn globals(&self) -> *mut WDF_DRIVER_GLOBALS {
        self.globals.load(Ordering::Relaxed) as *mut WDF_DRIVER_GLOBALS
    }

    pub fn function(&self, index: usize) -> *const c_void {
        let table = self.table.load(Ordering::Relaxed) as *const *const c_void;
        // SAFETY: the framework's table has an entry for every index.
        unsafe { table.wrapping_add(index).read() }
    }
}

/// Calls a function through the table, as drivers do.
macro_rules! call {
    ($name:ident: $pointer:ident($($argument:expr),* $(,)?)) => {{
        let driver = $crate::wdf::tests::fake_driver::driver();
        let entry = driver.function(netadapter_abi::wdf::index::$name);
        // SAFETY: the entry at this index has this type.
        let function: netadapter_abi::wdf::$pointer = unsafe { std::mem::transmute(entry) };
        // SAFETY: the arguments are those of the test, which knows the function's page.
        unsafe { function(driver.globals(), $($argument),*) }
    }};
}
pub(super) use call;

macro_rules! device_callbacks {
    ($($function:ident($($argument:ident: $type:ty),*) = $name:literal;)*) => {
        nt_export! { $(
            unsafe fn $function(_device: WDFDEVICE $(, $argument: $type)*) -> NTSTATUS {
                driver().step($name)
            }
        )* }
    };
}

device_callbacks! {
    d0_entry(_previous: WDF_POWER_DEVICE_STATE) = "D0Entry";
    post_interrupts_enabled(_previous: WDF_POWER_DEVICE_STATE) = "PostInterruptsEnabled";
    pre_interrupts_disabled(_target: WDF_POWER_DEVICE_STATE) = "PreInterruptsDisabled";
    d0_exit(_target: WDF_POWER_DEVICE_STATE) = "D0Exit";
    release_hardware(_translated: WDFCMRESLIST) = "ReleaseHardware";
    self_managed_io_init() = "SelfManagedIoInit";
    self_managed_io_suspend() = "SelfManagedIoSuspend";
    self_managed_io_restart() = "SelfManagedIoRestart";
    query_stop() = "QueryStop";
    query_remove() = "QueryRemove";
    filter_remove(_list: WDFIORESREQLIST) = "FilterRemove";
    remove_added(_raw: WDFCMRESLIST, _translated: WDFCMRESLIST) = "RemoveAddedResources";
}

macro_rules! dma_callbacks {
    ($($function:ident = $name:literal;)*) => {
        nt_export! { $(
            unsafe fn $function(_enabler: WDFDMAENABLER) -> NTSTATUS {
                driver().step($name)
            }
        )* }
    };
}

dma_callbacks! {
    dma_fill = "DmaFill";
    dma_enable = "DmaEnable";
    dma_start = "DmaStart";
    dma_stop = "DmaStop";
    dma_disable = "DmaDisable";
    dma_flush = "DmaFlush";
}

nt_export! {
    unsafe fn prepare_hardware(
        device: WDFDEVICE,
        raw: WDFCMRESLIST,
        translated: WDFCMRESLIST,
    ) -> NTSTATUS {
        let status = driver().step("PrepareHardware");
        let prepare = *driver().in_prepare_hardware.lock();
        if let Some(prepare) = prepare {
            prepare(device, raw, translated);
        }
        status
    }

    unsafe fn filter_add(_device: WDFDEVICE, list: WDFIORESREQLIST) -> NTSTATUS {
        let status = driver().step("FilterAdd");
        let filter = *driver().in_filter.lock();
        if let Some(filter) = filter {
            filter(list);
        }
        status
    }

    unsafe fn self_managed_io_flush(_device: WDFDEVICE) {
        driver().note("SelfManagedIoFlush");
    }

    unsafe fn self_managed_io_cleanup(_device: WDFDEVICE) {
        driver().note("SelfManagedIoCleanup");
    }

    unsafe fn surprise_removal(_device: WDFDEVICE) {
        driver().note("SurpriseRemoval");
    }

    unsafe fn device_cleanup(_device: WDFOBJECT) {
        driver().note("DeviceCleanup");
    }

    unsafe fn device_destroy(_device: WDFOBJECT) {
        driver().note("DeviceDestroy");
    }

    unsafe fn interrupt_enable(interrupt: WDFINTERRUPT, _device: WDFDEVICE) -> NTSTATUS {
        driver().note(format!("Enable {} at {}", number(interrupt), processor().irql()));
        driver().status_of(&format!("Enable {}", number(interrupt)))
    }

    unsafe fn interrupt_disable(interrupt: WDFINTERRUPT, _device: WDFDEVICE) -> NTSTATUS {
        driver().note(format!("Disable {} at {}", number(interrupt), processor().irql()));
        STATUS_SUCCESS
    }

    unsafe fn interrupt_isr(interrupt: WDFINTERRUPT, message: ULONG) -> BOOLEAN {
        let place = processor();
        driver().note(format!("Isr {message} on {} at {}", place.index(), place.irql()));
        let queued = call!(WdfInterruptQueueDpcForIsr: PFN_WDFINTERRUPTQUEUEDPCFORISR(interrupt));
        driver().interrupt_taken.set();
        queued
    }

    unsafe fn interrupt_dpc(interrupt: WDFINTERRUPT, _device: WDFOBJECT) {
        let place = processor();
        let number = number(interrupt);
        driver().note(format!("Dpc {number} on {} at {}", place.index(), place.irql()));
        driver().dpc_done.set();
    }

    unsafe fn driver_unload(_driver: WDFDRIVER) {
        driver().note("Unload");
    }

    unsafe fn driver_cleanup(_driver: WDFOBJECT) {
        driver().note("DriverCleanup");
    }

    unsafe fn device_add(_driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
        let status = driver().step("DeviceAdd");
        set_callbacks(init);
        let prepare = *driver().in_device_init.lock();
        if let Some(prepare) = prepare {
            prepare(init);
        }
        let mut init = init;
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        attributes.EvtCleanupCallback = Some(device_cleanup);
        attributes.EvtDestroyCallback = Some(device_destroy);
        let mut device: WDFDEVICE = null_mut();
        let created =
            call!(WdfDeviceCreate: PFN_WDFDEVICECREATE(&mut init, &mut attributes, &mut device));
        assert_eq!(created, STATUS_SUCCESS);
        assert!(init.is_null());
        for _ in 0..driver().interrupts_in_device_add.load(Ordering::Relaxed) {
            assert_eq!(create_interrupt(device, &interrupt_config()), STATUS_SUCCESS);
        }
        if driver().with_dma.load(Ordering::Relaxed) {
            create_enabler(device);
        }
        let finish = *driver().in_device_add.lock();
        if let Some(finish) = finish {
            finish(device);
        }
        status
    }

    unsafe fn driver_entry(
        driver_object: *mut DRIVER_OBJECT,
        registry_path: *mut UNICODE_STRING,
    ) -> NTSTATUS {
        let driver = driver();
        let bound = bind(driver_object);
        assert_eq!(bound, STATUS_SUCCESS);
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        attributes.EvtCleanupCallback = Some(driver_cleanup);
        let mut config = WDF_DRIVER_CONFIG::init(Some(device_add));
        config.EvtDriverUnload = Some(driver_unload);
        let created = call!(WdfDriverCreate: PFN_WDFDRIVERCREATE(
            driver_object, registry_path, &mut attributes, &mut config, null_mut(),
        ));
        if created != STATUS_SUCCESS {
            return created;
        }
        driver.step("DriverEntry")
    }
}

/// Binds the driver to the framework, as the stub of a real image does.
fn bind(driver_object: *mut DRIVER_OBJECT) -> NTSTATUS {
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
        Size: size_of::<WDF_BIND_INFO>() as ULONG,
        Component: utf16!("KmdfLibrary").as_ptr().cast_mut(),
        Version: WDF_VERSION {
            Major: 1,
            Minor: 33,
            Build: 0,
        },
        FuncCount: wdf::FUNCTION_NAMES.len() as ULONG,
        FuncTable: (&raw mut table).cast(),
        Module: null_mut(),
    };
    let address = loader::resolve("WdfVersionBind").expect("the loader has this export");
    // SAFETY: the export has this type.
    let bind: Bind = unsafe { std::mem::transmute(address) };
    // SAFETY: all arguments are valid during the call.
    let status = unsafe { bind(driver_object, null_mut(), &mut info, &mut globals) };
    driver().globals.store(globals as usize, Ordering::Relaxed);
    driver().table.store(table as usize, Ordering::Relaxed);
    status
}

fn set_callbacks(init: *mut WDFDEVICE_INIT) {
    if driver().with_class_extension.load(Ordering::Relaxed) {
        let attached = device_init_mark_netcx(init, Box::new(|_| Arc::new(FakeExtension)));
        assert_eq!(attached, STATUS_SUCCESS);
    }
    if driver().sets_io_type.load(Ordering::Relaxed) {
        call!(WdfDeviceInitSetIoType: PFN_WDFDEVICEINITSETIOTYPE(init, WdfDeviceIoDirect));
    }
    let mut pnp = WDF_PNPPOWER_EVENT_CALLBACKS {
        EvtDeviceD0Entry: Some(d0_entry),
        EvtDeviceD0EntryPostInterruptsEnabled: Some(post_interrupts_enabled),
        EvtDeviceD0Exit: Some(d0_exit),
        EvtDeviceD0ExitPreInterruptsDisabled: Some(pre_interrupts_disabled),
        EvtDevicePrepareHardware: Some(prepare_hardware),
        EvtDeviceReleaseHardware: Some(release_hardware),
        EvtDeviceSelfManagedIoCleanup: Some(self_managed_io_cleanup),
        EvtDeviceSelfManagedIoFlush: Some(self_managed_io_flush),
        EvtDeviceSelfManagedIoInit: Some(self_managed_io_init),
        EvtDeviceSelfManagedIoSuspend: Some(self_managed_io_suspend),
        EvtDeviceSelfManagedIoRestart: Some(self_managed_io_restart),
        EvtDeviceSurpriseRemoval: Some(surprise_removal),
        EvtDeviceQueryRemove: Some(query_remove),
        EvtDeviceQueryStop: Some(query_stop),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::init()
    };
    call!(WdfDeviceInitSetPnpPowerEventCallbacks: PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS(
        init, &mut pnp,
    ));
    let mut fdo = WDF_FDO_EVENT_CALLBACKS {
        EvtDeviceFilterAddResourceRequirements: Some(filter_add),
        EvtDeviceFilterRemoveResourceRequirements: Some(filter_remove),
        EvtDeviceRemoveAddedResources: Some(remove_added),
        ..WDF_FDO_EVENT_CALLBACKS::init()
    };
    call!(WdfFdoInitSetEventCallbacks: PFN_WDFFDOINITSETEVENTCALLBACKS(init, &mut fdo));
}

pub fn interrupt_config() -> WDF_INTERRUPT_CONFIG {
    WDF_INTERRUPT_CONFIG {
        EvtInterruptEnable: Some(interrupt_enable),
        EvtInterruptDisable: Some(interrupt_disable),
        ..WDF_INTERRUPT_CONFIG::init(Some(interrupt_isr), Some(interrupt_dpc))
    }
}

/// Makes an interrupt and remembers it.
pub fn create_interrupt(device: WDFDEVICE, config: &WDF_INTERRUPT_CONFIG) -> NTSTATUS {
    let mut config = *config;
    let mut interrupt: WDFINTERRUPT = null_mut();
    let status = call!(WdfInterruptCreate: PFN_WDFINTERRUPTCREATE(
        device, &mut config, null_mut(), &mut interrupt,
    ));
    if status == STATUS_SUCCESS {
        driver().interrupts.lock().push(interrupt as usize);
    }
    status
}

/// The place of an interrupt in the order in which the driver made its interrupts.
fn number(interrupt: WDFINTERRUPT) -> usize {
    let interrupts = driver().interrupts.lock();
    interrupts
        .iter()
        .position(|&known| known == interrupt as usize)
        .expect("a known interrupt")
}

pub fn create_enabler(device: WDFDEVICE) -> WDFDMAENABLER {
    let mut config = WDF_DMA_ENABLER_CONFIG {
        EvtDmaEnablerFill: Some(dma_fill),
        EvtDmaEnablerFlush: Some(dma_flush),
        EvtDmaEnablerDisable: Some(dma_disable),
        EvtDmaEnablerEnable: Some(dma_enable),
        EvtDmaEnablerSelfManagedIoStart: Some(dma_start),
        EvtDmaEnablerSelfManagedIoStop: Some(dma_stop),
        ..WDF_DMA_ENABLER_CONFIG::init(WdfDmaProfileScatterGather64Duplex, 65536)
    };
    let mut enabler: WDFDMAENABLER = null_mut();
    let created = call!(WdfDmaEnablerCreate: PFN_WDFDMAENABLERCREATE(
        device, &mut config, null_mut(), &mut enabler,
    ));
    assert_eq!(created, STATUS_SUCCESS);
    enabler
}

/// A class extension that writes its calls down like the driver does.
struct FakeExtension;

impl ClassExtension for FakeExtension {
    fn before_prepare_hardware(&self) -> NTSTATUS {
        driver().step("[before PrepareHardware]")
    }

    fn after_power_up(&self) -> NTSTATUS {
        driver().step("[queues made]")
    }

    fn started(&self) {
        driver().note("[started]");
    }

    fn before_power_down(&self) {
        driver().note("[queues destroyed]");
    }

    fn before_release_hardware(&self) {
        driver().note("[adapters halted]");
    }

    fn before_surprise_removal(&self) {
        driver().note("[before SurpriseRemoval]");
    }

    fn before_device_cleanup(&self) {
        driver().note("[before device cleanup]");
    }
}

/// Loads the driver.
pub fn load(system: &'static System) -> Result<Arc<DriverHost>, NTSTATUS> {
    let path = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\fake";
    DriverHost::load(system, driver_entry as *const c_void, "fake", path)
}

/// Loads the driver and adds a device.
pub fn add_device(system: &'static System) -> (Arc<DriverHost>, Arc<DeviceHost>, Arc<FakeNode>) {
    let host = load(system).expect("the entry succeeds");
    let node = FakeNode::new();
    let device = host
        .add_device(node.clone())
        .expect("the driver takes the device");
    (host, device, node)
}
