//! What a time stamp means.

use std::cmp::Ordering;

const NANOSECONDS: i128 = 1_000_000_000;
/// FILETIME counts in units of 100 ns.
const FILETIME_PER_SECOND: i128 = 10_000_000;
/// 1970-01-01 as a FILETIME.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// Which clock the time stamps were taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockType {
    /// The performance counter.
    PerformanceCounter,
    /// The system time: FILETIME.
    SystemTime,
    /// The processor's cycle counter.
    CpuCycle,
    /// A value that is not documented; taken for the performance counter.
    Unknown(u32),
}

impl ClockType {
    /// The type behind a number of the file.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::PerformanceCounter,
            2 => Self::SystemTime,
            3 => Self::CpuCycle,
            other => Self::Unknown(other),
        }
    }

    /// The number that stands for the type in a file.
    pub fn number(self) -> u32 {
        match self {
            Self::PerformanceCounter => 1,
            Self::SystemTime => 2,
            Self::CpuCycle => 3,
            Self::Unknown(other) => other,
        }
    }
}

/// Turns ticks into time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Which clock it is.
    pub clock_type: ClockType,
    /// Ticks per second; never 0.
    pub frequency: u64,
    /// Whether the frequency is assumed, because the file says none that can be.
    pub is_assumed: bool,
    /// The time stamp at which the trace began.
    pub start_ticks: i64,
    /// When that was, as a FILETIME; 0 if the file does not say.
    pub start_time: i64,
}

impl Clock {
    /// Nanoseconds that `ticks` take.
    pub fn nanoseconds(&self, ticks: i64) -> i64 {
        match self.frequency {
            10_000_000 => ticks.saturating_mul(100),
            1_000_000_000 => ticks,
            frequency => saturate(i128::from(ticks) * NANOSECONDS / i128::from(frequency)),
        }
    }

    /// Ticks in so many nanoseconds.
    pub fn ticks(&self, nanoseconds: i64) -> i64 {
        saturate(i128::from(nanoseconds) * i128::from(self.frequency) / NANOSECONDS)
    }

    /// Nanoseconds from the start of the trace to a time stamp.
    pub fn since_start(&self, time_stamp: i64) -> i64 {
        self.nanoseconds(time_stamp.saturating_sub(self.start_ticks))
    }

    /// A time stamp as a FILETIME: units of 100 ns since 1601, UTC.
    pub fn file_time(&self, time_stamp: i64) -> i64 {
        if self.clock_type == ClockType::SystemTime {
            return time_stamp;
        }
        let ticks = i128::from(time_stamp) - i128::from(self.start_ticks);
        let since = ticks * FILETIME_PER_SECOND / i128::from(self.frequency);
        saturate(i128::from(self.start_time) + since)
    }

    /// A time stamp as nanoseconds since 1970, UTC.
    pub fn unix_nanoseconds(&self, time_stamp: i64) -> i128 {
        (i128::from(self.file_time(time_stamp)) - i128::from(UNIX_EPOCH)) * 100
    }
}

fn saturate(value: i128) -> i64 {
    match value.cmp(&0) {
        Ordering::Less => i64::try_from(value).unwrap_or(i64::MIN),
        _ => i64::try_from(value).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(frequency: u64) -> Clock {
        Clock {
            clock_type: ClockType::PerformanceCounter,
            frequency,
            is_assumed: false,
            start_ticks: 1000,
            start_time: UNIX_EPOCH,
        }
    }

    #[test]
    fn ticks_are_scaled_by_the_frequency() {
        assert_eq!(clock(10_000_000).nanoseconds(3), 300);
        assert_eq!(clock(1_000_000_000).nanoseconds(3), 3);
        assert_eq!(clock(3_579_545).nanoseconds(3_579_545), 1_000_000_000);
        assert_eq!(clock(3_579_545).ticks(1_000_000_000), 3_579_545);
        assert_eq!(clock(2_500_000).since_start(990), -4000);
        assert_eq!(clock(1).nanoseconds(i64::MAX), i64::MAX);
        assert_eq!(clock(1).nanoseconds(i64::MIN), i64::MIN);
    }

    #[test]
    fn wall_time_counts_from_the_first_record() {
        assert_eq!(clock(10_000_000).unix_nanoseconds(1010), 1000);
        let system = Clock {
            clock_type: ClockType::SystemTime,
            ..clock(10_000_000)
        };
        assert_eq!(system.file_time(77), 77);
    }
}
