//! What the driver's code finds of ring 0 on the machine's processors.

use crate::executive::{processor, system};
use crate::kernel::SharedData;
use crate::trap::{RegisterFile, Ring0, TimeStamp};

/// The processor that the code runs on.
#[derive(Debug)]
pub(super) struct CurrentProcessor;

impl Ring0 for CurrentProcessor {
    fn task_priority(&self) -> u8 {
        processor().irql()
    }

    fn set_task_priority(&self, priority: u8) {
        let processor = processor();
        if priority >= processor.irql() {
            processor.raise_irql(priority);
        } else {
            processor.lower_irql(priority);
        }
    }

    fn are_interrupts_enabled(&self) -> bool {
        processor().are_interrupts_enabled()
    }

    fn enable_interrupts(&self, enabled: bool) {
        processor().enable_interrupts(enabled);
    }

    /// The counter ticks once a nanosecond. Whoever reads it may be waiting for time to pass.
    fn time_stamp(&self) -> TimeStamp {
        processor().preemption_point();
        TimeStamp {
            counter: system().clock().now_ns(),
            processor: processor().index(),
        }
    }

    fn shared_data(&self) -> &dyn RegisterFile {
        processor().preemption_point();
        &SharedData
    }
}
