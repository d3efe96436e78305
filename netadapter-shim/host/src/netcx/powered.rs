//! Callbacks that need the device's hardware: filters, offloads, receive side scaling.
//!
//! They run whether or not the device is in D0: from NetAdapterStart in EvtDevicePrepareHardware
//! they come unpowered, and one that the stack causes while the device leaves D0 runs at the same
//! time as the power-down callbacks. The transition waits for it after EvtDeviceD0Exit
//! (*nxdevice.cpp*).

use crate::executive::{Event, EventKind};
use crate::wdf;
use parking_lot::Mutex;

/// The callbacks of one device that run now.
pub(super) struct PoweredCallbacks {
    running: Mutex<usize>,
    none: Event,
}

impl Default for PoweredCallbacks {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            none: Event::new(EventKind::Notification, true),
        }
    }
}

impl PoweredCallbacks {
    /// Calls the driver.
    pub(super) fn run<T>(&self, name: &'static str, call: impl FnOnce() -> T) -> T {
        {
            let mut running = self.running.lock();
            *running += 1;
            self.none.clear();
        }
        let result = wdf::guarded(name, call);
        let mut running = self.running.lock();
        *running -= 1;
        if *running == 0 {
            self.none.set();
        }
        result
    }

    /// Waits until none runs.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn wait(&self) {
        self.none.wait();
    }
}
