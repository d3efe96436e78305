//! The operating-system thread that plays one processor of a free-running machine.

use super::playing::{play_as, processor};
use super::processor::Processor;
use super::system::System;
use super::thread::{Suspension, Thread, suspend};
use std::sync::Arc;
use std::thread::JoinHandle;

impl Processor {
    /// Starts the operating-system thread that plays this processor.
    pub(super) fn power_on(
        &'static self,
        system: &'static System,
    ) -> std::io::Result<JoinHandle<()>> {
        let (ready, started) = std::sync::mpsc::channel();
        let handle = std::thread::Builder::new()
            .name(format!("processor {}", self.index()))
            .spawn(move || {
                self.host_thread
                    .set(std::thread::current())
                    .expect("a processor starts once");
                self.cpu_clock
                    .set(thread_cpu_clock())
                    .expect("a processor starts once");
                pin_to_core(self.index());
                let _fault_stack = crate::trap::prepare_thread().expect("memory for a fault stack");
                play_as(Some((self, system)));
                ready.send(()).expect("the starter waits");
                self.run(system);
            })?;
        started
            .recv()
            .expect("the processor thread reports once it runs");
        Ok(handle)
    }

    fn run(&self, system: &System) {
        let idle = Thread::new("idle", self.index(), idle_loop);
        while !system.is_stopped() {
            if self.has_pending() {
                self.switch_to(&idle);
                continue;
            }
            match self.take_ready() {
                Some(thread) => {
                    let suspension = self.switch_to(&thread);
                    self.put_away(system, thread, suspension);
                }
                None => std::thread::park(),
            }
        }
    }

    fn switch_to(&self, thread: &Arc<Thread>) -> Suspension {
        self.begin(thread);
        let suspension = thread.resume();
        self.end(thread);
        suspension
    }
}

/// What a processor does that has no thread to run: it serves interrupts and DPCs.
pub(super) fn idle_loop() {
    loop {
        processor().serve();
        suspend(Suspension::Waiting);
    }
}

fn thread_cpu_clock() -> libc::clockid_t {
    let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
    // SAFETY: the handle is that of the running thread.
    let this = unsafe { libc::pthread_self() };
    // SAFETY: `clock` is valid for the write and `this` is a live thread.
    unsafe { libc::pthread_getcpuclockid(this, &mut clock) };
    clock
}

/// Pins the calling thread to one of the cores it may use, by processor index.
fn pin_to_core(index: u32) {
    // SAFETY: an all-zero CPU set is a valid, empty one.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: `allowed` is valid for a write of `size` bytes.
    if unsafe { libc::sched_getaffinity(0, size, &mut allowed) } != 0 {
        return;
    }
    let cores: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        // SAFETY: every index is below CPU_SETSIZE.
        .filter(|&core| unsafe { libc::CPU_ISSET(core, &allowed) })
        .collect();
    let Some(&core) = cores.get(index as usize % cores.len().max(1)) else {
        return;
    };
    // SAFETY: an all-zero CPU set is a valid, empty one.
    let mut wanted: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `core` is below CPU_SETSIZE.
    unsafe { libc::CPU_SET(core, &mut wanted) };
    // SAFETY: `wanted` is valid for a read of `size` bytes. Failure leaves the thread unpinned.
    unsafe { libc::sched_setaffinity(0, size, &wanted) };
}
