//! `WDFDEVICE_INIT`: what a driver says about a device before it makes the device object.

use super::class_extension::ClassExtension;
use super::device::DeviceHost;
use super::entry::{enter, require_size, required};
use super::io::{IoSettings, Method};
use super::rules;
use crate::executive::violation;
use crate::pnp::DeviceNode;
use netadapter_abi::nt::{
    FILE_DEVICE_PHYSICAL_NETCARD, NTSTATUS, STATUS_INVALID_DEVICE_STATE, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_FDO_EVENT_CALLBACKS, WDF_PNPPOWER_EVENT_CALLBACKS,
    WDF_POWER_POLICY_EVENT_CALLBACKS, WDFDEVICE, WDFDEVICE_INIT, WDFOBJECT, WdfDeviceIoDirect,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// Stops the machine if a setting is one of those that NetAdapterCx makes itself.
pub(super) fn require_not_netcx(init: *mut WDFDEVICE_INIT, function: &str) {
    if change(init, function, |parts| parts.class_extension.is_some()) {
        violation(
            &rules::SETTING_RESERVED_FOR_NETADAPTERCX,
            format!("{function} called after NetDeviceInitConfig"),
        );
    }
}

/// Makes the class extension's part of a device, once there is a device object.
pub type ClassExtensionFactory = Box<dyn FnOnce(WDFDEVICE) -> Arc<dyn ClassExtension> + Send>;

/// What a driver is to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It drives the device.
    Function,
    /// It looks at what goes through to another driver.
    Filter,
    /// It made the device, which has no hardware.
    Control,
}

/// What has been said about a device so far.
pub(super) struct InitParts {
    /// The WDFDRIVER, by address.
    pub(super) driver: usize,
    pub(super) node: Arc<dyn DeviceNode>,
    pub(super) pnp: WDF_PNPPOWER_EVENT_CALLBACKS,
    pub(super) fdo: WDF_FDO_EVENT_CALLBACKS,
    pub(super) class_extension: Option<ClassExtensionFactory>,
    pub(super) role: Role,
    pub(super) io: IoSettings,
}

/// One `WDFDEVICE_INIT`. It stays until the process ends, so that late users are known as such.
pub(super) struct DeviceInit {
    /// Until the device is made.
    parts: Mutex<Option<InitParts>>,
    created: Mutex<Option<Arc<DeviceHost>>>,
}

/// The addresses of all that are not used up.
static VALID: Mutex<Vec<usize>> = Mutex::new(Vec::new());

impl DeviceInit {
    pub(super) fn new(driver: WDFOBJECT, node: Arc<dyn DeviceNode>, role: Role) -> &'static Self {
        let parts = InitParts {
            driver: driver as usize,
            node,
            pnp: WDF_PNPPOWER_EVENT_CALLBACKS::zeroed(),
            fdo: WDF_FDO_EVENT_CALLBACKS::zeroed(),
            class_extension: None,
            role,
            io: IoSettings::default(),
        };
        let init: &'static Self = Box::leak(Box::new(Self {
            parts: Mutex::new(Some(parts)),
            created: Mutex::new(None),
        }));
        VALID.lock().push(init.address() as usize);
        init
    }

    pub(super) fn address(&'static self) -> *mut WDFDEVICE_INIT {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Uses the settings up; the init is not valid any more.
    pub(super) fn take(&'static self) -> Option<InitParts> {
        VALID
            .lock()
            .retain(|&address| address != self.address() as usize);
        self.parts.lock().take()
    }

    pub(super) fn set_created(&self, device: Arc<DeviceHost>) {
        *self.created.lock() = Some(device);
    }

    /// Ends the offer of the device: the device that the driver made, if it did.
    pub(super) fn finish(&'static self) -> Option<Arc<DeviceHost>> {
        self.take();
        self.created.lock().take()
    }
}

