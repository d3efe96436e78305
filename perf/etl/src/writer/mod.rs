//! Files as a session leaves them.

mod buffers;
mod pending;
mod session;

pub use pending::PendingFile;
pub use session::Session;

use crate::bytes::align8;
use crate::clock::Clock;
use crate::event::{CHANNEL_TRACELOGGING, EventDescriptor};
use crate::items::{self, Item, ItemType};
use crate::kernel::{KernelClass, KernelEvent};
use crate::record::{FLAG_EXTENDED_INFO, Hook, RecordHeader};
use crate::tracelogging::{EventBuilder, provider_metadata};
use crate::{BUFFER_BYTES_MAX, BUFFER_HEADER_BYTES};
use buffers::Buffers;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use uuid::Uuid;

/// A processor index takes 11 bits.
const PROCESSORS_MAX: u16 = 1 << 11;

/// The smallest buffer that holds the first record with its names.
const BUFFER_BYTES_MIN: u32 = 1 << 10;

/// Who wrote an event, where nobody in particular did.
pub(crate) const NOBODY: Writing = Writing {
    thread_id: u32::MAX,
    process_id: u32::MAX,
};

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error("the trace cannot be written: {0}")]
    Io(#[from] io::Error),
    /// A record with its header does not fit into a buffer, or into the 16 bits of its size.
    #[error("an event of {bytes} bytes does not fit into a buffer")]
    TooLong {
        /// Bytes of payload and items.
        bytes: usize,
    },
    /// The events of a processor must come in the order of time.
    #[error("processor {processor}: an event {ticks} ticks before the last one")]
    BackInTime {
        /// The processor.
        processor: u16,
        /// How far back.
        ticks: u64,
    },
    /// There is no such processor.
    #[error("processor {0}: a processor's index has 11 bits")]
    Processor(u16),
    /// Buffers have 1 KiB to 16 MiB, in whole KiB, and hold the names of session and file.
    #[error("buffers of {0} bytes: 1 KiB to 16 MiB, in whole KiB, and as long as the names need")]
    BufferSize(u32),
}

/// Which thread and process an event says it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The thread.
    pub thread_id: u32,
    /// Its process.
    pub process_id: u32,
}

/// A provider of TraceLogging events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    guid: Uuid,
    metadata: Vec<u8>,
}

impl Provider {
    /// The provider of this name; its GUID follows from it.
    pub fn new(name: &str) -> Self {
        Self {
            guid: crate::provider_guid(name),
            metadata: provider_metadata(name),
        }
    }

    /// The provider's GUID.
    pub fn guid(&self) -> Uuid {
        self.guid
    }
}

/// Writes an event trace log.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    session: Session,
    buffers: Buffers,
    last_time: i64,
}

