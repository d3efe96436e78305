//! Where the buffers of each processor stand in a file.

use crate::buffer::{BUFFER_BYTES_MAX, BUFFER_HEADER_BYTES, BufferFlags, BufferHeader};
use crate::health::{Health, Problem};
use crate::record::{self, Start};
use crate::xpress::Expander;
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes read of each buffer: the header and enough of the first record for its time stamp, even
/// if it is compressed badly.
const HEAD_BYTES: usize = BUFFER_HEADER_BYTES + 64;

/// Bytes of a record up to the end of its time stamp.
const TIMED_BYTES: usize = 24;

/// Buffers that are kept track of: 64 MiB of memory, or 256 GiB of a file with buffers of 64 KiB.
const BUFFERS_MAX: usize = 1 << 22;

/// Processors and sessions that are kept track of.
const STREAMS_MAX: usize = 1 << 13;

/// Bytes read at once when a buffer is looked for.
const SCAN_BYTES: usize = 1 << 16;

/// A file that is read at any place.
#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: R,
    length: u64,
    bytes_read: u64,
}

impl<R: Read + Seek> Source<R> {
    pub(crate) fn new(mut inner: R) -> io::Result<Self> {
        let length = inner.seek(SeekFrom::End(0))?;
        Ok(Self {
            inner,
            length,
            bytes_read: 0,
        })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes read since the file was indexed.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads at `offset` until `into` is full or the file ends.
    pub(crate) fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.inner.seek(SeekFrom::Start(offset))?;
        let mut read = 0;
        while read < into.len() {
            match self.inner.read(&mut into[read..]) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes_read += read as u64;
        Ok(read)
    }
}

/// A buffer, and the time stamp of its first record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferPlace {
    pub(crate) offset: u64,
    pub(crate) first_time: i64,
}

/// The buffers of one processor in one session.
#[derive(Debug)]
pub(crate) struct StreamIndex {
    pub(crate) processor: u16,
    pub(crate) logger_id: u16,
    pub(crate) buffers: Vec<BufferPlace>,
    is_unsorted: bool,
}

/// All buffers of a file.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) streams: Vec<StreamIndex>,
    by_key: HashMap<(u16, u16), usize>,
    buffers: usize,
}

impl Index {
    /// Finds the buffers of a file, and what is wrong between them.
    pub(crate) fn build<R: Read + Seek>(
        source: &mut Source<R>,
        health: &mut Health,
    ) -> io::Result<Self> {
        let mut index = Self::default();
        let mut at = 0;
        let mut head = [0; HEAD_BYTES];
        while at < source.length() {
            let read = source.read_at(at, &mut head)?;
            let header = BufferHeader::parse(&head[..read]);
            let is_buffer = match &header {
                Some(header) => is_buffer(source, at, header)?,
                None => false,
            };
            let Some(header) = header.filter(|_| is_buffer) else {
                let next = find(source, at + 1)?.unwrap_or(source.length());
                health.damage(at, next - at, Problem::NoBuffer);
                at = next;
                continue;
            };
            let end = at + u64::from(header.size);
            if end > source.length() {
                health.damage(at, end - source.length(), Problem::Truncated);
            }
            if !index.add(at, &header, &head[BUFFER_HEADER_BYTES..read], health) {
                health.damage(at, source.length() - at, Problem::TooMany);
                break;
            }
            at = end;
        }
        index.sort(health);
        source.bytes_read = 0;
        Ok(index)
    }