/// The init at an address that a driver gives.
pub(super) fn resolve(init: *mut WDFDEVICE_INIT, function: &str) -> &'static DeviceInit {
    let valid = VALID.lock().contains(&(init as usize));
    if !valid {
        violation(
            &rules::WDF_INVALID_DEVICE_INIT,
            format!("{function}: {init:p} is no WDFDEVICE_INIT, or one that has been used up"),
        );
    }
    // SAFETY: the list holds addresses of inits, which are never freed.
    unsafe { &*init.cast::<DeviceInit>() }
}

/// Changes what has been said.
pub(super) fn change<T>(
    init: *mut WDFDEVICE_INIT,
    function: &str,
    change: impl FnOnce(&mut InitParts) -> T,
) -> T {
    let mut parts = resolve(init, function).parts.lock();
    change(parts.as_mut().expect("a valid init has its settings"))
}

/// Attaches a class extension to the device that will be made (`NetDeviceInitConfig`).
///
/// `factory` runs in `WdfDeviceCreate`. The machine stops if `init` is not valid.
///
/// IRQL: PASSIVE_LEVEL. Returns `STATUS_INVALID_DEVICE_STATE` if there is an extension already.
pub fn device_init_mark_netcx(
    init: *mut WDFDEVICE_INIT,
    factory: ClassExtensionFactory,
) -> NTSTATUS {
    change(init, "NetDeviceInitConfig", |parts| {
        if parts.class_extension.is_some() {
            return STATUS_INVALID_DEVICE_STATE;
        }
        parts.class_extension = Some(factory);
        parts.io.device_type = FILE_DEVICE_PHYSICAL_NETCARD;
        parts.io.method = Method::of_io_type(WdfDeviceIoDirect);
        STATUS_SUCCESS
    })
}

nt_export! {
    pub(super) unsafe fn wdf_device_init_set_pnp_power_event_callbacks(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        callbacks: *mut WDF_PNPPOWER_EVENT_CALLBACKS,
    ) {
        const NAME: &str = "WdfDeviceInitSetPnpPowerEventCallbacks";
        enter(globals, NAME);
        // SAFETY: *WdfDeviceInitSetPnpPowerEventCallbacks function*: the driver's own structure.
        let callbacks = *unsafe { required(callbacks, NAME, "PnpPowerEventCallbacks") };
        let size = callbacks.Size;
        require_size::<WDF_PNPPOWER_EVENT_CALLBACKS>(size, NAME, "PnpPowerEventCallbacks");
        change(init, NAME, |parts| parts.pnp = callbacks);
    }

    /// Arming for wake never happens in this host, so the callbacks are only checked.
    pub(super) unsafe fn wdf_device_init_set_power_policy_event_callbacks(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        callbacks: *mut WDF_POWER_POLICY_EVENT_CALLBACKS,
    ) {
        const NAME: &str = "WdfDeviceInitSetPowerPolicyEventCallbacks";
        enter(globals, NAME);
        // SAFETY: *WdfDeviceInitSetPowerPolicyEventCallbacks function*: the driver's structure.
        let callbacks = unsafe { required(callbacks, NAME, "PowerPolicyEventCallbacks") };
        require_size::<WDF_POWER_POLICY_EVENT_CALLBACKS>(
            callbacks.Size,
            NAME,
            "PowerPolicyEventCallbacks",
        );
        resolve(init, NAME);
    }

    pub(super) unsafe fn wdf_fdo_init_set_event_callbacks(
        globals: *mut WDF_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        callbacks: *mut WDF_FDO_EVENT_CALLBACKS,
    ) {
        const NAME: &str = "WdfFdoInitSetEventCallbacks";
        enter(globals, NAME);
        // SAFETY: *WdfFdoInitSetEventCallbacks function*: the driver's own structure.
        let callbacks = *unsafe { required(callbacks, NAME, "FdoEventCallbacks") };
        require_size::<WDF_FDO_EVENT_CALLBACKS>(callbacks.Size, NAME, "FdoEventCallbacks");
        change(init, NAME, |parts| parts.fdo = callbacks);
    }
}
