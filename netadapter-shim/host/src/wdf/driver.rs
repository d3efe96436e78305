//! A driver: its driver object, its entry, WDFDRIVER, and its unload.

use super::DeviceHost;
use super::callback::guarded;
use super::client;
use super::device_init::{DeviceInit, Role};
use super::driver_object::DriverObject;
use super::entry::{enter, enter_any, enter_passive, has_size, required};
use super::kind::ObjectKind;
use super::object;
use super::rules;
use crate::executive::{System, system, violation};
use crate::kernel::require_nothing_left;
use crate::pnp::DeviceNode;
use core::ffi::c_void;
use netadapter_abi::nt::{
    DRIVER_OBJECT, NTSTATUS, STATUS_DRIVER_INTERNAL_ERROR, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS, ULONG, ULONG_PTR, UNICODE_STRING, nt_success,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_CONFIG, WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFDRIVER, WDFOBJECT,
    WdfDriverInitNonPnpDriver,
};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

/// A loaded driver.
pub struct DriverHost {
    driver_object: DriverObject,
    binding: Mutex<Binding>,
}

/// What the driver has of the framework.
#[derive(Clone, Copy)]
struct Binding {
    /// Null while the driver is not bound; as an address, since it is only compared and passed on.
    globals: usize,
    /// The WDFDRIVER, once there is one.
    driver: Option<usize>,
    config: WDF_DRIVER_CONFIG,
}

/// The drivers of a machine.
#[derive(Default)]
struct LoadedDrivers(Mutex<Vec<Weak<DriverHost>>>);

fn find(matches: impl Fn(&DriverHost) -> bool) -> Option<Arc<DriverHost>> {
    let drivers = system().subsystem::<LoadedDrivers>().0.lock();
    drivers
        .iter()
        .filter_map(Weak::upgrade)
        .find(|host| matches(host))
}

/// The WDFDRIVER of a client.
pub(super) fn driver_of(globals: *mut WDF_DRIVER_GLOBALS) -> Option<WDFOBJECT> {
    let host = find(|host| host.binding.lock().globals == globals as usize)?;
    host.wdf_driver()
}

/// Stops the machine if a handle is none of a driver.
pub(super) fn require_driver(driver: WDFDRIVER) {
    let _: &Weak<DriverHost> = object::payload(driver.cast(), ObjectKind::Driver);
}

/// Binds the driver whose driver object this is.
pub(super) fn bind_client(
    driver_object: *mut DRIVER_OBJECT,
) -> Result<*mut WDF_DRIVER_GLOBALS, NTSTATUS> {
    let host = find(|host| host.driver_object.address() == driver_object)
        .ok_or(STATUS_INVALID_PARAMETER)?;
    let globals = client::bind(host.driver_object.name()).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
    host.binding.lock().globals = globals as usize;
    Ok(globals)
}

/// Undoes [`bind_client`]; a WDFDRIVER that is still there goes first.
pub(super) fn unbind_client(globals: *mut WDF_DRIVER_GLOBALS) -> NTSTATUS {
    client::check(globals, "WdfVersionUnbind");
    if let Some(host) = find(|host| host.binding.lock().globals == globals as usize) {
        host.delete_wdf_driver();
        host.binding.lock().globals = 0;
    }
    client::unbind(globals);
    STATUS_SUCCESS
}

impl DriverHost {
    /// Makes a driver object and calls the image's entry point.
    ///
    /// `entry` is the address of a `DRIVER_INITIALIZE` routine of a loaded image.
    ///
    /// IRQL: PASSIVE_LEVEL, on a system thread.
    ///
    /// # Errors
    /// The status with which the entry point failed.
    pub fn load(
        system: &'static System,
        entry: *const c_void,
        service_name: &str,
        registry_path: &str,
    ) -> Result<Arc<Self>, NTSTATUS> {
        let binding = Binding {
            globals: 0,
            driver: None,
            config: WDF_DRIVER_CONFIG::zeroed(),
        };
        let host = Arc::new(Self {
            driver_object: DriverObject::new(entry, service_name, registry_path),
            binding: Mutex::new(binding),
        });
        system
            .subsystem::<LoadedDrivers>()
            .0
            .lock()
            .push(Arc::downgrade(&host));
        let status = guarded("DriverEntry", || host.driver_object.call_entry());
        if nt_success(status) {
            Ok(host)
        } else {
            Err(status)
        }
    }

    fn wdf_driver(&self) -> Option<WDFOBJECT> {
        self.binding.lock().driver.map(|driver| driver as WDFOBJECT)
    }

    /// Offers a device to the driver (*EVT_WDF_DRIVER_DEVICE_ADD callback function*).
    ///
    /// IRQL: PASSIVE_LEVEL, on a system thread.
    ///
    /// # Errors
    /// The status with which the driver refused it, after which a device that it made is deleted;
    /// `STATUS_INVALID_DEVICE_STATE` if it made none.
    pub fn add_device(&self, node: Arc<dyn DeviceNode>) -> Result<Arc<DeviceHost>, NTSTATUS> {
        let driver = self.wdf_driver().ok_or(STATUS_INVALID_DEVICE_STATE)?;
        let add = self
            .binding
            .lock()
            .config
            .EvtDriverDeviceAdd
            .ok_or(STATUS_INVALID_DEVICE_STATE)?;
        let init = DeviceInit::new(driver, node, Role::Function);
        let status = guarded("EvtDriverDeviceAdd", || {
            // SAFETY: the driver registered this callback; the init is valid until it is used up.
            unsafe { add(driver.cast(), init.address()) }
        });
        let device = init.finish();
        match device {
            Some(device) if nt_success(status) => {
                device.added();
                Ok(device)
            }
            Some(device) => {
                device.abandon();
                Err(status)
            }
            None if nt_success(status) => Err(STATUS_INVALID_DEVICE_STATE),
            None => Err(status),
        }
    }

