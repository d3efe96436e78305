//! The first record of a file: `TRACE_LOGFILE_HEADER`.

use crate::bytes::{Bytes, put_pointer, put_utf16};
use crate::clock::{Clock, ClockType};
use bitflags::bitflags;

/// The counter frequency of current systems, for files that say none.
const FREQUENCY_ASSUMED: u64 = 10_000_000;
/// Bytes of `TIME_ZONE_INFORMATION`.
const TIME_ZONE_BYTES: usize = 172;
/// UTF-16 units of a name in `TIME_ZONE_INFORMATION`.
const ZONE_NAME_UNITS: usize = 32;

bitflags! {
    /// How a session wrote its file: `EVENT_TRACE_FILE_MODE_` and others.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct LogFileMode: u32 {
        /// One buffer behind the other.
        const SEQUENTIAL = 0x0000_0001;
        /// The oldest buffers are overwritten.
        const CIRCULAR = 0x0000_0002;
        /// Behind what the file held before.
        const APPEND = 0x0000_0004;
        /// Delivered as it happens.
        const REAL_TIME = 0x0000_0100;
        /// Kept in memory, and written at the end.
        const BUFFERING = 0x0000_0400;
        /// Several files put together, or one that was written again.
        const RELOGGED = 0x0001_0000;
        /// A session of the kernel's events.
        const SYSTEM_LOGGER = 0x0200_0000;
        /// Buffers are compressed.
        const COMPRESSED = 0x0400_0000;
        /// One set of buffers for all processors.
        const NO_PER_PROCESSOR_BUFFERING = 0x1000_0000;
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileHeader {
    /// Bytes of a buffer, decompressed.
    pub buffer_size: u32,
    /// Major and minor version of the system, then of the file's layout: 1.5 or 2.0.
    pub version: [u8; 4],
    /// Build of the system.
    pub provider_version: u32,
    /// How many processors there were; buffers can name more.
    pub number_of_processors: u32,
    /// When the session ended, as a FILETIME.
    pub end_time: i64,
    /// Units of 100 ns between two ticks of the system's timer.
    pub timer_resolution: u32,
    /// MiB that the file can have, 0 for any number.
    pub maximum_file_size: u32,
    /// How the session wrote its file.
    pub log_file_mode: LogFileMode,
    /// Buffers in the file, the first included.
    pub buffers_written: u32,
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
    /// Events that were lost.
    pub events_lost: u32,
    /// Frequency of the processors.
    pub cpu_speed_mhz: u32,
    /// Minutes to add to local time for UTC.
    pub time_zone_bias: i32,
    /// Name of the time zone.
    pub time_zone: String,
    /// When the system started, as a FILETIME; off by up to a second.
    pub boot_time: i64,
    /// Ticks of the performance counter per second.
    pub perf_frequency: i64,
    /// When the session started, as a FILETIME.
    pub start_time: i64,
    /// Which clock the time stamps were taken from.
    pub clock_type: ClockType,
    /// Buffers that were lost.
    pub buffers_lost: u32,
    /// The session's name.
    pub session_name: String,
    /// The name that the file was written under.
    pub file_name: String,
}

impl LogFileHeader {
    /// Reads the payload of the first record.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(payload);
        let buffer_size = bytes.u32()?;
        let version = [bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?];
        let provider_version = bytes.u32()?;
        let number_of_processors = bytes.u32()?;
        let end_time = bytes.i64()?;
        let timer_resolution = bytes.u32()?;
        let maximum_file_size = bytes.u32()?;
        let log_file_mode = LogFileMode::from_bits_retain(bytes.u32()?);
        let buffers_written = bytes.u32()?;
        // StartBuffers.
        bytes.skip(4)?;
        let pointer_size = if bytes.u32()? == 4 { 4 } else { 8 };
        let events_lost = bytes.u32()?;
        let cpu_speed_mhz = bytes.u32()?;
        // LoggerName and LogFileName are pointers of the past.
        bytes.skip(2 * usize::from(pointer_size))?;
        let (time_zone_bias, time_zone) = time_zone(&mut bytes)?;
        // After 244 bytes a 64-bit structure has a gap, after 236 a 32-bit one too.
        bytes.skip(4)?;
        Some(Self {
            buffer_size,
            version,
            provider_version,
            number_of_processors,
            end_time,
            timer_resolution,
            maximum_file_size,
            log_file_mode,
            buffers_written,
            pointer_size,
            events_lost,
            cpu_speed_mhz,
            time_zone_bias,
            time_zone,
            boot_time: bytes.i64()?,
            perf_frequency: bytes.i64()?,
            start_time: bytes.i64()?,
            clock_type: ClockType::from_number(bytes.u32()?),
            buffers_lost: bytes.u32()?,
            session_name: bytes.utf16(),
            file_name: bytes.utf16(),
        })
    }

    /// The payload of the first record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |value: u32| out.extend_from_slice(&value.to_le_bytes());
        put(self.buffer_size);
        put(u32::from_le_bytes(self.version));
        put(self.provider_version);
        put(self.number_of_processors);
        out.extend_from_slice(&self.end_time.to_le_bytes());
        let start_buffers = 1;
        for value in [
            self.timer_resolution,
            self.maximum_file_size,
            self.log_file_mode.bits(),
            self.buffers_written,
            start_buffers,
            u32::from(self.pointer_size),
            self.events_lost,
            self.cpu_speed_mhz,
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        put_pointer(&mut out, 0, self.pointer_size);
        put_pointer(&mut out, 0, self.pointer_size);
        put_time_zone(&mut out, self.time_zone_bias, &self.time_zone);
        out.extend_from_slice(&[0; 4]);
        for value in [self.boot_time, self.perf_frequency, self.start_time] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&self.clock_type.number().to_le_bytes());
        out.extend_from_slice(&self.buffers_lost.to_le_bytes());
        put_utf16(&mut out, &self.session_name);
        put_utf16(&mut out, &self.file_name);
        out
    }

    /// The clock of the trace, which began at the time stamp `start_ticks`.
    pub fn clock(&self, start_ticks: i64) -> Clock {
        let said = match self.clock_type {
            ClockType::SystemTime => Some(10_000_000),
            ClockType::CpuCycle => Some(u64::from(self.cpu_speed_mhz) * 1_000_000),
            ClockType::PerformanceCounter | ClockType::Unknown(_) => {
                u64::try_from(self.perf_frequency).ok()
            }
        };
        let said = said.filter(|frequency| *frequency > 0);
        Clock {
            clock_type: self.clock_type,
            frequency: said.unwrap_or(FREQUENCY_ASSUMED),
            is_assumed: said.is_none() || matches!(self.clock_type, ClockType::Unknown(_)),
            start_ticks,
            start_time: self.start_time,
        }
    }
}

