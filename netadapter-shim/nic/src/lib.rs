//! The hardware: a virtio-net PCI function as a device model, and what is on its cable.
//!
//! [`VirtioNet`] is a modern virtio network device (VIRTIO 1.2, PCI transport). Its host maps the
//! BARs, carries configuration accesses to it and takes its MSI-X messages; it reads and writes
//! the rings and buffers of its driver in the machine's memory by itself, on a thread of its own
//! or step by step. It knows no operating system.
//!
//! ```
//! use netadapter_nic::{Cable, Generator, GeneratorConfig, MessageSink, VirtioNet, VirtioNetConfig};
//! use netadapter_nic::vm_memory::{GuestAddress, GuestMemoryMmap};
//! use std::sync::Arc;
//!
//! struct Interrupts;
//! impl MessageSink for Interrupts {
//!     fn message(&self, address: u64, data: u32) {
//!         println!("message {data:#x} to {address:#x}");
//!     }
//! }
//!
//! let config = VirtioNetConfig::default();
//! let memory = GuestMemoryMmap::from_ranges(&[(GuestAddress(0), 1 << 20)])?;
//! let generator = Generator::new(&GeneratorConfig {
//!     seed: 7,
//!     flows: 64,
//!     frame_size: 256,
//!     packets: None,
//!     destination: config.mac,
//!     mtu: config.mtu,
//! })?;
//! let (cable, handle) = Cable::new(Arc::new(generator));
//! let nic = VirtioNet::new(config, memory, Arc::new(Interrupts), Box::new(cable))?;
//! nic.start();
//! assert_eq!(handle.offered(), 0); // nothing comes before a driver is ready
//! nic.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it offers
//!
//! VERSION_1, ACCESS_PLATFORM, RING_EVENT_IDX, INDIRECT_DESC, RING_RESET, MAC, MTU, STATUS,
//! CTRL_VQ, CTRL_RX, CTRL_MAC_ADDR, MQ and RSS, each only if [`VirtioNetConfig::features`] says
//! so. Not there: packed queues, IN_ORDER, MRG_RXBUF, checksum and segmentation offloads,
//! HASH_REPORT, notification coalescing, SPEED_DUPLEX, and the interrupt pin.
//!
//! # What happens to a frame
//!
//! The wire offers nothing before a driver is ready for the first time. From then on a frame is
//! refused by the MAC filter (`filtered`), or it waits at the wire until its receive queue has a
//! buffer, with all frames behind it, so a slow driver loses nothing. While the device, or the
//! queue, is reset, frames are lost at the rate at which they were accepted before
//! (`dropped_while_paused`), as if the sender did not know. A frame longer than the buffer at hand
//! is dropped (`dropped_too_long`). Every other one is *accepted*, and the [`Ledger`] knows it
//! until it comes out at the top of the stack.
//!
//! # Drivers that break the rules
//!
//! A register access that the specification does not allow is ignored and counted. Rings or
//! descriptor chains that cannot be followed set DEVICE_NEEDS_RESET, interrupt the driver and stop
//! the device until it is reset; [`VirtioNet::fault`] says why.

mod capture;
mod common_config;
mod config;
mod control;
mod counters;
mod data_path;
mod filter;
mod function;
mod generator;
mod headers;
mod ledger;
mod msix;
mod net_config;
mod outcome;
mod paused_traffic;
mod pci;
mod queue;
mod receive;
pub mod registers;
mod replay;
mod state;
mod steering;
mod sync;
pub mod toeplitz;
mod transmit;
mod wake;
mod wire;

pub use capture::CaptureError;
pub use config::{ConfigError, SUPPORTED_FEATURES, VirtioNetConfig, feature};
pub use counters::{Counters, QueueCounters};
pub use function::VirtioNet;
pub use generator::{FRAME_SIZE_MIN, Generator, GeneratorConfig, GeneratorError};
pub use ledger::Ledger;
pub use msix::MessageSink;
pub use outcome::{Delivered, Mismatch, Totals};
pub use pci::Bar;
pub use queue::DriverFault;
pub use receive::Next;
pub use replay::Replay;
/// The crate whose types describe the machine's memory, in the version used here.
pub use vm_memory;
pub use wake::Waker;
pub use wire::{Cable, CableHandle, FrameTag, Frames, Wire};
