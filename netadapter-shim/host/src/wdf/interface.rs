//! Device interfaces and symbolic links: the names by which programs find devices.

use super::device::{self, DeviceHost, DeviceState};
use super::entry::{enter_passive, required};
use super::rules;
use super::string;
use super::text;
use crate::executive::{System, system, violation};
use crate::kernel::interface_arrived;
use netadapter_abi::nt::{
    BOOLEAN, GUID, NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDFDEVICE, WDFSTRING};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// An interface of a device.
#[derive(Clone)]
struct DeviceInterface {
    class: GUID,
    reference: String,
    /// It is enabled by itself when the device is first started.
    auto_enabled: bool,
    /// Programs find it.
    enabled: bool,
}

/// The interfaces of a device, in order of creation.
#[derive(Default)]
pub(super) struct DeviceInterfaces {
    list: Mutex<Vec<DeviceInterface>>,
    links: Mutex<Vec<String>>,
}

/// The enabled interfaces of a machine, by class and reference string, and its symbolic links.
/// Devices are kept by the address of their handle.
#[derive(Default)]
struct Names {
    interfaces: Mutex<Vec<(GUID, String, usize)>>,
    links: Mutex<BTreeMap<String, usize>>,
}

/// Names compare without case.
fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// A link without the part that says in which directory of the object manager it lies.
fn link_name(link: &str) -> String {
    let prefixes = [
        "\\dosdevices\\global\\",
        "\\dosdevices\\",
        "\\??\\",
        "\\\\.\\",
        "\\global??\\",
    ];
    let folded = fold(link);
    let bare = prefixes
        .iter()
        .find_map(|prefix| folded.strip_prefix(prefix));
    bare.map_or_else(|| folded.clone(), str::to_owned)
}

/// The device that offers an interface: the first enabled one of this class and reference string.
pub(super) fn device_by_interface(
    system: &System,
    class: &GUID,
    reference: &str,
) -> Option<&'static DeviceHost> {
    let interfaces = system.subsystem::<Names>().interfaces.lock();
    let found = interfaces
        .iter()
        .find(|(known, name, _)| known == class && fold(name) == fold(reference));
    found.map(|&(.., handle)| &**device::device(handle as WDFDEVICE))
}

/// The device to which a symbolic link leads.
pub(super) fn device_by_link(system: &System, link: &str) -> Option<&'static DeviceHost> {
    let handle = *system
        .subsystem::<Names>()
        .links
        .lock()
        .get(&link_name(link))?;
    Some(&**device::device(handle as WDFDEVICE))
}

impl DeviceHost {
    /// The name of an interface in the object manager's directory of links.
    fn interface_link(&self, interface: &DeviceInterface) -> String {
        let device = self.node().hardware_id().replace('\\', "#");
        let guid = guid_text(&interface.class);
        let tail = if interface.reference.is_empty() {
            String::new()
        } else {
            format!("\\{}", interface.reference)
        };
        format!("\\??\\{device}#0#{guid}{tail}")
    }

    fn publish(&self, interface: &DeviceInterface) {
        let (class, reference) = (interface.class, interface.reference.clone());
        let names = system().subsystem::<Names>();
        names
            .interfaces
            .lock()
            .push((class, reference, self.handle() as usize));
        interface_arrived(&class, &self.interface_link(interface));
    }

    fn withdraw(&self, interface: &DeviceInterface) {
        let own = self.handle() as usize;
        let mut interfaces = system().subsystem::<Names>().interfaces.lock();
        interfaces.retain(|(class, reference, handle)| {
            *handle != own || *class != interface.class || *reference != interface.reference
        });
    }

    /// The first start has succeeded: interfaces become visible.
    pub(super) fn enable_interfaces(&self) {
        let mut newly = Vec::new();
        for interface in self.interfaces.list.lock().iter_mut() {
            if std::mem::take(&mut interface.auto_enabled) && !interface.enabled {
                interface.enabled = true;
                newly.push(interface.clone());
            }
        }
        newly.iter().for_each(|interface| self.publish(interface));
    }

    /// The device goes: nobody finds it any more.
    pub(super) fn disable_interfaces(&self) {
        let mut enabled = Vec::new();
        for interface in self.interfaces.list.lock().iter_mut() {
            if std::mem::take(&mut interface.enabled) {
                enabled.push(interface.clone());
            }
        }
        enabled
            .iter()
            .for_each(|interface| self.withdraw(interface));
        let links = std::mem::take(&mut *self.interfaces.links.lock());
        let mut names = system().subsystem::<Names>().links.lock();
        for link in links {
            names.remove(&link);
        }
    }