    /// Unloads the driver, all of whose devices have been removed: EvtDriverUnload, deletion of
    /// WDFDRIVER, unbinding.
    ///
    /// Whatever is left after that stops the machine, for instance with `LEAKED_OBJECTS`.
    ///
    /// IRQL: PASSIVE_LEVEL, on a system thread.
    pub fn unload(&self) {
        guarded("DriverUnload", || self.driver_object.call_unload());
        self.delete_wdf_driver();
        let leaked = object::live_objects_by_kind();
        if !leaked.is_empty() {
            violation(
                &rules::LEAKED_OBJECTS,
                format!(
                    "{} objects outlive their driver: {}",
                    leaked.len(),
                    leaked.join(", ")
                ),
            );
        }
        require_nothing_left(system());
    }

    fn delete_wdf_driver(&self) {
        let driver = self.binding.lock().driver.take();
        if let Some(driver) = driver {
            object::delete_object(driver as WDFOBJECT);
        }
    }
}

/// Whether a driver's flags and callbacks fit each other.
fn check_config(config: &WDF_DRIVER_CONFIG) -> Result<(), NTSTATUS> {
    if !has_size::<WDF_DRIVER_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    let non_pnp = config.DriverInitFlags & WdfDriverInitNonPnpDriver as ULONG != 0;
    if non_pnp == config.EvtDriverDeviceAdd.is_some() {
        return Err(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn create(
    globals: *mut WDF_DRIVER_GLOBALS,
    driver_object: *mut DRIVER_OBJECT,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
    config: &WDF_DRIVER_CONFIG,
) -> Result<WDFOBJECT, NTSTATUS> {
    check_config(config)?;
    let host = find(|host| host.driver_object.address() == driver_object)
        .filter(|host| host.binding.lock().globals == globals as usize)
        .ok_or(STATUS_INVALID_PARAMETER)?;
    if host.wdf_driver().is_some() {
        return Err(STATUS_DRIVER_INTERNAL_ERROR);
    }
    let payload = Box::new(Arc::downgrade(&host));
    let driver = object::create_object(ObjectKind::Driver, None, attributes, payload)?;
    {
        let mut binding = host.binding.lock();
        binding.driver = Some(driver as usize);
        binding.config = *config;
    }
    // SAFETY: checked globals are valid, and only the driver's own entry runs now.
    let globals = unsafe { &mut *globals };
    globals.Driver = driver.cast();
    globals.DriverFlags = config.DriverInitFlags;
    globals.DriverTag = config.DriverPoolTag;
    globals.DisplaceDriverUnload = 1;
    host.driver_object.set_unload(framework_unload);
    Ok(driver)
}

nt_export! {
    /// What `DriverUnload` of the driver object is until the client's stub takes its place.
    unsafe fn framework_unload(driver_object: *mut DRIVER_OBJECT) {
        let Some(host) = find(|host| host.driver_object.address() == driver_object) else { return };
        let unload = host.binding.lock().config.EvtDriverUnload;
        if let (Some(unload), Some(driver)) = (unload, host.wdf_driver()) {
            guarded("EvtDriverUnload", || {
                // SAFETY: the driver registered this callback; its WDFDRIVER is still there.
                unsafe { unload(driver.cast()) }
            });
        }
        host.delete_wdf_driver();
    }

    pub(super) unsafe fn wdf_driver_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        driver_object: *mut DRIVER_OBJECT,
        registry_path: *const UNICODE_STRING,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut WDF_DRIVER_CONFIG,
        result: *mut WDFDRIVER,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDriverCreate";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDriverCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "DriverConfig") };
        // SAFETY: as above, the path that was given to DriverEntry.
        unsafe { required(registry_path, NAME, "RegistryPath") };
        // SAFETY: as above, the object that was given to DriverEntry.
        unsafe { required(driver_object, NAME, "DriverObject") };
        match create(globals, driver_object, attributes, config) {
            Ok(driver) => {
                // SAFETY: null or the address of a location that receives the handle.
                if let Some(result) = unsafe { result.as_mut() } {
                    *result = driver.cast();
                }
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_driver_wdm_get_driver_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        driver: WDFDRIVER,
    ) -> *mut DRIVER_OBJECT {
        enter(globals, "WdfDriverWdmGetDriverObject");
        let host: &Weak<DriverHost> = object::payload(driver.cast(), ObjectKind::Driver);
        host.upgrade().map_or(std::ptr::null_mut(), |host| host.driver_object.address())
    }

    pub(super) unsafe fn wdf_verifier_ke_bug_check(
        globals: *mut WDF_DRIVER_GLOBALS,
        code: ULONG,
        first: ULONG_PTR,
        second: ULONG_PTR,
        third: ULONG_PTR,
        fourth: ULONG_PTR,
    ) {
        enter_any(globals, "WdfVerifierKeBugCheck");
        violation(
            &rules::DRIVER_BUG_CHECK,
            format!("code {code:#X}, parameters {first:#X} {second:#X} {third:#X} {fourth:#X}"),
        );
    }
}
