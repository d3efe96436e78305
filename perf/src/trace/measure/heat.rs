//! Processor × time: how much of each bin went to DPCs and ISRs.

use std::collections::BTreeMap;

/// Bins over the whole trace.
pub const BINS: usize = 240;

/// Time in DPCs and ISRs of each processor, in bins of equal length.
#[derive(Clone, Debug)]
pub struct Heat {
    span_ns: i64,
    rows: BTreeMap<u16, Vec<u64>>,
}

impl Heat {
    /// Bins over `span_ns`.
    pub fn new(span_ns: i64) -> Self {
        Self {
            span_ns: span_ns.max(1),
            rows: BTreeMap::new(),
        }
    }

    /// Length of a bin.
    pub fn bin_ns(&self) -> f64 {
        self.span_ns as f64 / BINS as f64
    }

    fn bin(&self, at: i64) -> usize {
        let at = at.clamp(0, self.span_ns - 1);
        let bin = i128::from(at) * BINS as i128 / i128::from(self.span_ns);
        bin as usize
    }

    /// Where a bin begins.
    fn start(&self, bin: usize) -> i64 {
        let start = bin as i128 * i128::from(self.span_ns) / BINS as i128;
        start as i64
    }

    /// Spreads `time_ns` over the bins between two times.
    pub fn add(&mut self, cpu: u16, entry: i64, exit: i64, time_ns: i64) {
        let (first, last) = (self.bin(entry), self.bin(exit));
        let time = u64::try_from(time_ns).unwrap_or(0);
        let row = self.rows.entry(cpu).or_insert_with(|| vec![0; BINS]);
        if first >= last {
            row[last] = row[last].saturating_add(time);
            return;
        }
        let length = (exit - entry).max(1);
        let mut given = 0;
        for (bin, cell) in row.iter_mut().enumerate().take(last).skip(first) {
            let end = (bin as i128 + 1) * i128::from(self.span_ns) / BINS as i128;
            let passed = (end as i64 - entry).clamp(0, length);
            let so_far = (u128::from(time) * passed as u128 / length as u128) as u64;
            *cell = cell.saturating_add(so_far - given);
            given = so_far;
        }
        row[last] = row[last].saturating_add(time - given);
    }

    /// The share of each bin that a processor spent so, from 0 to 1.
    pub fn shares(&self) -> BTreeMap<u16, Vec<f64>> {
        let share = |(bin, time): (usize, &u64)| {
            let length = (self.start(bin + 1) - self.start(bin)).max(1);
            (*time as f64 / length as f64).min(1.0)
        };
        let rows = self.rows.iter();
        rows.map(|(cpu, row)| (*cpu, row.iter().enumerate().map(share).collect()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_interval_is_spread_over_its_bins() {
        let mut heat = Heat::new(240_000);
        heat.add(3, 500, 3500, 3000);
        assert_eq!(heat.rows[&3][..5], [500, 1000, 1000, 500, 0]);
        heat.add(3, 700, 800, 100);
        assert_eq!(heat.rows[&3][0], 600);
        assert!((heat.shares()[&3][1] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_lost_at_the_edges() {
        let mut heat = Heat::new(1000);
        heat.add(0, -50, 2000, 77);
        heat.add(0, 999, 1000, 5);
        assert_eq!(heat.rows[&0].iter().sum::<u64>(), 82);
        let mut heat = Heat::new(0);
        heat.add(0, 0, 0, 1);
        assert_eq!(heat.rows[&0].iter().sum::<u64>(), 1);
    }
}
