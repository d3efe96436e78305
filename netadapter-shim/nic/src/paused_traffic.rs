//! How many frames a wire loses while nobody takes them.
//!
//! The wire has no clock of its own: a live device takes frames as fast as it can. When the device
//! is not live, the traffic is assumed to go on at the average rate at which it was taken before,
//! and that many frames are lost.

use std::time::Duration;

/// Longest stretch between two looks that is charged; a longer one was no traffic but a pause of
/// the whole program.
const CHARGED_MAX: Duration = Duration::from_millis(100);
/// A live period with fewer frames says too little about the rate.
const FRAMES_MIN: u64 = 64;
/// Frames a second that are lost while no live period has told the rate: few, but not none, for
/// traffic that nobody takes must not look like a standstill.
const RATE_UNKNOWN: f64 = 1000.0;

/// The estimate. Times are since any fixed start.
#[derive(Debug)]
pub(crate) struct PausedTraffic {
    /// Frames a second, from the last live period that was long enough.
    rate: f64,
    period: Period,
}

#[derive(Debug, PartialEq)]
enum Period {
    /// No driver has ever been ready: nobody has started to send.
    BeforeFirst,
    Live {
        since: Duration,
        accepted: u64,
    },
    Paused {
        charged_to: Duration,
        owed: f64,
    },
}

impl PausedTraffic {
    pub fn new() -> Self {
        Self {
            rate: RATE_UNKNOWN,
            period: Period::BeforeFirst,
        }
    }

    /// The device takes frames, for all that it knows, from `now` on.
    pub fn live(&mut self, now: Duration) {
        if !matches!(self.period, Period::Live { .. }) {
            self.period = Period::Live {
                since: now,
                accepted: 0,
            };
        }
    }

    /// Frames were taken in the present period.
    pub fn accepted(&mut self, frames: u64) {
        if let Period::Live { accepted, .. } = &mut self.period {
            *accepted += frames;
        }
    }

    /// Some frames find no taker from `now` on.
    pub fn paused(&mut self, now: Duration) {
        let Period::Live { since, accepted } = self.period else {
            return;
        };
        let seconds = now.saturating_sub(since).as_secs_f64();
        if accepted >= FRAMES_MIN && seconds > 0.0 {
            self.rate = accepted as f64 / seconds;
        }
        self.period = Period::Paused {
            charged_to: now,
            owed: 0.0,
        };
    }

    /// Whether traffic has started at all.
    pub fn started(&self) -> bool {
        self.period != Period::BeforeFirst
    }

    /// Whether frames are being lost.
    pub fn loses(&self) -> bool {
        matches!(self.period, Period::Paused { .. })
    }

    /// Charges the time until `now`.
    pub fn charge(&mut self, now: Duration) {
        let rate = self.rate;
        if let Period::Paused { charged_to, owed } = &mut self.period {
            let stretch = now.saturating_sub(*charged_to).min(CHARGED_MAX);
            let most = (rate * CHARGED_MAX.as_secs_f64()).max(1.0);
            *owed = (*owed + rate * stretch.as_secs_f64()).min(most);
            *charged_to = now;
        }
    }

    /// Takes one frame off what is owed, if a whole one is.
    pub fn lose_one(&mut self) -> bool {
        match &mut self.period {
            Period::Paused { owed, .. } if *owed >= 1.0 => {
                *owed -= 1.0;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn lost(traffic: &mut PausedTraffic) -> u64 {
        std::iter::from_fn(|| traffic.lose_one().then_some(())).count() as u64
    }

    #[test]
    fn frames_are_lost_at_the_rate_at_which_they_were_accepted() {
        let mut traffic = PausedTraffic::new();
        traffic.live(at(1000));
        traffic.accepted(5000);
        traffic.paused(at(2000));
        traffic.charge(at(2010));
        assert_eq!(lost(&mut traffic), 50);
        traffic.charge(at(2020));
        traffic.charge(at(2030));
        assert_eq!(lost(&mut traffic), 100);
    }

    #[test]
    fn nothing_is_lost_before_the_first_live_period_or_while_live() {
        let mut traffic = PausedTraffic::new();
        traffic.charge(at(1000));
        assert!(!traffic.started() && !traffic.lose_one());
        traffic.live(at(2000));
        traffic.accepted(1000);
        traffic.charge(at(3000));
        assert!(traffic.started() && !traffic.loses() && !traffic.lose_one());
    }

    #[test]
    fn a_short_live_period_keeps_the_rate_of_the_one_before() {
        let mut traffic = PausedTraffic::new();
        traffic.live(at(0));
        traffic.accepted(1000);
        traffic.paused(at(1000));
        traffic.live(at(1010));
        traffic.accepted(1);
        traffic.paused(at(1011));
        traffic.charge(at(1021));
        assert_eq!(lost(&mut traffic), 10);
    }

    #[test]
    fn traffic_of_unknown_rate_is_lost_slowly() {
        let mut traffic = PausedTraffic::new();
        traffic.live(at(0));
        traffic.paused(at(1));
        traffic.charge(at(11));
        assert_eq!(lost(&mut traffic), 10);
    }

    #[test]
    fn a_long_sleep_of_the_program_is_charged_in_part_only() {
        let mut traffic = PausedTraffic::new();
        traffic.live(at(0));
        traffic.accepted(1000);
        traffic.paused(at(1000));
        traffic.charge(at(900_000));
        assert_eq!(lost(&mut traffic), 100);
    }
}
