//! The driver itself: loading and unloading.

use core::ptr::null_mut;

use netadapter_abi::nt::{DRIVER_OBJECT, NTSTATUS, UNICODE_STRING};
use netadapter_abi::wdf::{WDF_DRIVER_CONFIG, WDFDEVICE_INIT, WDFDRIVER};
use netadapter_abi::{nt_export, wdf_call};

use crate::device::DeviceInit;
use crate::object::{self, ContextType};
use crate::status::ntstatus;
use crate::{Result, Status};

/// The driver's global data. It is dropped when the driver is unloaded.
pub trait Driver: ContextType + Send + Sync {
    /// `DriverEntry`. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The driver is then not loaded.
    fn entry() -> Result<Self>;

    /// `EvtDriverDeviceAdd`: there is a device for the driver. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// The device is then without driver.
    fn device_add(&self, init: DeviceInit<'_>) -> Result<()>;
}

/// Makes a type the driver of the image: gives the image its entry point.
#[macro_export]
macro_rules! driver_entry {
    ($driver:ty) => {
        $crate::abi::driver_entry!($crate::entry::driver_entry::<$driver>);
    };
}

/// What [`driver_entry!`](crate::driver_entry) has the entry point call.
///
/// # Safety
///
/// The arguments are those of `DriverEntry`, once, after the driver was bound to the framework.
pub unsafe fn driver_entry<D: Driver>(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: *mut UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: as the caller promises.
    ntstatus(
        D::entry().and_then(|data| unsafe { create_driver(driver_object, registry_path, data) }),
    )
}

/// # Safety
///
/// As for [`driver_entry`].
unsafe fn create_driver<D: Driver>(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: *mut UNICODE_STRING,
    data: D,
) -> Result<()> {
    let mut config = WDF_DRIVER_CONFIG {
        EvtDriverUnload: Some(unload::<D>),
        ..WDF_DRIVER_CONFIG::init(Some(device_add::<D>))
    };
    let mut attributes = object::attributes::<D>();
    let mut driver = null_mut();
    // SAFETY: as the caller promises; attributes, configuration and result outlive the call.
    let status = unsafe {
        wdf_call!(
            WdfDriverCreate,
            driver_object,
            registry_path,
            &mut attributes,
            &mut config,
            &mut driver
        )
    };
    Status::check(status)?;
    // SAFETY: the driver was created with these attributes; its callbacks come after DriverEntry.
    unsafe { object::emplace(driver.cast(), data) };
    Ok(())
}

nt_export! {
    unsafe fn device_add<D: Driver>(driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
        // SAFETY: this is a callback of the driver, so that it and its data are alive.
        let data = unsafe { object::find::<D>(driver.cast()) };
        ntstatus(data.ok_or(Status::INVALID_DEVICE_STATE).and_then(|data| data.device_add(DeviceInit::new(init))))
    }

    unsafe fn unload<D: Driver>(driver: WDFDRIVER) {
        // SAFETY: no device is left, and after this no callback of the driver comes.
        unsafe { object::discard::<D>(driver.cast()) };
    }
}
