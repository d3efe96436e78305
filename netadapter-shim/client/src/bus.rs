//! The bus driver's interface: configuration space.

use core::ffi::c_void;
use core::ptr::null_mut;

use netadapter_abi::nt::{
    BUS_INTERFACE_STANDARD, GUID_BUS_INTERFACE_STANDARD, PCI_WHICHSPACE_CONFIG,
};
use netadapter_abi::wdf_call;

use crate::device::DeviceHandle;
use crate::{Result, Status};

const INTERFACE_VERSION: u16 = 1;

/// An interface of the bus driver, referenced as long as this lives.
pub struct BusInterface(BUS_INTERFACE_STANDARD);

impl BusInterface {
    /// Asks the bus driver for its interface.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of `WdfFdoQueryForInterface`.
    pub fn query(device: DeviceHandle) -> Result<Self> {
        let mut interface = BUS_INTERFACE_STANDARD::zeroed();
        // SAFETY: the device is valid; GUID and interface outlive the call, and the size is that of the structure.
        let status = unsafe {
            wdf_call!(
                WdfFdoQueryForInterface,
                device.raw(),
                &GUID_BUS_INTERFACE_STANDARD,
                (&raw mut interface).cast(),
                size_of::<BUS_INTERFACE_STANDARD>() as u16,
                INTERFACE_VERSION,
                null_mut(),
            )
        };
        Status::check(status).map(|()| Self(interface))
    }

    /// Reads PCI configuration space from its start; gives the number of bytes read.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    pub fn read_configuration(&self, bytes: &mut [u8]) -> usize {
        let Some(get_bus_data) = self.0.GetBusData else {
            return 0;
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: the bus driver gave function and context, which are valid as long as the interface is referenced;
        // the buffer has at least the given length.
        let read = unsafe {
            get_bus_data(
                self.0.Context,
                PCI_WHICHSPACE_CONFIG,
                bytes.as_mut_ptr().cast::<c_void>(),
                0,
                length,
            )
        };
        bytes.len().min(read as usize)
    }
}

impl Drop for BusInterface {
    fn drop(&mut self) {
        if let Some(dereference) = self.0.InterfaceDereference {
            // SAFETY: the bus driver referenced the interface when it gave it, and nobody uses it after this value.
            unsafe { dereference(self.0.Context) };
        }
    }
}
