//! Event trace logs of Windows (`.etl` files), read and written on any system.
//!
//! Windows offers its own library for these files, on Windows only, and the format is not
//! documented as a whole. This crate reads what sessions, WPR, xperf and PerfView leave (Windows 7
//! to 11; 32 and 64 bits; merged and compressed files) and writes files as a session leaves them.
//!
//! # Reading
//!
//! [`Trace`] gives the events of all processors as one timeline, in bounded memory. It reads
//! damaged and truncated files as far as they go; [`Health`] says what was lost.
//!
//! ```no_run
//! use etl::{Trace, kernel::KernelEvent};
//!
//! let mut trace = Trace::open("trace.etl")?;
//! let clock = trace.clock();
//! while let Some(event) = trace.next_event()? {
//!     if let Ok(Some(KernelEvent::Dpc(dpc))) = event.kernel() {
//!         let duration = clock.nanoseconds(event.time_stamp - dpc.initial_time);
//!         println!("{:#x} ran for {duration} ns on {}", dpc.routine, event.processor);
//!     }
//! }
//! println!("{:?}", trace.health());
//! # Ok::<(), etl::ReadError>(())
//! ```
//!
//! # Writing
//!
//! ```
//! use etl::{Session, Writer, kernel::{Dpc, DpcKind, KernelEvent}};
//!
//! let mut writer = Writer::new(std::io::Cursor::new(Vec::new()), Session::default())?;
//! let dpc = Dpc { kind: DpcKind::Normal, initial_time: 100, routine: 0xFFFF_F800_1000_2000 };
//! writer.kernel(0, 250, &KernelEvent::Dpc(dpc))?;
//! let file = writer.finish()?.into_inner();
//! assert_eq!(file.len() % 65536, 0);
//! # Ok::<(), etl::WriteError>(())
//! ```
//!
//! # What is not decoded
//!
//! Events of providers with a manifest come raw: their layout is not in the file. WPP messages,
//! compact context switches and stacks by key are counted and can be seen raw.

mod buffer;
mod bytes;
mod clock;
mod event;
mod guid;
mod health;
mod index;
mod items;
pub mod kernel;
mod log_file;
mod record;
mod stream;
mod trace;
pub mod tracelogging;
mod writer;
pub mod xpress;

pub use buffer::{
    BUFFER_BYTES_MAX, BUFFER_HEADER_BYTES, BufferFlags, BufferHeader, STATE_FLUSH, buffer_type,
};
pub use clock::{Clock, ClockType};
pub use event::{CHANNEL_TRACELOGGING, Event, EventDescriptor, Identity};
pub use guid::provider_guid;
pub use health::{Damage, Health, Problem};
pub use items::{Item, ItemType, Items};
pub use log_file::{LogFileHeader, LogFileMode};
pub use record::{Hook, RecordHeader};
pub use trace::{OpenError, Progress, ReadError, Trace};
pub use uuid::Uuid;
pub use writer::{PendingFile, Provider, Session, WriteError, Writer, Writing};
