//! A processor that was added: what happened on it for the first time, and when it had its share.

use std::collections::BTreeMap;

/// Length of the bins in which shares are looked at.
pub const BIN_NS: i64 = 100_000_000;
/// A share must stay for so many bins.
const STEADY_BINS: usize = 10;
/// A share may differ from the mean by this much.
const TOLERANCE: f64 = 0.2;
/// Bins after a change, over all processors.
const CELLS_MAX: usize = 1 << 18;

/// The first times of things on a processor, in ns since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Firsts {
    /// Any record.
    pub record: Option<i64>,
    /// A context switch.
    pub switch: Option<i64>,
    /// An ISR of the module in focus.
    pub isr: Option<i64>,
    /// A DPC of the module in focus.
    pub dpc: Option<i64>,
    /// Packets of a queue.
    pub packets: Option<i64>,
}

/// How much each processor did for the module in focus, after a change.
#[derive(Clone, Debug)]
pub struct Shares {
    from: i64,
    bins: BTreeMap<u16, Vec<u64>>,
    cells: usize,
}

impl Shares {
    pub(super) fn new(from: i64) -> Self {
        Self {
            from,
            bins: BTreeMap::new(),
            cells: 0,
        }
    }

    pub(super) fn add(&mut self, cpu: u16, at: i64, time_ns: i64) {
        let Ok(bin) = usize::try_from((at - self.from) / BIN_NS) else {
            return;
        };
        let row = self.bins.entry(cpu).or_default();
        if bin >= row.len() {
            let more = bin + 1 - row.len();
            if self.cells + more > CELLS_MAX {
                return;
            }
            self.cells += more;
            row.resize(bin + 1, 0);
        }
        let time = u64::try_from(time_ns).unwrap_or(0);
        row[bin] = row[bin].saturating_add(time);
    }

    /// When the processor's share began to stay near that of the others: the first bin of a second
    /// in which it is within 20 % of the mean.
    pub fn steady(&self, cpu: u16) -> Option<i64> {
        let own = self.bins.get(&cpu)?;
        let length = self.bins.values().map(Vec::len).max()?;
        let of = |row: &Vec<u64>, bin: usize| row.get(bin).copied().unwrap_or(0) as f64;
        let working = self
            .bins
            .values()
            .filter(|row| row.iter().any(|time| *time > 0));
        let working: Vec<_> = working.collect();
        let is_fair = |bin: usize| {
            let sum: f64 = working.iter().map(|row| of(row, bin)).sum();
            let mean = sum / working.len() as f64;
            mean > 0.0 && (of(own, bin) / mean - 1.0).abs() <= TOLERANCE
        };
        let mut fair = 0;
        for bin in 0..length {
            fair = if is_fair(bin) { fair + 1 } else { 0 };
            if fair == STEADY_BINS {
                return Some(self.from + (bin + 1 - STEADY_BINS) as i64 * BIN_NS);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_begins_with_the_first_of_ten_fair_bins() {
        let mut shares = Shares::new(0);
        for bin in 0..30 {
            let at = bin * BIN_NS + 5;
            shares.add(0, at, 100);
            shares.add(1, at, if bin < 7 { 10 } else { 95 });
        }
        assert_eq!(shares.steady(1), Some(7 * BIN_NS));
        assert_eq!(shares.steady(2), None);
    }

    #[test]
    fn a_share_that_is_lost_again_is_not_steady() {
        let mut shares = Shares::new(0);
        for bin in 0..30 {
            let at = bin * BIN_NS;
            shares.add(0, at, 100);
            shares.add(1, at, if bin % 8 == 0 { 0 } else { 100 });
        }
        assert_eq!(shares.steady(1), None);
    }
}