impl Writer<PendingFile> {
    /// Writes a file that appears under its name when it is complete; see
    /// [`PendingFile::persist`].
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(path: impl AsRef<Path>, session: Session) -> Result<Self, WriteError> {
        Self::new(PendingFile::create(path.as_ref())?, session)
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a file in `out`.
    ///
    /// # Errors
    /// If `out` cannot be written, or if the session's buffers cannot be so large.
    pub fn new(mut out: W, session: Session) -> Result<Self, WriteError> {
        let size = session.buffer_size;
        let is_possible = size >= BUFFER_BYTES_MIN
            && size as usize <= BUFFER_BYTES_MAX
            && size.is_multiple_of(BUFFER_BYTES_MIN);
        let first = session.first_buffer(&session.header());
        let Some(first) = first.filter(|_| is_possible) else {
            return Err(WriteError::BufferSize(size));
        };
        out.write_all(&first)?;
        Ok(Self {
            out,
            last_time: session.start_ticks,
            buffers: Buffers::new(&session),
            session,
        })
    }

    /// What the time stamps mean.
    pub fn clock(&self) -> Clock {
        self.session.header().clock(self.session.start_ticks)
    }

    /// Writes a record with any header, raw.
    ///
    /// # Errors
    /// If it is too long, before the processor's last one, of a kind that is not written, or if the
    /// file cannot be written.
    pub fn record(
        &mut self,
        processor: u16,
        header: &RecordHeader,
        rest: &[u8],
    ) -> Result<(), WriteError> {
        if processor >= PROCESSORS_MAX {
            return Err(WriteError::Processor(processor));
        }
        let too_long = || WriteError::TooLong { bytes: rest.len() };
        let record = header.encode(rest).ok_or_else(too_long)?;
        if BUFFER_HEADER_BYTES + align8(record.len()) > self.session.buffer_size as usize {
            return Err(too_long());
        }
        let time_stamp = header.time_stamp().unwrap_or(self.last_time);
        self.buffers
            .add(processor, time_stamp, &record, &mut self.out)?;
        self.last_time = self.last_time.max(time_stamp);
        Ok(())
    }

    /// Writes an event of the kernel.
    ///
    /// # Errors
    /// See [`record`](Self::record).
    pub fn kernel(
        &mut self,
        processor: u16,
        time_stamp: i64,
        event: &KernelEvent<'_>,
    ) -> Result<(), WriteError> {
        self.kernel_from(processor, time_stamp, NOBODY, event)
    }

    /// Writes an event of the kernel that says who wrote it, if events of its class do.
    ///
    /// # Errors
    /// See [`record`](Self::record).
    pub fn kernel_from(
        &mut self,
        processor: u16,
        time_stamp: i64,
        from: Writing,
        event: &KernelEvent<'_>,
    ) -> Result<(), WriteError> {
        let pointer_size = self.session.pointer_size;
        let (class, opcode, version) = event.code();
        let Writing {
            thread_id,
            process_id,
        } = from;
        let header = match class.group(opcode) {
            None => RecordHeader::Full {
                class: class.guid().unwrap_or_default(),
                opcode,
                level: 0,
                version: version.into(),
                thread_id,
                process_id,
                time_stamp,
                times: (0, 0),
                instance: None,
                pointer_size,
            },
            Some(group) => {
                let hook = Hook {
                    group,
                    opcode,
                    version,
                    pointer_size,
                };
                if is_perf_info(event, class) {
                    RecordHeader::PerfInfo { hook, time_stamp }
                } else {
                    RecordHeader::System {
                        hook,
                        thread_id,
                        process_id,
                        time_stamp,
                        times: Some((0, 0)),
                    }
                }
            }
        };
        self.record(processor, &header, &event.payload(pointer_size))
    }

    /// Writes an event of a provider, with the items that belong to it.
    ///
    /// # Errors
    /// See [`record`](Self::record).
    #[allow(clippy::too_many_arguments, reason = "they are what an event has")]
    pub fn provider_event(
        &mut self,
        processor: u16,
        time_stamp: i64,
        from: Writing,
        provider: Uuid,
        descriptor: EventDescriptor,
        items: &[Item<'_>],
        payload: &[u8],
    ) -> Result<(), WriteError> {
        let header = RecordHeader::Event {
            flags: if items.is_empty() {
                0
            } else {
                FLAG_EXTENDED_INFO
            },
            property: 0,
            thread_id: from.thread_id,
            process_id: from.process_id,
            time_stamp,
            provider,
            descriptor,
            times: (0, 0),
            activity: Uuid::nil(),
            pointer_size: self.session.pointer_size,
        };
        let bytes = payload.len();
        let mut rest = items::encode(items).ok_or(WriteError::TooLong { bytes })?;
        rest.extend_from_slice(payload);
        self.record(processor, &header, &rest)
    }

    /// Writes a TraceLogging event. Its channel is set here.
    ///
    /// # Errors
    /// See [`record`](Self::record).
    pub fn trace_logging(
        &mut self,
        processor: u16,
        time_stamp: i64,
        from: Writing,
        provider: &Provider,
        descriptor: EventDescriptor,
        event: EventBuilder,
    ) -> Result<(), WriteError> {
        let (schema, payload) = event.finish();
        let items = [
            Item {
                item_type: ItemType::PROVIDER_TRAITS,
                data: &provider.metadata,
            },
            Item {
                item_type: ItemType::EVENT_SCHEMA,
                data: &schema,
            },
        ];
        let descriptor = EventDescriptor {
            channel: CHANNEL_TRACELOGGING,
            ..descriptor
        };
        let guid = provider.guid;
        self.provider_event(
            processor, time_stamp, from, guid, descriptor, &items, &payload,
        )
    }

    /// Says how many events and buffers the session lost.
    pub fn set_lost(&mut self, events: u32, buffers: u32) {
        self.session.events_lost = events;
        self.session.buffers_lost = buffers;
    }

    /// Writes what is left, and the totals into the first buffer.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.buffers.finish(&mut self.out)?;
        let mut header = self.session.header();
        header.buffers_written = self.buffers.written();
        let seen = u32::from(self.buffers.processors());
        header.number_of_processors = header.number_of_processors.max(seen);
        header.end_time = self.clock().file_time(self.last_time);
        let first = self.session.first_buffer(&header).unwrap_or_default();
        let end = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&first)?;
        self.out.seek(SeekFrom::Start(end))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// What is logged often comes with the short header.
fn is_perf_info(event: &KernelEvent<'_>, class: KernelClass) -> bool {
    let often = matches!(
        event,
        KernelEvent::ContextSwitch(_) | KernelEvent::ReadyThread(_) | KernelEvent::CompactSwitches
    );
    often || matches!(class, KernelClass::PerfInfo | KernelClass::StackWalk)
}