    fn create_interface(&self, class: GUID, reference: String) -> Result<(), NTSTATUS> {
        if self.is_control() {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        let before_start = matches!(self.state(), DeviceState::Adding | DeviceState::Added);
        self.interfaces.list.lock().push(DeviceInterface {
            class,
            reference,
            auto_enabled: before_start,
            enabled: false,
        });
        Ok(())
    }

    /// Enables or disables an interface. `auto` also says whether the first start enables it.
    fn set_interface(&self, wanted: &Wanted, enable: bool, auto: Option<bool>) -> bool {
        let started = !matches!(self.state(), DeviceState::Adding | DeviceState::Added);
        let changed = {
            let mut list = self.interfaces.list.lock();
            let found = list.iter_mut().find(|interface| wanted.is(interface));
            let Some(interface) = found else { return false };
            interface.auto_enabled = auto.unwrap_or(interface.auto_enabled);
            if !started || interface.enabled == enable {
                return true;
            }
            interface.enabled = enable;
            interface.clone()
        };
        if enable {
            self.publish(&changed);
        } else {
            self.withdraw(&changed);
        }
        true
    }

    fn create_link(&self, link: &str) -> Result<(), NTSTATUS> {
        let link = link_name(link);
        {
            let mut names = system().subsystem::<Names>().links.lock();
            if names.contains_key(&link) {
                return Err(STATUS_OBJECT_NAME_COLLISION);
            }
            names.insert(link.clone(), self.handle() as usize);
        }
        self.interfaces.links.lock().push(link);
        Ok(())
    }
}

fn guid_text(guid: &GUID) -> String {
    let digits = format!("{:032x}", guid.to_u128());
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    format!("{{{}}}", parts.join("-"))
}

/// Class and reference string of an interface that a driver names.
struct Wanted {
    class: GUID,
    reference: String,
}

impl Wanted {
    /// # Safety
    /// `class` is null or valid, and so is `reference`.
    unsafe fn read(
        class: *const GUID,
        reference: *const UNICODE_STRING,
        function: &str,
    ) -> Result<Self, NTSTATUS> {
        // SAFETY: the caller's promise.
        let class = *unsafe { required(class, function, "InterfaceClassGUID") };
        // SAFETY: the caller's promise.
        let reference = match unsafe { reference.as_ref() } {
            // SAFETY: the caller's promise.
            Some(reference) => unsafe { text::read(reference) }?,
            None => String::new(),
        };
        Ok(Self { class, reference })
    }

    fn is(&self, interface: &DeviceInterface) -> bool {
        interface.class == self.class && interface.reference == self.reference
    }
}

fn set_state(
    handle: WDFDEVICE,
    wanted: Result<Wanted, NTSTATUS>,
    enable: BOOLEAN,
    auto: Option<bool>,
    function: &str,
) {
    let device = device::device(handle);
    let found = wanted.is_ok_and(|wanted| device.set_interface(&wanted, enable != 0, auto));
    if !found {
        violation(
            &rules::WDF_INTERFACE_MISUSE,
            format!("{function}: the device has no such interface"),
        );
    }
}

nt_export! {
    pub(super) unsafe fn wdf_device_create_device_interface(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        class: *const GUID,
        reference: *const UNICODE_STRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceCreateDeviceInterface";
        enter_passive(globals, NAME);
        let device = device::device(handle);
        // SAFETY: *WdfDeviceCreateDeviceInterface function*: the driver's GUID and string.
        let wanted = unsafe { Wanted::read(class, reference, NAME) };
        match wanted.and_then(|wanted| device.create_interface(wanted.class, wanted.reference)) {
            Ok(()) => STATUS_SUCCESS,
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_device_set_device_interface_state(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        class: *const GUID,
        reference: *const UNICODE_STRING,
        enable: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceSetDeviceInterfaceState";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDeviceSetDeviceInterfaceState function*: the driver's GUID and string.
        let wanted = unsafe { Wanted::read(class, reference, NAME) };
        set_state(handle, wanted, enable, None, NAME);
    }

    /// From the first call on, the first start does not enable the interface by itself.
    pub(super) unsafe fn wdf_device_set_device_interface_state_ex(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        class: *const GUID,
        reference: *const UNICODE_STRING,
        enable: BOOLEAN,
    ) {
        const NAME: &str = "WdfDeviceSetDeviceInterfaceStateEx";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDeviceSetDeviceInterfaceStateEx function*: the driver's GUID and string.
        let wanted = unsafe { Wanted::read(class, reference, NAME) };
        set_state(handle, wanted, enable, Some(false), NAME);
    }

    pub(super) unsafe fn wdf_device_retrieve_device_interface_string(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        class: *const GUID,
        reference: *const UNICODE_STRING,
        result: WDFSTRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceRetrieveDeviceInterfaceString";
        enter_passive(globals, NAME);
        let device = device::device(handle);
        // SAFETY: *WdfDeviceRetrieveDeviceInterfaceString function*: the driver's GUID and string.
        let wanted = match unsafe { Wanted::read(class, reference, NAME) } {
            Ok(wanted) => wanted,
            Err(status) => return status,
        };
        let interfaces = device.interfaces.list.lock().clone();
        match interfaces.iter().find(|interface| wanted.is(interface)) {
            Some(interface) => {
                string::assign(result, &device.interface_link(interface));
                STATUS_SUCCESS
            }
            None => STATUS_OBJECT_NAME_NOT_FOUND,
        }
    }

    pub(super) unsafe fn wdf_device_create_symbolic_link(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        link: *const UNICODE_STRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceCreateSymbolicLink";
        enter_passive(globals, NAME);
        let device = device::device(handle);
        // SAFETY: *WdfDeviceCreateSymbolicLink function*: the driver's string.
        let link = unsafe { required(link, NAME, "SymbolicLinkName") };
        // SAFETY: as above.
        let link = unsafe { text::read(link) };
        match link.and_then(|link| device.create_link(&link)) {
            Ok(()) => STATUS_SUCCESS,
            Err(status) => status,
        }
    }
}
