//! The PnP manager: starts devices, adds processors, rebalances.

use super::arbiter::Arbiter;
use super::bus::BusDevice;
use super::rules;
use crate::executive::{Processor, System, WaitLock, system, violation};
use crate::fault_injection::Fault;
use crate::kernel::{ProcessorCallbacks, ProcessorChange, interface_arrived};
use crate::wdf::{DeviceHost, close_all_files};
use netadapter_abi::nt::{
    GUID_DEVICE_PROCESSOR, NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_UNSUCCESSFUL, nt_success,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// A device and the driver object that serves it.
#[derive(Clone)]
pub struct StartedDevice {
    /// The node on the bus.
    pub node: Arc<dyn BusDevice>,
    /// The function driver's device.
    pub device: Arc<DeviceHost>,
}

/// Devices of the machine and what they use.
pub struct PnpManager {
    arbiter: Arbiter,
    devices: Mutex<Vec<StartedDevice>>,
    /// Requests come one at a time.
    turn: WaitLock,
}

impl Default for PnpManager {
    fn default() -> Self {
        Self {
            arbiter: Arbiter::default(),
            devices: Mutex::default(),
            turn: WaitLock::new(),
        }
    }
}

/// How a rebalance went for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebalance {
    /// The device takes no part.
    LeftOut,
    /// Stopped and started again.
    Done,
    /// Another driver of the device's stack did not let it stop: it goes on as it is.
    Cancelled,
    /// The restart failed; the device was torn down.
    RestartFailed(NTSTATUS),
}

/// Starts a processor that this driver has agreed to, unless another driver has not, or the
/// hardware does not come up.
fn bring_up(system: &'static System, processor: &'static Processor) -> Result<(), NTSTATUS> {
    if system.faults().strikes(Fault::ProcessorVeto).is_some() {
        return Err(STATUS_INSUFFICIENT_RESOURCES);
    }
    if system.faults().strikes(Fault::ProcessorStart).is_some() {
        return Err(STATUS_UNSUCCESSFUL);
    }
    let started = system.start_processor(processor);
    started.map_err(|_| STATUS_INSUFFICIENT_RESOURCES)
}

impl PnpManager {
    /// The devices that have been started.
    pub fn devices(&self) -> Vec<StartedDevice> {
        self.devices.lock().clone()
    }

    /// Whether the device at `node` has been started.
    pub fn is_started(&self, node: &Arc<dyn BusDevice>) -> bool {
        self.find(Arc::as_ptr(node).cast()).is_some()
    }

    fn find(&self, node: *const ()) -> Option<StartedDevice> {
        let devices = self.devices.lock();
        let found = devices
            .iter()
            .find(|started| Arc::as_ptr(&started.node).cast() == node);
        found.cloned()
    }

    /// Starts a device for the first time. A device that does not start is removed.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// The status with which the driver failed the start.
    pub fn start(&self, system: &System, started: StartedDevice) -> Result<(), NTSTATUS> {
        let _turn = self.turn.acquire();
        if let Err(status) = self.give_resources(system, &started) {
            started.device.remove();
            started.node.power_down();
            return Err(status);
        }
        self.devices.lock().push(started);
        Ok(())
    }

    fn give_resources(&self, system: &System, started: &StartedDevice) -> Result<(), NTSTATUS> {
        let wanted = started
            .device
            .filter_requirements(started.node.requirements())?;
        let assigned = self.arbiter.assign(system, &wanted);
        started.node.power_up(&assigned);
        started.device.start(assigned)
    }

    /// Ends all programs and removes all devices in an orderly way.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn remove_all(&self) {
        close_all_files();
        let _turn = self.turn.acquire();
        let devices = std::mem::take(&mut *self.devices.lock());
        for started in devices {
            started.device.remove();
            started.node.power_down();
        }
    }

    /// The hardware of all devices is gone.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn surprise_remove_all(&self) {
        let _turn = self.turn.acquire();
        for started in self.devices() {
            self.take_away(&started);
        }
    }

    /// The driver or the framework found that the device at `node` cannot go on: its stack is torn
    /// down (*WdfDeviceSetFailed function*, remarks).
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn remove_failed(&self, node: usize) {
        let _turn = self.turn.acquire();
        if let Some(started) = self.find(node as *const ()) {
            self.take_away(&started);
        }
    }

    fn take_away(&self, started: &StartedDevice) {
        system().milestone("surprise_removal", None);
        started.device.surprise_remove();
        started.device.remove();
        started.node.power_down();
        started.node.taken_away();
        self.devices
            .lock()
            .retain(|other| !Arc::ptr_eq(&other.device, &started.device));
    }

    /// Asks every device whether it can stop, and lets none of them: another driver refused.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn cancel_stop(&self) {
        let _turn = self.turn.acquire();
        for started in self.devices() {
            if started.node.installation().takes_part_in_rebalance() {
                query_stop(&started.device);
                started.device.cancel_stop();
            }
        }
    }

    /// Adds the processor with index `index`: synchronous notification, start, asynchronous
    /// notification, rebalance (*Introduction to Driver Notification*).
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// The status with which a driver refused the processor, or
    /// STATUS_INSUFFICIENT_RESOURCES if the machine can have no more.
    pub fn hot_add(&self, system: &'static System, index: u32) -> Result<Vec<Rebalance>, NTSTATUS> {
        let _turn = self.turn.acquire();
        let processor = system
            .announce_processor(index)
            .ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        let callbacks = system.subsystem::<ProcessorCallbacks>();
        system.milestone("start_notification", Some(index));
        callbacks.announce(index)?;
        if let Err(reason) = bring_up(system, processor) {
            callbacks.conclude(index, ProcessorChange::Failure(reason));
            return Err(reason);
        }
        callbacks.conclude(index, ProcessorChange::Complete);
        system.milestone("complete_notification", Some(index));
        system.milestone("interface_arrival", Some(index));
        interface_arrived(
            &GUID_DEVICE_PROCESSOR,
            &format!("\\??\\ACPI#Processor#{index}"),
        );
        Ok(self
            .devices()
            .iter()
            .map(|started| self.rebalance(system, started))
            .collect())
    }

    /// Stops a device, gives it resources for the processors there are now, and starts it again
    /// (*Stopping a Device to Rebalance Resources*).
    fn rebalance(&self, system: &System, started: &StartedDevice) -> Rebalance {
        if !started.node.installation().takes_part_in_rebalance() {
            return Rebalance::LeftOut;
        }
        query_stop(&started.device);
        if system.faults().strikes(Fault::CancelledStop).is_some() {
            started.device.cancel_stop();
            return Rebalance::Cancelled;
        }
        started.device.stop();
        started.node.power_down();
        let restarted = match system.faults().strikes(Fault::FailedRestart) {
            Some(_) => Err(STATUS_INSUFFICIENT_RESOURCES),
            None => self.give_resources(system, started),
        };
        match restarted {
            Ok(()) => Rebalance::Done,
            Err(status) => {
                self.take_away(started);
                Rebalance::RestartFailed(status)
            }
        }
    }
}

/// Asks a device whether it can stop. It must not refuse.
fn query_stop(device: &DeviceHost) {
    let status = device.query_stop();
    if !nt_success(status) {
        violation(
            &rules::QUERY_STOP_FAILED,
            format!("EvtDeviceQueryStop returned {status:#010x}"),
        );
    }
}
