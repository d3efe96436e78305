//! What a session is like, and the buffer that a file begins with.

use crate::buffer::{BUFFER_HEADER_BYTES, BufferFlags, BufferHeader, STATE_FLUSH, buffer_type};
use crate::clock::ClockType;
use crate::log_file::{LogFileHeader, LogFileMode};
use crate::record::{Hook, RecordHeader};
use crate::writer::NOBODY;

/// Layout of files with small buffers, and of those with large or compressed ones.
const LAYOUT: [u8; 2] = [1, 5];
const LAYOUT_LARGE: [u8; 2] = [2, 0];
/// Buffers above this are large.
const SMALL_BUFFER_BYTES_MAX: u32 = 1 << 20;

/// 100 ns.
const FILETIME_PER_SECOND: i128 = 10_000_000;

/// What fills a buffer behind its records.
pub(super) const FILL: u8 = 0xFF;

/// What a session is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's name.
    pub session_name: String,
    /// The name that the file is written under, as the session knows it.
    pub file_name: String,
    /// The session's number.
    pub logger_id: u16,
    /// Bytes of a buffer.
    pub buffer_size: u32,
    /// Whether buffers are compressed.
    pub is_compressed: bool,
    /// Which clock the time stamps are from.
    pub clock_type: ClockType,
    /// Ticks of the performance counter per second.
    pub perf_frequency: i64,
    /// Frequency of the processors.
    pub cpu_speed_mhz: u32,
    /// Time stamp of the session's start.
    pub start_ticks: i64,
    /// When that was, as a FILETIME.
    pub start_time: i64,
    /// Major and minor version of the system.
    pub system_version: [u8; 2],
    /// Build of the system.
    pub system_build: u32,
    /// How many processors there are at least.
    pub number_of_processors: u32,
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
    /// Events that were lost.
    pub events_lost: u32,
    /// Buffers that were lost.
    pub buffers_lost: u32,
}

impl Default for Session {
    /// Windows 11 24H2, buffers of 64 KiB, a performance counter of 10 MHz, from 2025 on.
    fn default() -> Self {
        Self {
            session_name: "etl".into(),
            file_name: "trace.etl".into(),
            logger_id: 0x20,
            buffer_size: 1 << 16,
            is_compressed: false,
            clock_type: ClockType::PerformanceCounter,
            perf_frequency: 10_000_000,
            cpu_speed_mhz: 3000,
            start_ticks: 0,
            start_time: 133_801_632_000_000_000,
            system_version: [10, 0],
            system_build: 26100,
            number_of_processors: 1,
            pointer_size: 8,
            events_lost: 0,
            buffers_lost: 0,
        }
    }
}

impl Session {
    /// The description of the file, without what is known at its end only.
    pub(super) fn header(&self) -> LogFileHeader {
        let [major, minor] = self.system_version;
        let is_large = self.is_compressed || self.buffer_size > SMALL_BUFFER_BYTES_MAX;
        let [sub, sub_minor] = if is_large { LAYOUT_LARGE } else { LAYOUT };
        let mut log_file_mode = LogFileMode::SEQUENTIAL;
        log_file_mode.set(LogFileMode::COMPRESSED, self.is_compressed);
        let mut header = LogFileHeader {
            buffer_size: self.buffer_size,
            version: [major, minor, sub, sub_minor],
            provider_version: self.system_build,
            number_of_processors: self.number_of_processors,
            end_time: self.start_time,
            timer_resolution: 156_250,
            maximum_file_size: 0,
            log_file_mode,
            buffers_written: 1,
            pointer_size: self.pointer_size,
            events_lost: self.events_lost,
            cpu_speed_mhz: self.cpu_speed_mhz,
            time_zone_bias: 0,
            time_zone: "UTC".into(),
            boot_time: 0,
            perf_frequency: self.perf_frequency,
            start_time: self.start_time,
            clock_type: self.clock_type,
            buffers_lost: self.buffers_lost,
            session_name: self.session_name.clone(),
            file_name: self.file_name.clone(),
        };
        let frequency = i128::from(header.clock(0).frequency);
        let up = i128::from(self.start_ticks) * FILETIME_PER_SECOND / frequency;
        let boot = i128::from(self.start_time) - up;
        header.boot_time = i64::try_from(boot).unwrap_or_default();
        header
    }

    /// The file's first buffer; `None` if the names do not fit into it.
    pub(super) fn first_buffer(&self, header: &LogFileHeader) -> Option<Vec<u8>> {
        let hook = Hook {
            group: 0,
            opcode: 0,
            version: 2,
            pointer_size: self.pointer_size,
        };
        let record = RecordHeader::System {
            hook,
            thread_id: NOBODY.thread_id,
            process_id: NOBODY.process_id,
            time_stamp: self.start_ticks,
            times: Some((0, 0)),
        };
        let record = record.encode(&header.encode())?;
        let end = u32::try_from(BUFFER_HEADER_BYTES + record.len()).ok()?;
        let buffer = BufferHeader {
            size: self.buffer_size,
            saved_offset: end,
            time_stamp: self.start_ticks,
            sequence_number: 0,
            processor: 0,
            logger_id: self.logger_id,
            state: STATE_FLUSH,
            offset: end,
            flags: BufferFlags::PROCESSOR_INDEX | BufferFlags::FLUSH_MARKER,
            buffer_type: buffer_type::HEADER,
        };
        let mut bytes = buffer.encode().to_vec();
        bytes.extend_from_slice(&record);
        if bytes.len() > self.buffer_size as usize {
            return None;
        }
        bytes.resize(self.buffer_size as usize, FILL);
        Some(bytes)
    }
}
