//! PnP notification of device interface changes.

use super::exports;
use super::rules;
use crate::executive::{
    Event, EventKind, require_irql, spawn, system, traced, violation, violation_by,
};
use netadapter_abi::nt::{
    DEVICE_INTERFACE_CHANGE_NOTIFICATION, DRIVER_OBJECT, EventCategoryDeviceInterfaceChange, GUID,
    GUID_DEVICE_INTERFACE_ARRIVAL, NTSTATUS, PASSIVE_LEVEL, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE,
    PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, PVOID, STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::sync::Arc;

struct Registration {
    class: u128,
    callback: PDRIVER_NOTIFICATION_CALLBACK_ROUTINE,
    context: usize,
    state: Mutex<RegistrationState>,
    /// Signalled while no callback runs.
    idle: Event,
}

#[derive(Default)]
struct RegistrationState {
    running: u32,
    removed: bool,
}

#[derive(Default)]
struct State {
    registrations: Vec<Arc<Registration>>,
    interfaces: Vec<(u128, String)>,
}

/// Who listens to which interface class, and the interfaces that exist.
#[derive(Default)]
pub struct InterfaceNotifications {
    state: Mutex<State>,
}

impl InterfaceNotifications {
    /// The number of registrations that drivers hold.
    pub fn registered(&self) -> usize {
        self.state.lock().registrations.len()
    }
}

/// An interface of class `class` arrived: everyone who listens is told, one after the other.
///
/// IRQL: PASSIVE_LEVEL, on a processor.
pub fn interface_arrived(class: &GUID, link: &str) {
    let notifications = system().subsystem::<InterfaceNotifications>();
    let class = class.to_u128();
    let listeners: Vec<_> = {
        let mut state = notifications.state.lock();
        state.interfaces.push((class, link.to_owned()));
        state
            .registrations
            .iter()
            .filter(|entry| entry.class == class)
            .cloned()
            .collect()
    };
    for listener in listeners {
        listener.notify(link);
    }
}

impl Registration {
    fn enter(&self) -> bool {
        let mut state = self.state.lock();
        if !state.removed {
            state.running += 1;
            self.idle.clear();
        }
        !state.removed
    }

    fn leave(&self) {
        let mut state = self.state.lock();
        state.running -= 1;
        if state.running == 0 {
            self.idle.set();
        }
    }

    fn notify(&self, link: &str) {
        let Some(callback) = self.callback.filter(|_| self.enter()) else {
            return;
        };
        let mut units: Vec<u16> = link.encode_utf16().collect();
        let bytes = size_of_val(units.as_slice()) as u16;
        let mut name = UNICODE_STRING {
            Length: bytes,
            MaximumLength: bytes,
            Buffer: units.as_mut_ptr(),
        };
        let mut change = DEVICE_INTERFACE_CHANGE_NOTIFICATION {
            Version: 1,
            Size: size_of::<DEVICE_INTERFACE_CHANGE_NOTIFICATION>() as u16,
            Event: GUID_DEVICE_INTERFACE_ARRIVAL,
            InterfaceClassGuid: GUID::from_u128(self.class),
            SymbolicLinkName: &mut name,
        };
        // SAFETY: the driver registered this routine for calls at PASSIVE_LEVEL with such a
        // structure, which lives until the call returns.
        let status = traced("NotificationCallback", || unsafe {
            callback((&raw mut change).cast(), self.context as PVOID)
        });
        if status != STATUS_SUCCESS {
            let detail = format!("for {link}: status {status:#x}");
            violation_by(&rules::NOTIFICATION_FAILED, detail, callback as usize);
        }
        self.leave();
    }
}

nt_export! {
    unsafe fn IoRegisterPlugPlayNotification(
        category: i32,
        flags: u32,
        category_data: PVOID,
        _driver: *mut DRIVER_OBJECT,
        callback: PDRIVER_NOTIFICATION_CALLBACK_ROUTINE,
        context: PVOID,
        entry: *mut PVOID
    ) -> NTSTATUS {
        require_irql("IoRegisterPlugPlayNotification", PASSIVE_LEVEL);
        if category != EventCategoryDeviceInterfaceChange || category_data.is_null() {
            return STATUS_INVALID_PARAMETER;
        }
        // SAFETY: this category's data is the GUID of an interface class.
        let class = unsafe { category_data.cast::<GUID>().read() }.to_u128();
        let registration = Arc::new(Registration {
            class,
            callback,
            context: context as usize,
            state: Mutex::default(),
            idle: Event::new(EventKind::Notification, true),
        });
        // SAFETY: the caller gives room for the entry.
        unsafe { entry.write(Arc::as_ptr(&registration) as PVOID) };
        let notifications = system().subsystem::<InterfaceNotifications>();
        let mut state = notifications.state.lock();
        state.registrations.push(registration.clone());
        let existing: Vec<String> = state
            .interfaces
            .iter()
            .filter(|(existing, _)| *existing == class)
            .map(|(_, link)| link.clone())
            .collect();
        drop(state);
        if flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES != 0 {
            spawn(system(), "PnP notification", 0, move || {
                existing.iter().for_each(|link| registration.notify(link));
            });
        }
        STATUS_SUCCESS
    }

    unsafe fn IoUnregisterPlugPlayNotificationEx(entry: PVOID) -> NTSTATUS {
        require_irql("IoUnregisterPlugPlayNotificationEx", PASSIVE_LEVEL);
        let notifications = system().subsystem::<InterfaceNotifications>();
        let mut state = notifications.state.lock();
        let position = state
            .registrations
            .iter()
            .position(|registration| Arc::as_ptr(registration) as PVOID == entry);
        let Some(position) = position else {
            drop(state);
            violation(&rules::NOT_A_NOTIFICATION_ENTRY, format!("{entry:p}"));
        };
        let registration = state.registrations.swap_remove(position);
        drop(state);
        registration.state.lock().removed = true;
        registration.idle.wait();
        STATUS_SUCCESS
    }
}

exports! { IoRegisterPlugPlayNotification, IoUnregisterPlugPlayNotificationEx }
