//! A file as one timeline.

use crate::buffer::BUFFER_HEADER_BYTES;
use crate::bytes::align8;
use crate::clock::Clock;
use crate::event::{Event, Identity};
use crate::health::{Health, Problem};
use crate::index::{Index, Source};
use crate::kernel::KernelClass;
use crate::log_file::{LogFileHeader, assumed_clock};
use crate::record::{self, Start};
use crate::stream::{Stream, ahead};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

/// Bytes of the first buffer in which the first record is looked for.
const FIRST_BYTES: usize = 1 << 12;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be opened, or not be read at any place, as a pipe.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// Nothing in it is like a buffer of an event trace log.
    #[error("not an event trace log: no buffer was found in its {bytes} bytes")]
    NotEtl {
        /// Bytes of the file.
        bytes: u64,
    },
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file cannot be read any more.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of records that have been read.
    pub bytes_done: u64,
    /// Bytes of the file.
    pub bytes_total: u64,
}

/// An event trace log: all events, in the order of time.
#[derive(Debug)]
pub struct Trace<R> {
    source: Source<R>,
    header: Option<LogFileHeader>,
    clock: Clock,
    health: Health,
    streams: Vec<Stream>,
    /// The streams that have a record, by its time; equal times keep the order of the file.
    ready: BinaryHeap<Reverse<(i64, usize)>>,
    /// The stream whose record was given last.
    given: Option<usize>,
    last_time: i64,
    is_started: bool,
}

impl Trace<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// If nothing of it can be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::new(File::open(path)?)
    }
}

impl<R: Read + Seek> Trace<R> {
    /// Reads from anything that can be read at any place.
    ///
    /// # Errors
    /// If nothing of it can be read.
    pub fn new(source: R) -> Result<Self, OpenError> {
        let mut source = Source::new(source)?;
        let bytes = source.length();
        if bytes == 0 {
            return Err(OpenError::Empty);
        }
        let mut health = Health {
            file_bytes: bytes,
            ..Health::default()
        };
        let index = Index::build(&mut source, &mut health)?;
        let all = index.streams.iter().flat_map(|stream| &stream.buffers);
        let Some(first) = all.clone().map(|buffer| buffer.offset).min() else {
            return Err(OpenError::NotEtl { bytes });
        };
        let earliest = all.map(|buffer| buffer.first_time);
        let earliest = earliest.filter(|time| *time != i64::MIN).min();
        let (header, clock) = match first_record(&mut source, first)? {
            Some((header, start)) => {
                let clock = header.clock(start);
                (Some(header), clock)
            }
            None => {
                health.damage(first, 0, Problem::NoHeaderRecord);
                (None, assumed_clock(earliest.unwrap_or_default()))
            }
        };
        if let Some(header) = &header {
            health.events_lost = header.events_lost;
            health.buffers_lost = header.buffers_lost;
            health.buffers_written = Some(header.buffers_written);
        }
        let ahead = ahead(index.streams.len());
        let streams = index.streams.into_iter();
        Ok(Self {
            source,
            header,
            clock,
            health,
            streams: streams.map(|index| Stream::new(index, ahead)).collect(),
            ready: BinaryHeap::new(),
            given: None,
            last_time: i64::MIN,
            is_started: false,
        })
    }

    /// What the file says of itself; `None` if its first record cannot be read.
    pub fn header(&self) -> Option<&LogFileHeader> {
        self.header.as_ref()
    }

    /// What time stamps mean.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The account of the file, as far as it has been read.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        Progress {
            bytes_done: self.source.bytes_read().min(self.source.length()),
            bytes_total: self.source.length(),
        }
    }

    /// The next event of all processors, in the order of time.
    ///
    /// # Errors
    /// If the file cannot be read any more. What is wrong within the file is no error; see
    /// [`Health`].
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, ReadError> {
        if !self.is_started {
            self.start()?;
        }
        if let Some(number) = self.given.take() {
            self.advance(number)?;
        }
        let Some(Reverse((time_stamp, number))) = self.ready.peek() else {
            return Ok(None);
        };
        self.health.events += 1;
        self.health.events_out_of_order += u64::from(*time_stamp < self.last_time);
        self.last_time = *time_stamp;
        self.given = Some(*number);
        let event = self.streams[*number].event();
        let is_unknown = matches!(event.identity(), Identity::Other { .. });
        self.health.unknown_records += u64::from(is_unknown);
        Ok(Some(event))
    }

    /// Reads the first record of each stream.
    fn start(&mut self) -> io::Result<()> {
        self.is_started = true;
        for (number, stream) in self.streams.iter_mut().enumerate() {
            if stream.advance(&mut self.source, &mut self.health)? {
                self.ready.push(Reverse((stream.time_stamp, number)));
            }
        }
        Ok(())
    }

    /// Replaces the record of the first stream by its next one.
    fn advance(&mut self, number: usize) -> io::Result<()> {
        let stream = &mut self.streams[number];
        let has_next = stream.advance(&mut self.source, &mut self.health)?;
        // The record that was given last is still the first.
        let Some(mut first) = self.ready.peek_mut() else {
            return Ok(());
        };
        if has_next {
            *first = Reverse((stream.time_stamp, number));
        } else {
            PeekMut::pop(first);
        }
        Ok(())
    }
}

/// The record that describes the file, and its time stamp, if the file begins with it.
fn first_record<R: Read + Seek>(
    source: &mut Source<R>,
    buffer: u64,
) -> io::Result<Option<(LogFileHeader, i64)>> {
    let mut bytes = vec![0; FIRST_BYTES];
    let read = source.read_at(buffer + BUFFER_HEADER_BYTES as u64, &mut bytes)?;
    let bytes = &bytes[..read];
    let Start::Record { size } = record::start(bytes) else {
        return Ok(None);
    };
    let Some(record) = bytes.get(..size.min(align8(size))) else {
        return Ok(None);
    };
    let event = Event::parse(record, 0, 0, 0);
    let is_header = matches!(
        event.identity(),
        Identity::Kernel {
            class: KernelClass::EventTrace,
            opcode: 0,
            ..
        }
    );
    let header = LogFileHeader::parse(event.payload()).filter(|_| is_header);
    Ok(header.map(|header| (header, event.time_stamp)))
}
