//! Notifications of the Plug and Play manager about device interfaces.

use alloc::boxed::Box;
use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};

use netadapter_abi::nt::{
    self, DEVICE_INTERFACE_CHANGE_NOTIFICATION, EventCategoryDeviceInterfaceChange, GUID,
    GUID_DEVICE_INTERFACE_ARRIVAL, NTSTATUS, STATUS_SUCCESS,
};
use netadapter_abi::{nt_export, wdf_call};

use crate::device::DeviceHandle;
use crate::memory::{Shared, try_box};
use crate::{Result, Status};

/// What is told of arriving device interfaces.
pub trait InterfaceListener: Send + Sync + 'static {
    /// An interface of the class has arrived.
    ///
    /// It may be told twice of one interface, and other listeners wait meanwhile: it is to be quick and idempotent.
    ///
    /// IRQL: PASSIVE_LEVEL.
    fn interface_arrived(&self);
}

/// A registered [`InterfaceListener`]. Dropping it at PASSIVE_LEVEL ends the registration, when no notification is
/// being delivered any more.
///
/// # Invariants
///
/// `entry` is a registration whose context is `listener`.
pub struct InterfaceNotification<L: InterfaceListener> {
    entry: NonNull<c_void>,
    listener: NonNull<Shared<L>>,
}

// SAFETY: the registration belongs to no thread; the listener is `Send` and `Sync`.
unsafe impl<L: InterfaceListener> Send for InterfaceNotification<L> {}
// SAFETY: nothing is reachable through a shared reference.
unsafe impl<L: InterfaceListener> Sync for InterfaceNotification<L> {}

impl<L: InterfaceListener> InterfaceNotification<L> {
    /// Registers a listener for arriving interfaces of a class.
    ///
    /// IRQL: PASSIVE_LEVEL, in `EvtDeviceSelfManagedIoInit`: before that the callback could run while the device is
    /// not started.
    ///
    /// # Errors
    ///
    /// That of `IoRegisterPlugPlayNotification`.
    pub fn register(
        device: DeviceHandle,
        class: &'static GUID,
        listener: Shared<L>,
    ) -> Result<Self> {
        // SAFETY: the device handle is valid.
        let driver = unsafe { wdf_call!(WdfDeviceGetDriver, device.raw()) };
        // SAFETY: so is that of its driver.
        let driver_object = unsafe { wdf_call!(WdfDriverWdmGetDriverObject, driver) };
        let listener = NonNull::from(Box::leak(try_box(listener)?));
        let mut entry = null_mut();
        // SAFETY: the GUID is static; the context lives until `drop` has ended the registration.
        let status = unsafe {
            nt::IoRegisterPlugPlayNotification(
                EventCategoryDeviceInterfaceChange,
                0,
                (&raw const *class).cast_mut().cast(),
                driver_object,
                Some(interface_changed::<L>),
                listener.as_ptr().cast(),
                &mut entry,
            )
        };
        match (Status::check(status), NonNull::new(entry)) {
            (Ok(()), Some(entry)) => Ok(Self { entry, listener }),
            (result, _) => {
                // SAFETY: without a registration nobody else has the pointer that `Box::leak` gave.
                drop(unsafe { Box::from_raw(listener.as_ptr()) });
                Err(result.err().unwrap_or(Status::INSUFFICIENT_RESOURCES))
            }
        }
    }
}

impl<L: InterfaceListener> Drop for InterfaceNotification<L> {
    fn drop(&mut self) {
        // SAFETY: the entry is a registration by the invariant. The function waits for callbacks that run, and it
        // fails only for an entry that is none.
        unsafe { nt::IoUnregisterPlugPlayNotificationEx(self.entry.as_ptr()) };
        // SAFETY: the pointer came from `Box::leak`, and the callback was its only other user.
        drop(unsafe { Box::from_raw(self.listener.as_ptr()) });
    }
}

nt_export! {
    unsafe fn interface_changed<L: InterfaceListener>(notification: *mut c_void, context: *mut c_void) -> NTSTATUS {
        // SAFETY: in this category the structure is this one, valid for the time of the call.
        let notification = unsafe { &*notification.cast::<DEVICE_INTERFACE_CHANGE_NOTIFICATION>() };
        if notification.Event == GUID_DEVICE_INTERFACE_ARRIVAL {
            // SAFETY: the context is the listener of a registration that has not ended.
            unsafe { &*context.cast::<Shared<L>>() }.interface_arrived();
        }
        // A listener has no say (*Introduction to Driver Notification*).
        STATUS_SUCCESS
    }
}
