//! The driver's configuration: standard keywords, and its own.
//!
//! A registry editor can write anything. A number out of range counts as the nearest one within, and what is no number
//! as the default; either is said, with the keyword's name, and the adapter starts.

use core::fmt;

use netadapter::configuration::Configuration;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::processor::ProcessorNumber;

use crate::memory::Sizing;
use crate::spread;

/// A keyword whose value is a number.
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// The same for Windows.
    wide_name: &'static [u16],
    /// What counts when it is absent.
    default: u32,
    /// The least that it can be.
    min: u32,
    /// The most that it can be.
    max: u32,
}

/// Declares keywords: a constant for each, and the table of all.
macro_rules! keywords {
    ($($(#[$attribute:meta])* $constant:ident = $name:literal: $default:literal in $min:literal..=$max:literal;)*) => {
        $(
            $(#[$attribute])*
            const $constant: Keyword = Keyword {
                name: $name,
                wide_name: netadapter::abi::utf16!($name),
                default: $default,
                min: $min,
                max: $max,
            };
        )*
        /// All keywords whose values are numbers.
        pub const KEYWORDS: &[Keyword] = &[$($constant),*];
    };
}

keywords! {
    RSS = "*RSS": 1 in 0..=1;
    NUM_RSS_QUEUES = "*NumRSSQueues": 16 in 1..=64;
    MAX_RSS_PROCESSORS = "*MaxRssProcessors": 16 in 1..=64;
    RSS_BASE_PROC_GROUP = "*RssBaseProcGroup": 0 in 0..=31;
    RSS_BASE_PROC_NUMBER = "*RssBaseProcNumber": 0 in 0..=63;
    RSS_MAX_PROC_GROUP = "*RssMaxProcGroup": 31 in 0..=31;
    RSS_MAX_PROC_NUMBER = "*RssMaxProcNumber": 63 in 0..=63;
    RECEIVE_BUFFERS = "ReceiveBuffers": 256 in 64..=4096;
    MAX_RECEIVE_BUFFERS = "MaxReceiveBuffers": 4096 in 64..=16_384;
    /// In ten-thousandths of physical memory.
    RECEIVE_BUFFER_SHARE = "ReceiveBufferShare": 10 in 0..=1000;
    MEMORY_EVENT = "MemoryEvent": 0 in 0..=1;
}

/// A value that does not count as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    keyword: &'static str,
    /// `None`: it is no number.
    value: Option<u32>,
    instead: u32,
}

impl fmt::Display for Complaint {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keyword, instead, ..
        } = self;
        match self.value {
            Some(value) => write!(text, "keyword {keyword}: {value} counts as {instead}"),
            None => write!(text, "keyword {keyword}: no number; {instead} is used"),
        }
    }
}

/// Everything that an administrator can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// The bounds of receive side scaling.
    pub scaling: spread::Keywords,
    /// The bounds of the receive buffers.
    pub receive_buffers: Sizing,
    /// Whether the system's memory events are watched.
    pub memory_event: bool,
    /// The address to use in the place of the permanent one.
    pub address: Option<[u8; 6]>,
}

impl Keywords {
    /// Reads what is set. IRQL: PASSIVE_LEVEL.
    pub fn read(configuration: &Configuration) -> Self {
        let unicast = |address: &[u8; 6]| address[0] & 1 == 0;
        let keywords = Self::from_values(
            |keyword| {
                configuration
                    .query_ulong(keyword.wide_name)
                    .map_err(|_| NoNumber)
            },
            |complaint| debug_print!(Level::Error, "dhpnic: {complaint}"),
        );
        Self {
            address: configuration.query_ethernet_address().filter(unicast),
            ..keywords
        }
    }

    fn from_values(
        value: impl Fn(&Keyword) -> Result<Option<u32>, NoNumber>,
        mut complain: impl FnMut(Complaint),
    ) -> Self {
        let mut get = |keyword: Keyword| {
            let stored = value(&keyword);
            let counts = match stored {
                Ok(Some(stored)) => stored.clamp(keyword.min, keyword.max),
                Ok(None) | Err(NoNumber) => keyword.default,
            };
            if !matches!(stored, Ok(None)) && stored != Ok(Some(counts)) {
                complain(Complaint {
                    keyword: keyword.name,
                    value: stored.ok().flatten(),
                    instead: counts,
                });
            }
            counts
        };
        let scaling = spread::Keywords {
            rss: get(RSS) != 0,
            queues_max: get(NUM_RSS_QUEUES),
            processors_max: get(MAX_RSS_PROCESSORS),
            base: ProcessorNumber {
                group: get(RSS_BASE_PROC_GROUP) as u16,
                number: get(RSS_BASE_PROC_NUMBER) as u8,
            },
            last: ProcessorNumber {
                group: get(RSS_MAX_PROC_GROUP) as u16,
                number: get(RSS_MAX_PROC_NUMBER) as u8,
            },
        };
        // A virtqueue has a power of two of descriptors, and a chunk has a power of two of buffers.
        let floor = get(RECEIVE_BUFFERS).next_power_of_two() as u16;
        let receive_buffers = Sizing {
            floor,
            ceiling: (get(MAX_RECEIVE_BUFFERS) as u16).max(floor),
            share: get(RECEIVE_BUFFER_SHARE) as u16,
        };
        Self {
            scaling,
            receive_buffers,
            memory_event: get(MEMORY_EVENT) != 0,
            address: None,
        }
    }
}

