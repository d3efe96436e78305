//! The records of one processor in one session, read in small pieces.

use crate::buffer::{BUFFER_HEADER_BYTES, BufferHeader};
use crate::health::{Health, Problem};
use crate::index::{BufferPlace, Source, StreamIndex};
use crate::record::{self, RECORD_BYTES_MIN, Start};
use crate::xpress::{DISTANCE_MAX, ExpandError, Expander};
use crate::{bytes::align8, event::Event};
use std::io::{self, Read, Seek};

/// Memory for what is read ahead, of all streams together.
const AHEAD_BYTES: usize = 128 << 20;
/// What one stream reads ahead, at least and at most.
const AHEAD_BYTES_MIN: usize = 8 << 10;
const AHEAD_BYTES_MAX: usize = 128 << 10;

/// How much each of `streams` streams reads ahead.
pub(crate) fn ahead(streams: usize) -> usize {
    (AHEAD_BYTES / streams.max(1)).clamp(AHEAD_BYTES_MIN, AHEAD_BYTES_MAX)
}

/// A buffer that is being read.
#[derive(Debug)]
struct Open {
    /// Where it begins in the file.
    start: u64,
    /// What of it has not been read from the file yet.
    unread: std::ops::Range<u64>,
    /// Where its records end, counted from its start, decompressed.
    end: usize,
    /// Where the window's first byte stands, counted from its start, decompressed.
    window_at: usize,
    /// For compressed buffers.
    compression: Option<Compression>,
}

#[derive(Debug, Default)]
struct Compression {
    expander: Expander,
    input: Vec<u8>,
    /// What of the input has been expanded.
    used: usize,
    error: Option<ExpandError>,
}

/// The records of one processor in one session.
#[derive(Debug)]
pub(crate) struct Stream {
    processor: u16,
    logger_id: u16,
    buffers: std::vec::IntoIter<BufferPlace>,
    open: Option<Open>,
    /// Bytes of the open buffer.
    window: Vec<u8>,
    /// Where the next record begins in the window.
    at: usize,
    /// Where the current record stands in the window.
    current: std::ops::Range<usize>,
    /// Time stamp of the current record, or of the last one that had one.
    pub(crate) time_stamp: i64,
    ahead: usize,
}

impl Stream {
    pub(crate) fn new(index: StreamIndex, ahead: usize) -> Self {
        let first = index.buffers.first().map(|buffer| buffer.first_time);
        Self {
            processor: index.processor,
            logger_id: index.logger_id,
            buffers: index.buffers.into_iter(),
            open: None,
            window: Vec::new(),
            at: 0,
            current: 0..0,
            time_stamp: first.unwrap_or(i64::MIN),
            ahead,
        }
    }