    fn add(&mut self, at: u64, header: &BufferHeader, data: &[u8], health: &mut Health) -> bool {
        let key = (header.logger_id, header.processor_index());
        if self.buffers == BUFFERS_MAX
            || !self.by_key.contains_key(&key) && self.streams.len() == STREAMS_MAX
        {
            return false;
        }
        self.buffers += 1;
        health.buffers += 1;
        health.compressed_buffers += u64::from(header.is_compressed());
        let lost = |flag| u64::from(header.flags.contains(flag));
        health.buffers_after_lost_events += lost(BufferFlags::EVENTS_LOST);
        health.buffers_after_lost_buffers += lost(BufferFlags::BUFFERS_LOST);
        if !header.end_is_possible() {
            health.damage(at, 0, Problem::BufferEnd);
        }
        let number = *self.by_key.entry(key).or_insert_with(|| {
            self.streams.push(StreamIndex {
                processor: key.1,
                logger_id: key.0,
                buffers: Vec::new(),
                is_unsorted: false,
            });
            self.streams.len() - 1
        });
        let stream = &mut self.streams[number];
        let last = stream.buffers.last().map(|last| last.first_time);
        let first_time = first_time(header, data).or(last).unwrap_or(i64::MIN);
        stream.is_unsorted |= last.is_some_and(|last| first_time < last);
        stream.buffers.push(BufferPlace {
            offset: at,
            first_time,
        });
        true
    }

    /// Buffers of a circular file do not begin with the oldest.
    fn sort(&mut self, health: &mut Health) {
        for stream in self.streams.iter_mut().filter(|stream| stream.is_unsorted) {
            health.unsorted_processors += 1;
            stream.buffers.sort_by_key(|buffer| buffer.first_time);
        }
    }
}

/// Whether a buffer begins here: its header is like one, or it is possible and another follows.
fn is_buffer<R: Read + Seek>(
    source: &mut Source<R>,
    at: u64,
    header: &BufferHeader,
) -> io::Result<bool> {
    if !header.is_possible() {
        return Ok(false);
    }
    let next = at + u64::from(header.size);
    if header.is_probable() || next == source.length() {
        return Ok(true);
    }
    let mut head = [0; BUFFER_HEADER_BYTES];
    let read = source.read_at(next, &mut head)?;
    Ok(BufferHeader::parse(&head[..read]).is_some_and(|header| header.is_probable()))
}

/// The first place from `at` on that is so much like a buffer that it cannot well be anything else.
fn find<R: Read + Seek>(source: &mut Source<R>, mut at: u64) -> io::Result<Option<u64>> {
    const NEEDED: usize = BUFFER_HEADER_BYTES + record::RECORD_BYTES_MIN;
    let mut bytes = vec![0; SCAN_BYTES];
    loop {
        let read = source.read_at(at, &mut bytes)?;
        if read < NEEDED {
            return Ok(None);
        }
        let places = read - NEEDED + 1;
        let found = (0..places).find(|place| {
            let left = source.length() - at - *place as u64;
            is_evident(&bytes[*place..*place + NEEDED], left)
        });
        if let Some(place) = found {
            return Ok(Some(at + place as u64));
        }
        at += places as u64;
    }
}

fn is_evident(bytes: &[u8], left: u64) -> bool {
    let size = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let sizes = BUFFER_HEADER_BYTES as u64..=left.min(BUFFER_BYTES_MAX as u64);
    if !sizes.contains(&u64::from(size)) {
        return false;
    }
    let Some(header) = BufferHeader::parse(bytes).filter(BufferHeader::is_probable) else {
        return false;
    };
    let has_records = header.end() >= BUFFER_HEADER_BYTES + record::RECORD_BYTES_MIN;
    let first = record::start(&bytes[BUFFER_HEADER_BYTES..]);
    has_records && (header.is_compressed() || matches!(first, Start::Record { .. }))
}

/// The time stamp of the buffer's first record.
fn first_time(header: &BufferHeader, data: &[u8]) -> Option<i64> {
    let mut expanded = Vec::new();
    let mut data = data;
    if header.is_compressed() {
        let mut expander = Expander::default();
        let expansion = expander.expand(&mut data, false, &mut expanded, TIMED_BYTES);
        expansion.ok()?;
        data = &expanded;
    }
    match record::start(data) {
        Start::Record { .. } => record::time_stamp(data),
        Start::End | Start::Damaged => None,
    }
}
