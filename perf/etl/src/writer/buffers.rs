//! One open buffer per processor.

use super::WriteError;
use super::session::{FILL, Session};
use crate::buffer::{BUFFER_HEADER_BYTES, BufferFlags, BufferHeader, STATE_FLUSH, buffer_type};
use crate::xpress;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A processor's buffer.
#[derive(Debug)]
struct Open {
    sequence_number: i64,
    records: Vec<u8>,
    last_time: i64,
}

/// The buffers of all processors.
#[derive(Debug)]
pub(super) struct Buffers {
    size: usize,
    is_compressed: bool,
    logger_id: u16,
    open: BTreeMap<u16, Open>,
    /// Buffers taken into use, the first of the file included.
    taken: i64,
    /// Buffers written, the first of the file included.
    written: u32,
}

impl Buffers {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            size: session.buffer_size as usize,
            is_compressed: session.is_compressed,
            logger_id: session.logger_id,
            open: BTreeMap::new(),
            taken: 1,
            written: 1,
        }
    }

    pub(super) fn written(&self) -> u32 {
        self.written
    }

    /// One more than the largest index of a processor that wrote.
    pub(super) fn processors(&self) -> u16 {
        self.open.last_key_value().map_or(0, |(last, _)| last + 1)
    }

    /// Adds a record, filled to a multiple of 8, that fits into an empty buffer.
    pub(super) fn add(
        &mut self,
        processor: u16,
        time_stamp: i64,
        record: &[u8],
        out: &mut impl Write,
    ) -> Result<(), WriteError> {
        let taken = &mut self.taken;
        let open = self.open.entry(processor).or_insert_with(|| Open {
            sequence_number: take(taken),
            records: Vec::new(),
            last_time: i64::MIN,
        });
        if time_stamp < open.last_time {
            return Err(WriteError::BackInTime {
                processor,
                ticks: open.last_time.abs_diff(time_stamp),
            });
        }
        if BUFFER_HEADER_BYTES + open.records.len() + record.len() > self.size {
            let full = std::mem::take(&mut open.records);
            let (number, time) = (open.sequence_number, open.last_time);
            open.sequence_number = take(taken);
            let flags = BufferFlags::empty();
            self.write((processor, number, time), &full, flags, out)?;
        }
        if let Some(open) = self.open.get_mut(&processor) {
            open.records.extend_from_slice(record);
            open.last_time = time_stamp;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        let left: Vec<_> = self
            .open
            .iter_mut()
            .filter(|(_, open)| !open.records.is_empty())
            .map(|(processor, open)| {
                let records = std::mem::take(&mut open.records);
                ((*processor, open.sequence_number, open.last_time), records)
            })
            .collect();
        let count = left.len();
        for (position, (which, records)) in left.into_iter().enumerate() {
            let is_last = position + 1 == count;
            let flags = if is_last {
                BufferFlags::FLUSH_MARKER
            } else {
                BufferFlags::empty()
            };
            self.write(which, &records, flags, out)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        (processor, sequence_number, time_stamp): (u16, i64, i64),
        records: &[u8],
        mut flags: BufferFlags,
        out: &mut impl Write,
    ) -> io::Result<()> {
        flags |= BufferFlags::PROCESSOR_INDEX;
        // What does not become shorter is left as it is.
        let packed = self.is_compressed.then(|| xpress::compress(records));
        let packed = packed.filter(|packed| packed.len() < records.len());
        flags.set(BufferFlags::COMPRESSED, packed.is_some());
        // Neither has more bytes than a buffer, or little more.
        let end = (BUFFER_HEADER_BYTES + records.len()) as u32;
        let mut header = BufferHeader {
            size: self.size as u32,
            saved_offset: end,
            time_stamp,
            sequence_number,
            processor,
            logger_id: self.logger_id,
            state: STATE_FLUSH,
            offset: end,
            flags,
            buffer_type: buffer_type::GENERIC,
        };
        self.written += 1;
        if let Some(packed) = packed {
            header.size = (BUFFER_HEADER_BYTES + packed.len()) as u32;
            out.write_all(&header.encode())?;
            return out.write_all(&packed);
        }
        out.write_all(&header.encode())?;
        out.write_all(records)?;
        let fill = self.size - BUFFER_HEADER_BYTES - records.len();
        out.write_all(&vec![FILL; fill])
    }
}

fn take(taken: &mut i64) -> i64 {
    *taken += 1;
    *taken - 1
}