    /// The current record.
    pub(crate) fn event(&self) -> Event<'_> {
        let record = &self.window[self.current.clone()];
        Event::parse(record, self.processor, self.logger_id, self.time_stamp)
    }

    /// Goes on to the next record; whether there is one.
    pub(crate) fn advance<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
        health: &mut Health,
    ) -> io::Result<bool> {
        loop {
            if self.open.is_none() && !self.open_next(source)? {
                return Ok(false);
            }
            if !self.ensure(RECORD_BYTES_MIN, source)? {
                self.close(health);
                continue;
            }
            match record::start(&self.window[self.at..]) {
                Start::End => self.close(health),
                Start::Damaged => self.abandon(health),
                Start::Record { size } => {
                    if self.left() < size {
                        self.abandon(health);
                    } else if self.ensure(size, source)? {
                        self.take(size);
                        return Ok(true);
                    } else {
                        self.close(health);
                    }
                }
            }
        }
    }

    fn take(&mut self, size: usize) {
        self.current = self.at..self.at + size;
        // The last record's filling need not be there.
        self.at = (self.at + align8(size)).min(self.window.len().max(self.current.end));
        let record = &self.window[self.current.clone()];
        if let Some(time_stamp) = record::time_stamp(record) {
            self.time_stamp = time_stamp;
        }
    }

    fn open_next<R: Read + Seek>(&mut self, source: &mut Source<R>) -> io::Result<bool> {
        let Some(place) = self.buffers.next() else {
            return Ok(false);
        };
        let mut head = [0; BUFFER_HEADER_BYTES];
        let read = source.read_at(place.offset, &mut head)?;
        // The file may have become shorter since it was indexed.
        let Some(header) = BufferHeader::parse(&head[..read]) else {
            return Ok(true);
        };
        let data = place.offset + BUFFER_HEADER_BYTES as u64;
        let file_end = (place.offset + u64::from(header.size)).min(source.length());
        let end = header.end();
        let unread_end = if header.is_compressed() {
            file_end
        } else {
            file_end.min(place.offset + end as u64)
        };
        self.window.clear();
        self.at = 0;
        self.open = Some(Open {
            start: place.offset,
            unread: data..unread_end.max(data),
            end,
            window_at: BUFFER_HEADER_BYTES,
            compression: header.is_compressed().then(Compression::default),
        });
        Ok(true)
    }

    /// Bytes of records that the open buffer still says it has.
    fn left(&self) -> usize {
        self.open
            .as_ref()
            .map_or(0, |open| open.end.saturating_sub(open.window_at + self.at))
    }

    /// Makes sure that `count` bytes are in the window; whether they are.
    fn ensure<R: Read + Seek>(&mut self, count: usize, source: &mut Source<R>) -> io::Result<bool> {
        if self.window.len() - self.at >= count {
            return Ok(true);
        }
        let Some(open) = &mut self.open else {
            return Ok(false);
        };
        let keep = match open.compression {
            Some(_) => self.at.saturating_sub(DISTANCE_MAX),
            None => self.at,
        };
        self.window.drain(..keep);
        self.at -= keep;
        open.window_at += keep;
        let target = self.at + self.ahead.max(count);
        let target = target.min(open.end.saturating_sub(open.window_at));
        match &mut open.compression {
            None => read_plain(&mut open.unread, &mut self.window, target, source)?,
            Some(compression) => {
                let unread = &mut open.unread;
                compression.read(unread, &mut self.window, target, self.ahead, source)?;
            }
        }
        Ok(self.window.len() - self.at >= count)
    }

    /// Ends the buffer where it ends, or where nothing more can be read of it.
    fn close(&mut self, health: &mut Health) {
        let Some(open) = self.open.take() else {
            return;
        };
        if let Some(Compression {
            error: Some(error), ..
        }) = open.compression
        {
            let left = open.end.saturating_sub(open.window_at + self.at);
            let place = open.start;
            health.damage(place, left as u64, Problem::Compression(error));
        }
        self.window.clear();
        self.at = 0;
    }

    /// Leaves out the rest of the buffer.
    fn abandon(&mut self, health: &mut Health) {
        if let Some(open) = &self.open {
            let place = open.window_at + self.at;
            let left = open.end.saturating_sub(place) as u64;
            let at = match open.compression {
                Some(_) => open.start,
                None => open.start + place as u64,
            };
            health.damage(at, left, Problem::Record);
        }
        self.open = None;
        self.window.clear();
        self.at = 0;
    }
}

fn read_plain<R: Read + Seek>(
    unread: &mut std::ops::Range<u64>,
    window: &mut Vec<u8>,
    target: usize,
    source: &mut Source<R>,
) -> io::Result<()> {
    let have = window.len();
    let left = usize::try_from(unread.end - unread.start).unwrap_or(usize::MAX);
    window.resize(have + left.min(target.saturating_sub(have)), 0);
    let read = source.read_at(unread.start, &mut window[have..])?;
    window.truncate(have + read);
    unread.start += read as u64;
    Ok(())
}

impl Compression {
    fn read<R: Read + Seek>(
        &mut self,
        unread: &mut std::ops::Range<u64>,
        window: &mut Vec<u8>,
        target: usize,
        ahead: usize,
        source: &mut Source<R>,
    ) -> io::Result<()> {
        while window.len() < target && self.error.is_none() {
            self.input.drain(..self.used);
            self.used = 0;
            let before = (self.input.len(), window.len());
            read_plain(unread, &mut self.input, ahead, source)?;
            let is_final = unread.is_empty() || self.input.len() == before.0;
            let mut input = &self.input[..];
            let result = self.expander.expand(&mut input, is_final, window, target);
            self.used = self.input.len() - input.len();
            self.error = result.err();
            if window.len() == before.1 && is_final && self.error.is_none() {
                self.error = Some(ExpandError::InputTooShort);
            }
        }
        Ok(())
    }
}
