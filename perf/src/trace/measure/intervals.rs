//! Intervals within intervals: an ISR takes time from the DPC that it interrupts.

use std::collections::VecDeque;

/// Intervals that one interval can have within it and still be told apart.
const FINISHED_MAX: usize = 4096;

/// The intervals of one processor, in the order of their ends.
#[derive(Clone, Debug, Default)]
pub struct Nesting {
    /// Entry and inclusive time of intervals that no later one has enclosed.
    finished: VecDeque<(i64, i64)>,
}

impl Nesting {
    /// Takes an interval that ended after all others, and gives its time without the time of the
    /// intervals within it.
    pub fn exclusive(&mut self, entry: i64, exit: i64) -> i64 {
        let inclusive = exit.saturating_sub(entry).max(0);
        let mut within = 0_i64;
        while let Some((other, time)) = self.finished.back()
            && *other >= entry
        {
            within = within.saturating_add(*time);
            self.finished.pop_back();
        }
        if self.finished.len() == FINISHED_MAX {
            self.finished.pop_front();
        }
        self.finished.push_back((entry, inclusive));
        (inclusive - within).max(0)
    }

    /// The same for an interval that other threads can run in, as a threaded DPC: it does not take
    /// the intervals within it away from a later one.
    pub fn exclusive_of_threaded(&self, entry: i64, exit: i64) -> i64 {
        let inclusive = exit.saturating_sub(entry).max(0);
        let newest = self.finished.iter().rev();
        let within = newest
            .take_while(|(other, _)| *other >= entry)
            .fold(0_i64, |sum, (_, time)| sum.saturating_add(*time));
        (inclusive - within).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Nesting;

    #[test]
    fn nested_intervals_are_counted_once() {
        let mut nesting = Nesting::default();
        let intervals = [(120, 150), (160, 165), (100, 200), (210, 220)];
        let times = intervals.map(|(entry, exit)| nesting.exclusive(entry, exit));
        assert_eq!(times, [30, 5, 65, 10]);
        assert_eq!(times.iter().sum::<i64>(), 110);
    }

    #[test]
    fn nested_twice_is_counted_once_too() {
        let mut nesting = Nesting::default();
        let intervals = [(20, 30), (10, 40), (0, 100)];
        let times = intervals.map(|(entry, exit)| nesting.exclusive(entry, exit));
        assert_eq!(times, [10, 20, 70]);
    }

    #[test]
    fn a_threaded_dpc_leaves_its_interrupts_to_others() {
        let mut nesting = Nesting::default();
        assert_eq!(nesting.exclusive(20, 30), 10);
        assert_eq!(nesting.exclusive_of_threaded(10, 50), 30);
        assert_eq!(nesting.exclusive(0, 100), 90);
    }

    #[test]
    fn an_interval_that_ends_before_it_begins_takes_no_time() {
        assert_eq!(Nesting::default().exclusive(10, 5), 0);
    }
}
