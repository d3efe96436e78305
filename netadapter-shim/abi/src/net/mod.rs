//! NetAdapterCx 2.3: types, constants, callback types and table functions.
#![allow(
    missing_docs,
    reason = "the items are those of the NetAdapterCx headers and documented there"
)]

mod adapter;
mod callbacks;
mod enums;
mod extension;
mod functions;
mod handles;
mod offload;
mod queue;
mod ring;
mod scaling;
mod table;

pub use adapter::*;
pub use callbacks::{CALLBACKS, *};
pub use enums::{ENUMS, *};
pub use extension::*;
pub use functions::*;
pub use handles::{CONSTANTS, *};
pub use offload::*;
pub use queue::*;
pub use ring::*;
pub use scaling::*;
pub use table::*;
pub use windows_sys::Win32::NetworkManagement::Ndis::{
    MediaConnectStateConnected, MediaConnectStateDisconnected, MediaConnectStateUnknown,
    MediaDuplexStateFull, MediaDuplexStateHalf, MediaDuplexStateUnknown,
    NET_IF_MEDIA_CONNECT_STATE, NET_IF_MEDIA_DUPLEX_STATE,
};

use crate::declare::{bit_fields, callbacks, prototypes, zeroed};
use crate::nt::*;
use crate::wdf::{
    WDF_OBJECT_ATTRIBUTES, WDF_TRI_STATE, WDFCOLLECTION, WDFDEVICE, WDFDEVICE_INIT, WDFDMAENABLER,
    WDFMEMORY, WDFSTRING, WdfUseDefault,
};
