//! The upper edge: what NDIS and the protocols above do with an adapter.
//!
//! It takes received frames and gives buffers back, answers some of them, holds what is to be sent
//! while the adapter is stopped, sets the receive filter, and spreads receive side scaling over
//! the processors, again whenever these change.

mod batch;
mod counters;
mod edge;
mod processors;
mod reply;
mod requests;
mod scaling;
mod sink;
mod snapshot;
mod spread;

pub use edge::UpperEdge;
pub use sink::{FrameSink, Keep, REPLY_EVERY, SendLayout, UpperEdgeOptions};
pub use snapshot::{QueueSnapshot, Sends, Snapshot};

pub(crate) use batch::ReceiveBatch;
pub(crate) use counters::QueueTraffic;
