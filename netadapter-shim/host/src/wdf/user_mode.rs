//! What programs do with devices: they find them by interface or link, and open them.

use super::interface::{device_by_interface, device_by_link};
use super::io::OpenFile;
use super::sddl::{Access, Principal};
use crate::executive::system;
use netadapter_abi::nt::{GUID, NTSTATUS, STATUS_OBJECT_NAME_NOT_FOUND};
use std::sync::Arc;

/// Opens the device that offers an interface of this class with this reference string, which is
/// empty for an interface without one.
///
/// IRQL: PASSIVE_LEVEL, on a processor.
///
/// # Errors
/// `STATUS_OBJECT_NAME_NOT_FOUND` if no enabled interface is there; those of [`OpenFile::open`].
pub fn open_interface(
    class: &GUID,
    reference: &str,
    principal: Principal,
    access: Access,
) -> Result<Arc<OpenFile>, NTSTATUS> {
    let device = device_by_interface(system(), class, reference);
    let device = device.ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
    OpenFile::open(device, reference, principal, access)
}

/// Opens the device to which a symbolic link leads, as `\\.\NAME`.
///
/// IRQL: PASSIVE_LEVEL, on a processor.
///
/// # Errors
/// As for [`open_interface`].
pub fn open_link(
    link: &str,
    principal: Principal,
    access: Access,
) -> Result<Arc<OpenFile>, NTSTATUS> {
    let device = device_by_link(system(), link).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
    OpenFile::open(device, "", principal, access)
}
