//! The driver's configuration: standard keywords, and its own. Values out of range count as the nearest one within.

use netadapter::abi::utf16;
use netadapter::configuration::Configuration;
use netadapter::processor::ProcessorNumber;

use crate::spread;

/// `ReceiveBuffers`: receive buffers of each queue.
const RECEIVE_BUFFERS_DEFAULT: u32 = 256;
const RECEIVE_BUFFERS_MIN: u32 = 64;
const RECEIVE_BUFFERS_MAX: u32 = 4096;

/// Everything that an administrator can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// The bounds of receive side scaling.
    pub scaling: spread::Keywords,
    /// Receive buffers of each queue; a power of two.
    pub receive_buffers: u16,
    /// The address to use in the place of the permanent one.
    pub address: Option<[u8; 6]>,
}

impl Keywords {
    /// Reads what is set. IRQL: PASSIVE_LEVEL.
    pub fn read(configuration: &Configuration) -> Self {
        let unicast = |address: &[u8; 6]| address[0] & 1 == 0;
        Self {
            address: configuration.query_ethernet_address().filter(unicast),
            ..Self::from_values(|name| configuration.query_ulong(name))
        }
    }

    fn from_values(value: impl Fn(&'static [u16]) -> Option<u32>) -> Self {
        let default = spread::Keywords::default();
        let processor = |group, number, absent: ProcessorNumber| ProcessorNumber {
            group: value(group).map_or(absent.group, |group| group.min(u32::from(u16::MAX)) as u16),
            number: value(number)
                .map_or(absent.number, |number| number.min(u32::from(u8::MAX)) as u8),
        };
        let buffers = value(utf16!("ReceiveBuffers")).unwrap_or(RECEIVE_BUFFERS_DEFAULT);
        Self {
            scaling: spread::Keywords {
                rss: value(utf16!("*RSS")) != Some(0),
                queues_max: value(utf16!("*NumRSSQueues"))
                    .unwrap_or(default.queues_max)
                    .max(1),
                processors_max: value(utf16!("*MaxRssProcessors"))
                    .unwrap_or(default.processors_max)
                    .max(1),
                base: processor(
                    utf16!("*RssBaseProcGroup"),
                    utf16!("*RssBaseProcNumber"),
                    default.base,
                ),
                last: processor(
                    utf16!("*RssMaxProcGroup"),
                    utf16!("*RssMaxProcNumber"),
                    default.last,
                ),
            },
            receive_buffers: buffers
                .clamp(RECEIVE_BUFFERS_MIN, RECEIVE_BUFFERS_MAX)
                .next_power_of_two() as u16,
            address: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &'static [(&'static [u16], u32)]) -> Keywords {
        Keywords::from_values(|name| {
            set.iter()
                .find(|(set, _)| *set == name)
                .map(|(_, value)| *value)
        })
    }

    #[test]
    fn nothing_set_gives_the_documented_defaults() {
        let keywords = with(&[]);
        assert_eq!(keywords.scaling, spread::Keywords::default());
        assert_eq!(keywords.receive_buffers, 256);
    }

    #[test]
    fn values_out_of_range_count_as_the_nearest_within() {
        let buffers = |set| with(set).receive_buffers;
        assert_eq!(buffers(&[(utf16!("ReceiveBuffers"), 0)]), 64);
        assert_eq!(buffers(&[(utf16!("ReceiveBuffers"), 100)]), 128);
        assert_eq!(buffers(&[(utf16!("ReceiveBuffers"), u32::MAX)]), 4096);
        assert_eq!(with(&[(utf16!("*NumRSSQueues"), 0)]).scaling.queues_max, 1);
        assert_eq!(
            with(&[(utf16!("*RssBaseProcNumber"), 1000)])
                .scaling
                .base
                .number,
            255
        );
    }

    #[test]
    fn scaling_is_off_only_when_the_keyword_says_so() {
        assert!(!with(&[(utf16!("*RSS"), 0)]).scaling.rss);
        assert!(with(&[(utf16!("*RSS"), 7)]).scaling.rss);
    }
}
