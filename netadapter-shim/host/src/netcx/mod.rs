//! NetAdapterCx 2.3 as a driver sees it: adapters, packet queues, rings, polling, receive side
//! scaling, configuration.
//!
//! The driver is bound by its loader; from then on it calls through its function table, and
//! the class extension acts around the device's PnP and power callbacks. Machines find what runs
//! by [`adapters`].

mod adapter;
mod adapter_api;
mod bind;
mod buffer_pool;
mod call;
mod class;
mod configuration;
mod datapath;
mod device;
mod device_api;
mod extension;
mod frame_layout;
mod keywords;
mod offload;
mod packet_queue;
mod poll;
mod powered;
mod queue_api;
mod receive;
mod receive_filter;
mod receive_scaling;
mod requests;
mod reset;
mod ring;
pub(crate) mod rules;
mod sends;
mod settings;
mod table;
mod transmit;
mod verifier;

pub use adapter::Adapter;
pub use class::{adapters, set_upper_edge_options};
pub use offload::{OffloadParameters, TransmitReceive};
pub use sends::{SendQueueFull, SendRequest};

pub(crate) use bind::{bind_class, unbind_class};
pub(crate) use class::has_adapters;
pub(crate) use datapath::{Datapath, SendSignal};
pub(crate) use keywords::Keywords;
pub(crate) use receive_scaling::{EntryMove, KEY_BYTES, Parameters};
pub(crate) use sends::SendQueues;

#[cfg(test)]
mod tests;
