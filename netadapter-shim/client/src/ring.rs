//! The rings through which NetAdapterCx and a driver hand packets to each other.
//!
//! ```text
//! OS │ Begin … posted to the hardware … Next … not yet posted … End │ OS
//!    └───────────────────── the driver's own ─────────────────────┘
//! ```
//!
//! A driver walks one part of what is its own and commits how far it came; before the commit nothing is visible, and
//! nothing outside its part can be reached. Rings are touched only in `EvtPacketQueueAdvance` and
//! `EvtPacketQueueCancel`, which the framework never runs at once with its own side (*Introduction to Net Rings*).

mod raw;
mod rx;
#[cfg(not(target_os = "windows"))]
mod stand_in;
mod tx;

pub use rx::{ReceivedFrame, ReturnContext, RxRange, RxRings};
#[cfg(not(target_os = "windows"))]
pub use stand_in::{RxStandIn, SeenFrame, TxStandIn};
pub use tx::{TxDrain, TxFragment, TxPacket, TxPost, TxRings};

pub(crate) use raw::{Extension, RawRing};
