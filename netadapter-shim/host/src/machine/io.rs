//! What programs do with the machine's devices.

use super::boot::outcome;
use super::error::MachineError;
use super::run::Machine;
use crate::executive::{System, run_passive};
use crate::wdf::{
    Access, Completion, OpenFile, PendingIo, Principal, Transfer, open_interface, open_link,
};
use netadapter_abi::nt::{GUID, NTSTATUS, ULONG, nt_success};
use std::sync::Arc;

/// A file that a program has open on a device. Dropping it closes it, as the end of the program
/// would.
pub struct DeviceFile {
    system: &'static System,
    file: Arc<OpenFile>,
}

/// A request that a program has made and that may not have ended.
pub struct DeviceRequest {
    system: &'static System,
    pending: Arc<PendingIo>,
}

impl Machine {
    /// Opens the device that offers an interface of this class, with this reference string.
    ///
    /// # Errors
    /// If no such interface is enabled, the principal may not open the device, the driver refuses,
    /// or a rule was broken.
    pub fn open_interface(
        &self,
        class: &GUID,
        reference: &str,
        principal: Principal,
        access: Access,
    ) -> Result<DeviceFile, MachineError> {
        DeviceFile::open_interface(self.system(), class, reference, principal, access)
    }

    /// Opens the device to which the symbolic link `\\.\LINK` leads.
    ///
    /// # Errors
    /// As for [`Machine::open_interface`].
    pub fn open_link(
        &self,
        link: &str,
        principal: Principal,
        access: Access,
    ) -> Result<DeviceFile, MachineError> {
        let link = link.to_owned();
        DeviceFile::open(self.system(), move || open_link(&link, principal, access))
    }
}

impl DeviceFile {
    /// As [`Machine::open_interface`].
    ///
    /// # Errors
    /// As for [`Machine::open_interface`].
    pub(crate) fn open_interface(
        system: &'static System,
        class: &GUID,
        reference: &str,
        principal: Principal,
        access: Access,
    ) -> Result<Self, MachineError> {
        let (class, reference) = (*class, reference.to_owned());
        Self::open(system, move || {
            open_interface(&class, &reference, principal, access)
        })
    }

    fn open(
        system: &'static System,
        open: impl FnOnce() -> Result<Arc<OpenFile>, NTSTATUS> + Send + 'static,
    ) -> Result<Self, MachineError> {
        let opened = run_passive(system, "CreateFile", open);
        let file = outcome(system, opened, "opening a device")?;
        Ok(Self { system, file })
    }

    /// Sends a device control request and waits for its end. Returns what the driver put into the
    /// output buffer.
    ///
    /// # Errors
    /// If the file was not opened for this, the driver fails the request, or a rule was broken.
    pub fn device_io_control(
        &self,
        code: ULONG,
        input: &[u8],
        output_length: usize,
    ) -> Result<Vec<u8>, MachineError> {
        self.transfer(Transfer::DeviceControl {
            code,
            input: input.to_vec(),
            output: vec![0; output_length],
        })
        .map(|completion| completion.output)
    }

    /// Reads at most `length` bytes.
    ///
    /// # Errors
    /// As for [`DeviceFile::device_io_control`].
    pub fn read(&self, length: usize) -> Result<Vec<u8>, MachineError> {
        self.transfer(Transfer::Read { length })
            .map(|completion| completion.output)
    }

    /// Writes. Returns how many bytes the driver took.
    ///
    /// # Errors
    /// As for [`DeviceFile::device_io_control`].
    pub fn write(&self, data: &[u8]) -> Result<usize, MachineError> {
        self.transfer(Transfer::Write {
            data: data.to_vec(),
        })
        .map(|completion| completion.information)
    }

    fn transfer(&self, transfer: Transfer) -> Result<Completion, MachineError> {
        succeeded(self.begin(transfer)?.wait()?)
    }

    /// Makes a request without waiting for its end (*Synchronous and Asynchronous I/O*).
    ///
    /// # Errors
    /// If the file was not opened for this or a rule was broken; what the driver says comes with
    /// the completion.
    pub fn begin(&self, transfer: Transfer) -> Result<DeviceRequest, MachineError> {
        let (system, file) = (self.system, self.file.clone());
        let begun = run_passive(system, "a program's request", move || file.begin(&transfer));
        let pending = Arc::new(outcome(system, begun, "making a request")?);
        Ok(DeviceRequest { system, pending })
    }

    /// Closes the file, and waits until all its requests have ended.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn close(self) -> Result<(), MachineError> {
        let closed = self.close_now();
        outcome(self.system, closed.map(Ok), "closing a device")
    }

    fn close_now(&self) -> Option<()> {
        let file = self.file.clone();
        run_passive(self.system, "CloseHandle", move || file.close())
    }
}

impl Drop for DeviceFile {
    fn drop(&mut self) {
        if self.file.is_open() {
            // A machine that has stopped has no open files.
            let _ = self.close_now();
        }
    }
}

impl DeviceRequest {
    /// Waits for the end.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn wait(&self) -> Result<Completion, MachineError> {
        let pending = self.pending.clone();
        let ended = run_passive(self.system, "GetOverlappedResult", move || pending.wait());
        outcome(self.system, ended.map(Ok), "waiting for a request")
    }

    /// How it ended, if it has.
    pub fn completion(&self) -> Option<Completion> {
        self.pending.completion()
    }

    /// Asks the driver to end the request (*CancelIoEx*). It may end with success nevertheless.
    ///
    /// # Errors
    /// If a rule was broken.
    pub fn cancel(&self) -> Result<(), MachineError> {
        let pending = self.pending.clone();
        let canceled = run_passive(self.system, "CancelIoEx", move || pending.cancel());
        outcome(self.system, canceled.map(Ok), "cancelling a request")
    }
}

fn succeeded(completion: Completion) -> Result<Completion, MachineError> {
    if nt_success(completion.status) {
        Ok(completion)
    } else {
        Err(MachineError::Driver {
            step: "the request",
            status: completion.status,
        })
    }
}
