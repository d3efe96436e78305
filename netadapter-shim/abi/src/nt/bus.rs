//! Interfaces between drivers of one device stack.

use super::*;

pub type PINTERFACE_REFERENCE = Option<crate::nt_fn!(fn(PVOID))>;
pub type PINTERFACE_DEREFERENCE = Option<crate::nt_fn!(fn(PVOID))>;
pub type PTRANSLATE_BUS_ADDRESS = Option<
    crate::nt_fn!(fn(PVOID, PHYSICAL_ADDRESS, ULONG, *mut ULONG, *mut PHYSICAL_ADDRESS) -> BOOLEAN),
>;
pub type PGET_DMA_ADAPTER =
    Option<crate::nt_fn!(fn(PVOID, *mut c_void, *mut ULONG) -> *mut c_void)>;
/// Context, data type, buffer, offset, length; gives the number of bytes moved.
pub type PGET_SET_DEVICE_DATA =
    Option<crate::nt_fn!(fn(PVOID, ULONG, PVOID, ULONG, ULONG) -> ULONG)>;

/// The data type of [`PGET_SET_DEVICE_DATA`] that means the configuration space of a PCI function.
pub const PCI_WHICHSPACE_CONFIG: ULONG = 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct INTERFACE {
    pub Size: USHORT,
    pub Version: USHORT,
    pub Context: PVOID,
    pub InterfaceReference: PINTERFACE_REFERENCE,
    pub InterfaceDereference: PINTERFACE_DEREFERENCE,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct BUS_INTERFACE_STANDARD {
    pub Size: USHORT,
    pub Version: USHORT,
    pub Context: PVOID,
    pub InterfaceReference: PINTERFACE_REFERENCE,
    pub InterfaceDereference: PINTERFACE_DEREFERENCE,
    pub TranslateBusAddress: PTRANSLATE_BUS_ADDRESS,
    pub GetDmaAdapter: PGET_DMA_ADAPTER,
    pub SetBusData: PGET_SET_DEVICE_DATA,
    pub GetBusData: PGET_SET_DEVICE_DATA,
}

zeroed! {
    INTERFACE, BUS_INTERFACE_STANDARD,
}
