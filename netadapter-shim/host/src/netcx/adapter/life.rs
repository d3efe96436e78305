//! The life of an adapter between its creation and its removal: start, data path, pause, halt.

use super::{Adapter, PERSISTENT_MINOR, Stage};
use crate::netcx::datapath::Datapath;
use crate::netcx::sends::{SendQueues, SendShape};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, nt_success,
};
use std::sync::Arc;

impl Adapter {
    /// The driver's vote, which is the last one (*NetAdapterStart function*).
    pub(in crate::netcx) fn start(self: &Arc<Self>) -> NTSTATUS {
        let guard = self.lock();
        match *self.stage.lock() {
            Stage::Running => return STATUS_SUCCESS,
            Stage::Dead => return STATUS_INVALID_DEVICE_REQUEST,
            Stage::Stopped => {}
        }
        if !self.settings.lock().complete() {
            return STATUS_INVALID_PARAMETER;
        }
        if let Some(receive) = self.settings().receive {
            self.scaling.limit_queues(receive.maximum_queues);
        }
        let status = self.prepare_sends();
        if !nt_success(status) {
            return status;
        }
        *self.stage.lock() = Stage::Running;
        self.offloads.start(self);
        if self.device.is_powered() {
            let status = self.create_datapath_locked();
            if !nt_success(status) {
                *self.stage.lock() = Stage::Stopped;
                return status;
            }
        }
        drop(guard);
        if self.device.is_bound() {
            self.bind_protocols();
        }
        STATUS_SUCCESS
    }

    /// The send queues outlive the data path: what waits in them is sent after a restart.
    fn prepare_sends(&self) -> NTSTATUS {
        let settings = self.settings();
        let Some(transmit) = settings.transmit else {
            return STATUS_INVALID_PARAMETER;
        };
        let layout = self.upper_edge.send_layout();
        let gso = self.offloads.capabilities().gso;
        let segmented = gso.map_or(0, |gso| gso.maximum_bytes);
        let shape = SendShape::new(layout, &transmit, settings.mtu, segmented);
        let mut sends = self.sends.lock();
        if sends.as_ref().is_some_and(|(before, _)| *before == shape) {
            return STATUS_SUCCESS;
        }
        match SendQueues::new(self.system, &shape) {
            Ok(queues) => {
                if let Some((_, before)) = sends.take() {
                    queues.adopt(&before);
                }
                *sends = Some((shape, Arc::new(queues)));
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    /// Withdraws the driver's vote.
    pub(in crate::netcx) fn stop(&self) {
        let _guard = self.lock();
        self.halt_locked(Stage::Stopped);
    }

    /// The framework's halt, before the hardware is released.
    pub(in crate::netcx) fn halt(&self) {
        let _guard = self.lock();
        self.halt_locked(Stage::Dead);
    }

    fn halt_locked(&self, stage: Stage) {
        self.destroy_datapath_locked();
        let _requests = self.requests.acquire();
        let mut current = self.stage.lock();
        if *current == Stage::Running && self.client.minor() < PERSISTENT_MINOR {
            self.settings.lock().forget();
            self.filter.forget();
        }
        if *current != Stage::Dead {
            *current = stage;
        }
    }

    /// Before the hardware is prepared again the driver's vote is void.
    pub(in crate::netcx) fn vote_again(&self) {
        *self.stage.lock() = Stage::Stopped;
    }

    /// The device is gone: queues go, and no start is possible.
    pub(in crate::netcx) fn surprise_removed(&self) {
        self.halt();
    }

    /// Makes the queues if the adapter runs.
    pub(in crate::netcx) fn create_datapath(self: &Arc<Self>) -> NTSTATUS {
        let _guard = self.lock();
        if self.is_running() {
            self.create_datapath_locked()
        } else {
            STATUS_SUCCESS
        }
    }

    fn create_datapath_locked(self: &Arc<Self>) -> NTSTATUS {
        if self.datapath.lock().is_some() {
            return STATUS_SUCCESS;
        }
        let (datapath, status) = Datapath::create(self);
        *self.datapath.lock() = Some(datapath);
        let status = if nt_success(status) {
            self.scaling.restore(self)
        } else {
            status
        };
        if !nt_success(status) {
            self.destroy_datapath_locked();
        }
        status
    }

    /// Drains and destroys the queues.
    pub(in crate::netcx) fn destroy_datapath(&self) {
        let _guard = self.lock();
        self.destroy_datapath_locked();
    }

    fn destroy_datapath_locked(&self) {
        let Some(datapath) = self.datapath() else {
            return;
        };
        self.stop_queues(&datapath);
        self.scaling.datapath_is_going();
        *self.datapath.lock() = None;
        datapath.destroy();
    }

    /// Protocols bind: filter, receive scaling, then the queues start.
    pub(in crate::netcx) fn bind_protocols(self: &Arc<Self>) {
        let _guard = self.lock();
        let Some(datapath) = self.datapath() else {
            return;
        };
        self.upper_edge.bind(self);
        self.start_queues(&datapath);
    }

    /// Stops the queues without destroying them, as NDIS does to change bindings.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn pause(&self) {
        let _guard = self.lock();
        if let Some(datapath) = self.datapath() {
            self.stop_queues(&datapath);
        }
    }

    /// Undoes [`Adapter::pause`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn restart(&self) {
        let _guard = self.lock();
        if let Some(datapath) = self.datapath() {
            self.start_queues(&datapath);
        }
    }

    fn start_queues(&self, datapath: &Datapath) {
        self.upper_edge.before_start(datapath);
        datapath.start();
    }

    fn stop_queues(&self, datapath: &Datapath) {
        if datapath.is_started() {
            self.upper_edge.before_stop();
            datapath.stop();
            self.upper_edge.after_stop();
        }
    }
}
