//! Which processors receive side scaling may use: the standardised keywords.

use crate::executive::{System, Topology};
use crate::netcx::Keywords;
use netadapter_abi::nt::PROCESSOR_NUMBER;

/// `*MaxRssProcessors` if it is not set (*Standardized INF Keywords for RSS*).
const DEFAULT_MAXIMUM: u32 = 16;

/// The limits that an administrator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessorLimits {
    /// `*RssBaseProcGroup`, `*RssBaseProcNumber`: the first processor.
    base: (u32, u32),
    /// `*RssMaxProcGroup`, `*RssMaxProcNumber`: the last processor, if it is set.
    last: Option<(u32, u32)>,
    /// `*MaxRssProcessors`.
    maximum: u32,
}

impl ProcessorLimits {
    pub(super) fn read(keywords: &Keywords) -> Self {
        let number = |name| keywords.number_if_set(name);
        Self {
            base: (
                number("*RssBaseProcGroup").unwrap_or(0),
                number("*RssBaseProcNumber").unwrap_or(0),
            ),
            last: number("*RssMaxProcNumber")
                .map(|last| (number("*RssMaxProcGroup").unwrap_or(0), last)),
            maximum: number("*MaxRssProcessors")
                .unwrap_or(DEFAULT_MAXIMUM)
                .max(1),
        }
    }

    /// The indices of the processors to be used, of those given in rising order, for so many
    /// queues. If the limits leave none, the first one is used.
    pub(super) fn select(&self, active: &[u32], queues: u32) -> Vec<u32> {
        let within = |index: &u32| {
            let PROCESSOR_NUMBER { Group, Number, .. } = Topology::number(*index);
            let place = (u32::from(Group), u32::from(Number));
            place >= self.base && self.last.is_none_or(|last| place <= last)
        };
        let most = self.maximum.min(queues.max(1)) as usize;
        let chosen: Vec<u32> = active.iter().copied().filter(within).take(most).collect();
        if chosen.is_empty() {
            active.iter().copied().take(1).collect()
        } else {
            chosen
        }
    }
}

/// The indices of the active processors, in rising order.
pub(super) fn active_processors(system: &System) -> Vec<u32> {
    system
        .topology()
        .active()
        .map(|processor| processor.index())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: ProcessorLimits = ProcessorLimits {
        base: (0, 0),
        last: None,
        maximum: u32::MAX,
    };

    #[test]
    fn no_more_processors_are_used_than_queues_or_the_keyword_allow() {
        let active: Vec<u32> = (0..8).collect();
        assert_eq!(UNLIMITED.select(&active, 4), [0, 1, 2, 3]);
        assert_eq!(
            ProcessorLimits {
                maximum: 2,
                ..UNLIMITED
            }
            .select(&active, 4),
            [0, 1]
        );
        assert_eq!(UNLIMITED.select(&active, 0), [0]);
    }

    #[test]
    fn first_and_last_processor_compare_by_group_and_number() {
        let active: Vec<u32> = (0..130).collect();
        let limits = ProcessorLimits {
            base: (0, 63),
            last: Some((1, 1)),
            ..UNLIMITED
        };
        assert_eq!(limits.select(&active, 8), [63, 64, 65]);
        let limits = ProcessorLimits {
            base: (2, 0),
            ..UNLIMITED
        };
        assert_eq!(limits.select(&active, 8), [128, 129]);
    }

    #[test]
    fn limits_that_leave_no_processor_fall_back_to_the_first() {
        let limits = ProcessorLimits {
            base: (3, 0),
            ..UNLIMITED
        };
        assert_eq!(limits.select(&[0, 1], 2), [0]);
    }
}
