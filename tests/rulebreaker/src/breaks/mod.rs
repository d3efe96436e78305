//! The rules that can be broken: when, and how.
//!
//! A new one is a line of the table in `deeds.rs` and a function here: it breaks the rule if
//! `wrong`, else it does the same thing right.

mod calls;
mod pool;
mod processors;
mod rings;
mod threads;

use crate::deeds::deeds;
use calls::*;
use core::ffi::c_void;
use netadapter_abi::net::NETADAPTER;
use netadapter_abi::utf16;
use netadapter_abi::wdf::WDFDEVICE;
use pool::*;
use processors::*;
use rings::*;
use threads::*;

/// The moments at which a rule can be broken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In EvtDevicePrepareHardware, before the adapter is started.
    PrepareHardware,
    /// In EvtDevicePrepareHardware, after NetAdapterStart.
    Started,
    /// When Windows wants to stop the device for a rebalance.
    QueryStop,
    /// In EvtPacketQueueAdvance of the receive queue.
    Advance,
    /// In the processor change callback.
    ProcessorChange,
}

/// What a deed can lay its hands on.
#[derive(Clone, Copy)]
pub struct Hands {
    /// The device.
    pub device: WDFDEVICE,
    /// The adapter; null before there is one.
    pub adapter: NETADAPTER,
    /// What belongs to the moment: the receive ring, the change context, or the NTSTATUS that the
    /// callback returns.
    pub object: *mut c_void,
}

/// A rule, and a way to break it.
pub struct Break {
    /// The keyword that asks for the deed: 1 to have it done wrong, 0 to have it done right.
    pub keyword: &'static [u16],
    /// When it is done.
    pub moment: Moment,
    /// What is done, and whether it is to be wrong.
    pub deed: fn(Hands, bool),
}

macro_rules! breaks {
    ($($moment:ident $deed:ident $rule:ident;)*) => {
        /// All of them.
        pub const BREAKS: &[Break] = &[$(Break {
            keyword: utf16!(stringify!($deed)),
            moment: Moment::$moment,
            deed: $deed,
        }),*];
    };
}
deeds!(breaks);
