//! dhpnic: a NetAdapterCx reference driver for virtio-net that makes full use of processors which arrive while the
//! system runs.
//!
//! Where to look for what:
//!
//! * a processor arrives: [`processors`] (before the scheduler uses it), [`device`] (notification afterwards),
//!   [`rebalance`] (more messages), [`spread`] (who serves which queue), [`rss`] (which flow goes to which queue);
//! * the device starts and stops: [`driver`], [`device`], [`hardware`], [`nic`], [`health`];
//! * packets: [`rx_queue`], [`tx_queue`], [`buffer_pool`], [`queue_interrupt`];
//! * memory arrives or runs short: [`memory`], [`keeper`];
//! * what the system says and asks: [`adapter`], [`keywords`], [`receive_filter`];
//! * the hardware: [`virtio`].
#![cfg_attr(target_os = "windows", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod adapter;
pub mod buffer_pool;
pub mod device;
pub mod driver;
pub mod hardware;
pub mod health;
pub mod keeper;
pub mod keywords;
pub mod memory;
pub mod nic;
pub mod processors;
pub mod queue_interrupt;
pub mod rebalance;
pub mod receive_filter;
pub mod rss;
pub mod rx_queue;
pub mod spread;
pub mod tx_queue;
pub mod upkeep;
pub mod virtio;
