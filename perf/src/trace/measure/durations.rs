//! How long something took, many times.

use hdrhistogram::Histogram;

/// Upper bounds in microseconds, the ones that *tracerpt* reports by; the last row has none.
pub const BOUNDS_US: [u64; 16] = [
    1, 2, 3, 4, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000,
];

/// An hour: nothing here takes longer, and a clock that says so is wrong.
pub const LONGEST_NS: u64 = 3_600_000_000_000;

/// Durations, exact in count, sum and maximum, and by 1 % in percentiles.
#[derive(Clone, Debug)]
pub struct Durations {
    /// How many.
    pub count: u64,
    /// All together.
    pub total_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// How many were longer than the guidance.
    pub over: u64,
    /// How many fall between two bounds of [`BOUNDS_US`].
    pub buckets: [u64; BOUNDS_US.len() + 1],
    guidance_ns: u64,
    histogram: Histogram<u32>,
}

impl Durations {
    /// None yet; `guidance_ns` is what should not be exceeded.
    pub fn new(guidance_ns: u64) -> Self {
        Self {
            count: 0,
            total_ns: 0,
            max_ns: 0,
            over: 0,
            buckets: [0; BOUNDS_US.len() + 1],
            guidance_ns,
            // Two digits are 1 %. It grows as it needs to.
            histogram: Histogram::new(2).expect("two digits are allowed"),
        }
    }

    /// Adds one.
    pub fn add(&mut self, ns: i64) {
        let ns = u64::try_from(ns).unwrap_or(0).min(LONGEST_NS);
        self.count += 1;
        self.total_ns = self.total_ns.saturating_add(ns);
        self.max_ns = self.max_ns.max(ns);
        self.over += u64::from(ns > self.guidance_ns);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1000 < ns);
        self.buckets[bucket] += 1;
        let recorded = self.histogram.record(ns);
        debug_assert!(recorded.is_ok(), "an hour can be recorded");
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.over += other.over;
        for (sum, count) in self.buckets.iter_mut().zip(other.buckets) {
            *sum += count;
        }
        let added = self.histogram.add(&other.histogram);
        debug_assert!(added.is_ok(), "an hour can be recorded");
    }

    /// What should not be exceeded.
    pub fn guidance_ns(&self) -> u64 {
        self.guidance_ns
    }

    /// The mean.
    pub fn mean_ns(&self) -> f64 {
        self.total_ns as f64 / self.count.max(1) as f64
    }

    /// What so many per cent do not exceed; 0 if there are none.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        self.histogram.value_at_percentile(percent).min(self.max_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_the_last_value_of_their_row() {
        let mut durations = Durations::new(100_000);
        for ns in [0, 1000, 1001, 100_000, 100_001, 30_000_000] {
            durations.add(ns);
        }
        assert_eq!(durations.buckets[0], 2);
        assert_eq!(durations.buckets[1], 1);
        assert_eq!(durations.buckets[8], 1);
        assert_eq!(durations.buckets[9], 1);
        assert_eq!(durations.buckets[BOUNDS_US.len()], 1);
        assert_eq!((durations.over, durations.max_ns), (2, 30_000_000));
    }

    #[test]
    fn percentiles_are_right_by_one_per_cent() {
        let mut durations = Durations::new(0);
        assert_eq!(durations.percentile_ns(99.0), 0);
        (1..=1000).for_each(|us| durations.add(us * 1000));
        let p99 = durations.percentile_ns(99.0) as f64;
        assert!((p99 / 990_000.0 - 1.0).abs() < 0.01, "{p99}");
        assert_eq!(durations.percentile_ns(100.0), 1_000_000);
    }

    #[test]
    fn impossible_durations_do_no_harm() {
        let mut durations = Durations::new(100);
        durations.add(i64::MAX);
        durations.add(-5);
        assert_eq!((durations.count, durations.max_ns), (2, LONGEST_NS));
    }
}
