//! What a NETOFFLOAD points to. It lives during one callback.

use super::active::Active;
use crate::executive::current_thread_id;
use crate::netcx::call::Call;
use crate::netcx::rules;
use netadapter_abi::net::NETOFFLOAD;

/// What a NETOFFLOAD tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    LegacyChecksum,
    TransmitChecksum,
    ReceiveChecksum,
    Segmentation,
    Coalescing,
}

const SIGNATURE: u64 = u64::from_le_bytes(*b"NetCxOff");

pub(super) struct View {
    signature: u64,
    thread: usize,
    kind: Kind,
    active: Active,
}

impl View {
    /// Shows a state to the driver during a call.
    pub(super) fn show(kind: Kind, active: Active, call: impl FnOnce(NETOFFLOAD)) {
        let mut view = Self {
            signature: SIGNATURE,
            thread: current_thread_id(),
            kind,
            active,
        };
        call((&raw mut view).cast());
        // A handle that is kept names nothing any more.
        let signature = &raw mut view.signature;
        // SAFETY: a member of a local variable.
        unsafe { signature.write_volatile(0) };
    }

    /// The state that a handle shows about offloads of a kind, during its callback and on its
    /// thread.
    pub(super) fn of(call: &Call, handle: NETOFFLOAD, kinds: &[Kind]) -> Active {
        let pointer = call.required("Offload", handle).cast::<Self>();
        // SAFETY: during the callback the handle points to its view on this thread's stack;
        // anything else is a fault of the driver.
        let view = unsafe { &*pointer };
        let valid = view.signature == SIGNATURE && view.thread == current_thread_id();
        let rule = &rules::OFFLOAD_USED_OUTSIDE_OF_CALLBACK;
        call.require(
            valid,
            rule,
            "the offload is used outside of its callback or on another thread",
        );
        let rule = &rules::INVALID_STRUCT_TYPE_SIZE;
        call.require(
            kinds.contains(&view.kind),
            rule,
            &format!("the offload tells about {:?}", view.kind),
        );
        view.active
    }
}
