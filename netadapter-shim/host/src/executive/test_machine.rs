//! A machine for tests: processors and memory, no devices.

use super::{Clock, Finding, PhysicalMemory, System, run_passive};

/// A machine with some processors, stopped when dropped.
pub(crate) struct TestMachine(&'static System);

impl TestMachine {
    /// Starts the processors.
    pub fn new(processors: u32) -> Self {
        let memory = PhysicalMemory::new(16 << 20, 64 << 20).unwrap();
        Self::start(processors, System::new(8, memory, Clock::start().unwrap()))
    }

    /// As [`TestMachine::new`], with all order decided by `seed`.
    pub fn deterministic(processors: u32, seed: u64) -> Self {
        let memory = PhysicalMemory::new(16 << 20, 64 << 20).unwrap();
        Self::start(processors, System::deterministic(8, memory, seed))
    }

    fn start(processors: u32, system: System) -> Self {
        let system = Box::leak(Box::new(system));
        for index in 0..processors {
            system
                .start_processor(system.announce_processor(index).unwrap())
                .unwrap();
        }
        Self(system)
    }

    /// The machine's Windows.
    pub fn system(&self) -> &'static System {
        self.0
    }

    /// Runs `work` on a system thread of processor 0.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&'static System) -> T + Send + 'static,
    ) -> T {
        let system = self.0;
        run_passive(system, "test", move || work(system)).expect("the machine runs on")
    }

    /// Runs `work`, which breaks a rule.
    pub fn finding_of(&self, work: impl FnOnce(&'static System) + Send + 'static) -> Finding {
        let system = self.0;
        assert_eq!(
            run_passive(system, "test", move || work(system)),
            None,
            "nothing was found"
        );
        system
            .finding()
            .expect("the machine stopped because of a finding")
    }
}

impl Drop for TestMachine {
    fn drop(&mut self) {
        self.0.stop(None);
        self.0.join();
        self.0.memory().discard();
    }
}
