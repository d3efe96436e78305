//! The keeper of the receive pools: what the upkeep's thread does for them, alone.

use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::memory::physical_bytes;
use netadapter::processor;

use crate::buffer_pool::CHUNK_BYTES;
use crate::hardware;
use crate::memory;
use crate::nic::{Nic, Setup};

impl Nic {
    /// Gives the system the chunks back that have fallen free.
    pub(crate) fn free_chunks(&self) {
        for path in self.paths.iter().filter_map(|path| path.get()) {
            memory::shrink(path.pool());
        }
    }

    /// Lets the pools of so many queues have what the rule allows with the memory that there is now. Queues that do not
    /// exist yet get theirs too.
    pub(crate) fn follow_memory(&self, setup: &Setup, queues: usize) {
        let physical_bytes = match physical_bytes() {
            Ok(bytes) => bytes,
            Err(status) => {
                debug_print!(Level::Error, "dhpnic: physical memory is unknown: {status}");
                return;
            }
        };
        if let Err(status) = hardware::make_paths(self, setup, queues) {
            debug_print!(
                Level::Error,
                "dhpnic: not ready for the queues of new processors: {status}"
            );
        }
        let sizing = &setup.keywords.receive_buffers;
        // A queue without a processor of its own waits for one with the least.
        let used = queues.min(processor::active().count());
        let chunks = sizing.chunks(physical_bytes, used);
        let paths = || self.paths[..queues].iter().filter_map(|path| path.get());
        for (number, path) in paths().enumerate() {
            path.pool().want(if number < used {
                chunks
            } else {
                sizing.spare_chunks()
            });
        }
        let pools = paths().map(|path| path.pool());
        let grown = memory::grow(pools, |_| self.enabler.unzeroed_common_buffer(CHUNK_BYTES));
        let (added, status) = grown.map_or_else(
            |(added, status)| (added, Some(status)),
            |added| (added, None),
        );
        debug_print!(
            Level::Info,
            "dhpnic: {} MiB of memory, {chunks} chunks for each of {used} queues, {added} added",
            physical_bytes >> 20,
        );
        if let Some(status) = status {
            debug_print!(
                Level::Error,
                "dhpnic: the receive buffers do not grow further: {status}"
            );
        }
        // A poller that sleeps looks at its pool when it is woken.
        paths().for_each(|path| path.wake());
    }
}
