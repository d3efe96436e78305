//! Systematic faults: each call that may fail does so once at each place of the driver that makes
//! it (the idea of usersim's README, *Fault Injection*).

use super::Fault;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// A call that may fail: what it is, and the calls that led to it.
type Site = (Fault, Vec<u32>);

/// The places that were seen in any run, and whether they have failed.
#[derive(Debug, Default)]
pub struct SiteBook {
    sites: Mutex<BTreeMap<Site, bool>>,
}

/// How much of the driver's failing calls a series of runs has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Places at which a call that may fail was made.
    pub seen: usize,
    /// Those at which it has failed once.
    pub failed: usize,
}

impl SiteBook {
    /// A call at a place; whether it fails: once for all runs, if this run `may` have a failure.
    pub(super) fn visit(&self, fault: Fault, stack: Vec<u32>, may: bool) -> bool {
        let mut sites = self.sites.lock();
        let failed = sites.entry((fault, stack)).or_insert(false);
        let fails = may && !*failed;
        *failed |= fails;
        fails
    }

    /// What was reached so far.
    pub fn coverage(&self) -> Coverage {
        let sites = self.sites.lock();
        Coverage {
            seen: sites.len(),
            failed: sites.values().filter(|failed| **failed).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Injector, Plan};
    use super::*;
    use std::sync::Arc;

    /// A driver with three places of which the last is reached only without a failure before it.
    fn run(book: &Arc<SiteBook>) -> usize {
        let injector = Injector::default();
        injector.arm(0, Plan::Systematic(book.clone()));
        for place in [1, 2, 2, 3] {
            if injector
                .fails_call(Fault::WdfCall, || vec![place])
                .is_some()
            {
                break;
            }
        }
        injector.struck().len()
    }

    #[test]
    fn each_place_fails_once_and_one_in_a_run() {
        let book = Arc::new(SiteBook::default());
        let mut runs = 0;
        while run(&book) != 0 {
            runs += 1;
            assert!(runs <= 3, "a place fails again");
        }
        let all = Coverage { seen: 3, failed: 3 };
        assert_eq!((runs, book.coverage()), (3, all));
    }

    #[test]
    fn the_same_call_at_another_place_is_another_site() {
        let book = SiteBook::default();
        assert!(book.visit(Fault::WdfCall, vec![1, 2], true));
        assert!(!book.visit(Fault::WdfCall, vec![1, 2], true));
        assert!(book.visit(Fault::WdfCall, vec![1, 3], true));
        assert!(book.visit(Fault::KernelCall, vec![1, 2], true));
        assert!(!book.visit(Fault::KernelCall, vec![9], false));
    }
}