/// The clock of a trace whose first record cannot be read.
pub(crate) fn assumed_clock(start_ticks: i64) -> Clock {
    Clock {
        clock_type: ClockType::Unknown(0),
        frequency: FREQUENCY_ASSUMED,
        is_assumed: true,
        start_ticks,
        start_time: 0,
    }
}

/// Bias and standard name.
fn time_zone(bytes: &mut Bytes<'_>) -> Option<(i32, String)> {
    let mut zone = Bytes::new(bytes.take(TIME_ZONE_BYTES)?);
    let bias = zone.i32()?;
    let mut name = Bytes::new(zone.take(ZONE_NAME_UNITS * 2)?);
    Some((bias, name.utf16()))
}

fn put_time_zone(out: &mut Vec<u8>, bias: i32, name: &str) {
    let start = out.len();
    out.extend_from_slice(&bias.to_le_bytes());
    // The last unit is the NUL.
    for unit in name.encode_utf16().take(ZONE_NAME_UNITS - 1) {
        out.extend_from_slice(&unit.to_le_bytes());
    }
    out.resize(start + TIME_ZONE_BYTES, 0);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn header() -> LogFileHeader {
        LogFileHeader {
            buffer_size: 0x10000,
            version: [10, 0, 1, 5],
            provider_version: 26100,
            number_of_processors: 4,
            end_time: 133_000_000_000_000_000,
            timer_resolution: 156_250,
            maximum_file_size: 0,
            log_file_mode: LogFileMode::SEQUENTIAL,
            buffers_written: 7,
            pointer_size: 8,
            events_lost: 1,
            cpu_speed_mhz: 3000,
            time_zone_bias: -60,
            time_zone: "W. Europe Standard Time".into(),
            boot_time: 1,
            perf_frequency: 10_000_000,
            start_time: 132_000_000_000_000_000,
            clock_type: ClockType::PerformanceCounter,
            buffers_lost: 2,
            session_name: "session".into(),
            file_name: "C:\\t.etl".into(),
        }
    }

    #[test]
    fn a_header_reads_as_it_was_written() {
        for pointer_size in [4, 8] {
            let header = LogFileHeader {
                pointer_size,
                ..header()
            };
            let bytes = header.encode();
            let names = "session\0C:\\t.etl\0".len() * 2;
            let size = if pointer_size == 8 { 280 } else { 272 };
            assert_eq!(bytes.len() - names, size);
            assert_eq!(LogFileHeader::parse(&bytes), Some(header));
        }
    }

    #[test]
    fn a_clock_without_frequency_is_assumed() {
        let header = LogFileHeader {
            perf_frequency: -1,
            ..header()
        };
        let clock = header.clock(0);
        assert!(clock.is_assumed && clock.frequency == 10_000_000);
        let header = LogFileHeader {
            clock_type: ClockType::CpuCycle,
            ..header
        };
        assert_eq!(header.clock(0).frequency, 3_000_000_000);
        assert!(!header.clock(0).is_assumed);
    }
}
