//! A request as the I/O manager sees it.

use super::buffers::{Buffers, Method};
use super::files::OpenFile;
use super::request::Request;
use crate::executive::{Event, EventKind};
use netadapter_abi::nt::{NTSTATUS, ULONG};
use netadapter_abi::wdf::{
    WDF_REQUEST_TYPE, WdfRequestTypeCreate, WdfRequestTypeDeviceControl,
    WdfRequestTypeDeviceControlInternal, WdfRequestTypeRead, WdfRequestTypeWrite,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// What a caller wants.
#[derive(Clone, Debug)]
pub enum Transfer {
    /// Opens the device.
    Create,
    /// Reads at most so many bytes.
    Read {
        /// Length of the caller's buffer.
        length: usize,
    },
    /// Writes.
    Write {
        /// What is written.
        data: Vec<u8>,
    },
    /// A device control request.
    DeviceControl {
        /// The control code.
        code: ULONG,
        /// The input buffer.
        input: Vec<u8>,
        /// The output buffer, with what it holds before.
        output: Vec<u8>,
    },
    /// A device control request from another driver.
    InternalDeviceControl {
        /// The control code.
        code: ULONG,
        /// The input buffer.
        input: Vec<u8>,
        /// The output buffer, with what it holds before.
        output: Vec<u8>,
    },
}

/// Code and lengths of a request, without its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters {
    pub(super) request_type: WDF_REQUEST_TYPE,
    pub(super) code: ULONG,
    pub(super) input_length: usize,
    pub(super) output_length: usize,
}

impl Transfer {
    pub(super) fn parameters(&self) -> Parameters {
        let (request_type, code, input_length, output_length) = match self {
            Self::Create => (WdfRequestTypeCreate, 0, 0, 0),
            Self::Read { length } => (WdfRequestTypeRead, 0, 0, *length),
            Self::Write { data } => (WdfRequestTypeWrite, 0, data.len(), 0),
            Self::DeviceControl {
                code,
                input,
                output,
            } => (
                WdfRequestTypeDeviceControl,
                *code,
                input.len(),
                output.len(),
            ),
            Self::InternalDeviceControl {
                code,
                input,
                output,
            } => (
                WdfRequestTypeDeviceControlInternal,
                *code,
                input.len(),
                output.len(),
            ),
        };
        Parameters {
            request_type,
            code,
            input_length,
            output_length,
        }
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The status.
    pub status: NTSTATUS,
    /// Usually the number of bytes transferred.
    pub information: usize,
    /// What the caller finds in its output buffer, as far as `information` goes.
    pub output: Vec<u8>,
}

#[derive(Default)]
struct Progress {
    completion: Option<Completion>,
    canceled: bool,
}

/// One I/O request packet.
pub(super) struct Irp {
    pub(super) parameters: Parameters,
    pub(super) method: Method,
    pub(super) file: Option<Arc<OpenFile>>,
    /// Until the request is completed.
    pub(super) buffers: Mutex<Option<Buffers>>,
    progress: Mutex<Progress>,
    /// The framework's request, once there is one.
    request: Mutex<Option<&'static Request>>,
    done: Event,
}

impl Irp {
    pub(super) fn new(
        parameters: Parameters,
        method: Method,
        file: Option<Arc<OpenFile>>,
        buffers: Buffers,
    ) -> Arc<Self> {
        Arc::new(Self {
            parameters,
            method,
            file,
            buffers: Mutex::new(Some(buffers)),
            progress: Mutex::default(),
            request: Mutex::new(None),
            done: Event::new(EventKind::Notification, false),
        })
    }

    pub(super) fn set_request(&self, request: &'static Request) {
        *self.request.lock() = Some(request);
    }

    /// Completes the request: its buffers go, and whoever waits continues.
    pub(super) fn complete(&self, status: NTSTATUS, information: usize) {
        let buffers = self.buffers.lock().take();
        let output = match buffers {
            // An error returns no data (*How I/O Completion Is Processed*); a warning does.
            Some(buffers) if !is_error(status) && self.parameters.output_length > 0 => {
                let count = information.min(self.parameters.output_length);
                buffers.output(self.method, count)
            }
            _ => Vec::new(),
        };
        {
            let mut progress = self.progress.lock();
            assert!(progress.completion.is_none(), "a request completes once");
            progress.completion = Some(Completion {
                status,
                information,
                output,
            });
        }
        if let Some(file) = &self.file {
            file.request_ended();
        }
        self.done.set();
    }

    /// Waits for the end.
    ///
    /// IRQL: below DISPATCH_LEVEL.
    pub(super) fn wait(&self) -> Completion {
        self.done.wait();
        self.completion()
            .expect("the event tells that the request is completed")
    }

    pub(super) fn completion(&self) -> Option<Completion> {
        self.progress.lock().completion.clone()
    }

    pub(super) fn is_canceled(&self) -> bool {
        self.progress.lock().canceled
    }

    /// Asks for the request to be canceled (*IoCancelIrp function*).
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    pub(super) fn cancel(&self) {
        {
            let mut progress = self.progress.lock();
            if progress.completion.is_some() {
                return;
            }
            progress.canceled = true;
        }
        let request = *self.request.lock();
        if let Some(request) = request {
            request.cancel();
        }
    }
}

/// Whether a status is an error, the highest severity (`NT_ERROR`).
fn is_error(status: NTSTATUS) -> bool {
    status as u32 >> 30 == 3
}
