//! What the Plug and Play manager tells a registered callback.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct PLUGPLAY_NOTIFICATION_HEADER {
    pub Version: USHORT,
    pub Size: USHORT,
    pub Event: GUID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    pub Version: USHORT,
    pub Size: USHORT,
    pub Event: GUID,
    pub InterfaceClassGuid: GUID,
    pub SymbolicLinkName: *mut UNICODE_STRING,
}

zeroed! {
    PLUGPLAY_NOTIFICATION_HEADER, DEVICE_INTERFACE_CHANGE_NOTIFICATION,
}
