//! What happened when: the milestones that a hot add is judged by.

use parking_lot::Mutex;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Nanoseconds since the machine was built.
    pub at_ns: u64,
    /// What happened, in snake case: `query_stop`, `interface_arrival`, …
    pub name: &'static str,
    /// The processor it concerns, by system-wide index.
    pub processor: Option<u32>,
}

/// The list of milestones, in the order in which they happened.
#[derive(Default)]
pub struct Timeline {
    milestones: Mutex<Vec<Milestone>>,
}

impl Timeline {
    /// Adds a milestone.
    pub fn record(&self, at_ns: u64, name: &'static str, processor: Option<u32>) {
        self.milestones.lock().push(Milestone {
            at_ns,
            name,
            processor,
        });
    }

    /// All milestones so far.
    pub fn snapshot(&self) -> Vec<Milestone> {
        self.milestones.lock().clone()
    }
}