/// What a keyword holds is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoNumber;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, Result<u32, NoNumber>)]) -> (Keywords, Vec<String>) {
        let mut complaints = vec![];
        let keywords = Keywords::from_values(
            |keyword| {
                set.iter()
                    .find(|(name, _)| *name == keyword.name)
                    .map(|(_, value)| *value)
                    .transpose()
            },
            |complaint| complaints.push(complaint.to_string()),
        );
        (keywords, complaints)
    }

    #[test]
    fn nothing_set_gives_the_defaults_without_a_word() {
        let (keywords, complaints) = with(&[]);
        assert!(keywords.scaling.rss && !keywords.memory_event);
        assert_eq!(
            keywords.receive_buffers,
            Sizing {
                floor: 256,
                ceiling: 4096,
                share: 10
            }
        );
        assert_eq!(complaints, [""; 0]);
    }

    #[test]
    fn a_value_within_its_range_counts_as_it_stands() {
        for keyword in KEYWORDS {
            for value in [keyword.min, keyword.max] {
                let (_, complaints) = with(&[(keyword.name, Ok(value))]);
                assert_eq!(complaints, [""; 0]);
            }
        }
    }

    #[test]
    fn a_value_out_of_range_counts_as_the_nearest_and_the_keyword_is_named() {
        for keyword in KEYWORDS {
            // -1 reads as the largest number.
            for value in [keyword.max + 1, u32::MAX] {
                let (keywords, complaints) = with(&[(keyword.name, Ok(value))]);
                assert_eq!(keywords, with(&[(keyword.name, Ok(keyword.max))]).0);
                assert_eq!(
                    complaints,
                    [format!(
                        "keyword {}: {value} counts as {}",
                        keyword.name, keyword.max
                    )]
                );
            }
            if keyword.min > 0 {
                let (keywords, complaints) = with(&[(keyword.name, Ok(0))]);
                assert_eq!(keywords, with(&[(keyword.name, Ok(keyword.min))]).0);
                assert_eq!(complaints.len(), 1);
            }
        }
    }

    #[test]
    fn text_counts_as_the_default_and_the_keyword_is_named() {
        for keyword in KEYWORDS {
            let (keywords, complaints) = with(&[(keyword.name, Err(NoNumber))]);
            assert_eq!(keywords, with(&[]).0);
            let expected = format!(
                "keyword {}: no number; {} is used",
                keyword.name, keyword.default
            );
            assert_eq!(complaints, [expected]);
        }
    }

    #[test]
    fn the_floor_of_the_buffers_is_a_power_of_two_and_not_above_the_ceiling() {
        let sizing = |floor, ceiling| {
            let set = [
                ("ReceiveBuffers", Ok(floor)),
                ("MaxReceiveBuffers", Ok(ceiling)),
            ];
            let sizing = with(&set).0.receive_buffers;
            (sizing.floor, sizing.ceiling)
        };
        assert_eq!(sizing(100, 1000), (128, 1000));
        assert_eq!(sizing(4096, 64), (4096, 4096));
    }

    /// The value of one entry below a keyword's key in the INF.
    fn declared(keyword: &str, entry: &str) -> Option<String> {
        let inf = include_str!("../../inf/dhpnic.inx");
        let prefix = format!(r"HKR,Ndi\params\{keyword},{entry},0,");
        inf.lines()
            .map(|line| line.split_whitespace().collect::<String>())
            .find_map(|line| Some(line.strip_prefix(&prefix)?.trim_matches('"').to_owned()))
    }

    #[test]
    fn the_inf_declares_every_keyword_with_the_range_that_counts_here() {
        for keyword in KEYWORDS {
            let kind = declared(keyword.name, "Type").expect(keyword.name);
            if kind == "int" {
                let bounds = ["Min", "Max"].map(|entry| declared(keyword.name, entry).unwrap());
                assert_eq!(
                    bounds,
                    [keyword.min, keyword.max].map(|bound| bound.to_string()),
                    "{}",
                    keyword.name
                );
            }
            let default = declared(keyword.name, "Default").unwrap();
            let (_, complaints) = with(&[(keyword.name, Ok(default.parse().unwrap()))]);
            assert_eq!(complaints, [""; 0]);
        }
    }
}
