//! Files: what a program has open on a device, and the requests that it makes
//! (*Framework File Objects*, *fxpkggeneral.cpp*).

use super::super::callback::guarded;
use super::super::device::{DeviceHost, DeviceState};
use super::super::kind::ObjectKind;
use super::super::object;
use super::super::sddl::{Access, Principal};
use super::super::text::UnicodeText;
use super::buffers::{Buffers, Method};
use super::callback_lock::CallbackLock;
use super::irp::{Completion, Irp, Transfer};
use super::request::{Owner, Request};
use super::settings::file_class;
use crate::executive::{Event, EventKind, system};
use netadapter_abi::nt::{
    FILE_DEVICE_SECURE_OPEN, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_FILE_CLOSED,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_NO_SUCH_DEVICE, STATUS_NOT_SUPPORTED, nt_success,
};
use netadapter_abi::wdf::{
    PFN_WDF_FILE_CLEANUP, WDFFILEOBJECT, WDFOBJECT, WdfFileObjectNotRequired, WdfRequestTypeCreate,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// The process of all callers: the host plays one.
const PROCESS_ID: u32 = 4812;

struct Requests {
    outstanding: u32,
    closed: bool,
}

/// The files of a machine's programs.
#[derive(Default)]
struct OpenFiles(Mutex<Vec<Weak<OpenFile>>>);

/// Ends all programs: what they have open is closed.
///
/// IRQL: PASSIVE_LEVEL, on a processor.
pub fn close_all_files() {
    let files = std::mem::take(&mut *system().subsystem::<OpenFiles>().0.lock());
    files
        .iter()
        .filter_map(Weak::upgrade)
        .for_each(|file| file.close());
}

/// A file that a program has open on a device.
pub struct OpenFile {
    device: &'static DeviceHost,
    /// What follows the device in the name by which it was opened.
    file_name: UnicodeText,
    access: Access,
    /// NDIS takes all requests of the file: the driver never sees them.
    swallowed: bool,
    /// The WDFFILEOBJECT, as an address; 0 if the driver wants none.
    handle: AtomicUsize,
    requests: Mutex<Requests>,
    /// Set while no request is outstanding.
    idle: Event,
    cleaned: AtomicBool,
}

/// A request that has been made and may not have ended.
pub struct PendingIo {
    irp: Arc<Irp>,
}

impl PendingIo {
    /// Waits for the end.
    ///
    /// IRQL: below DISPATCH_LEVEL, on a processor.
    pub fn wait(&self) -> Completion {
        self.irp.wait()
    }

    /// How it ended, if it has.
    pub fn completion(&self) -> Option<Completion> {
        self.irp.completion()
    }

    /// Cancels the request (*CancelIoEx*): whoever has it is asked to end it.
    ///
    /// IRQL: DISPATCH_LEVEL or below, on a processor.
    pub fn cancel(&self) {
        self.irp.cancel();
    }
}

impl OpenFile {
    /// Opens a device as a principal: access check, EvtDeviceFileCreate.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// `STATUS_ACCESS_DENIED` if the device's security or its exclusiveness forbids it; the
    /// status with which the driver refused.
    pub fn open(
        device: &'static DeviceHost,
        name: &str,
        principal: Principal,
        access: Access,
    ) -> Result<Arc<Self>, NTSTATUS> {
        // It is not there for programs before it is initialised.
        if device.is_control() && device.state() == DeviceState::Adding {
            return Err(STATUS_NO_SUCH_DEVICE);
        }
        let secure = device.characteristics() & FILE_DEVICE_SECURE_OPEN != 0;
        // Without that characteristic the name space below the device is the driver's to guard.
        if (secure || name.is_empty()) && !device.security().grants(principal, access) {
            return Err(STATUS_ACCESS_DENIED);
        }
        if !device.io.file_opened() {
            return Err(STATUS_ACCESS_DENIED);
        }
        let file = Arc::new(Self {
            device,
            file_name: UnicodeText::new(&if name.is_empty() {
                String::new()
            } else {
                format!("\\{name}")
            }),
            access,
            // *NetDeviceInitConfig function*: NDIS takes what comes through an interface without
            // reference string. The public source of the class extension hands it to the driver;
            // the host follows the page.
            swallowed: device.class_extension().is_some() && name.is_empty(),
            handle: AtomicUsize::new(0),
            requests: Mutex::new(Requests {
                outstanding: 0,
                closed: false,
            }),
            idle: Event::new(EventKind::Notification, true),
            cleaned: AtomicBool::new(false),
        });
        file.create().inspect_err(|_| {
            file.delete_object();
            device.io.file_closed();
        })?;
        let files = &system().subsystem::<OpenFiles>().0;
        files.lock().push(Arc::downgrade(&file));
        Ok(file)
    }

    /// The WDFFILEOBJECT; null if the driver wants none.
    pub(super) fn handle(&self) -> WDFFILEOBJECT {
        self.handle.load(Ordering::Acquire) as WDFFILEOBJECT
    }

    pub(super) fn process_id(&self) -> u32 {
        PROCESS_ID
    }

    pub(super) fn device(&self) -> &'static DeviceHost {
        self.device
    }

    /// The name as the driver sees it: with a leading backslash, or empty.
    pub(super) fn file_name(&self) -> &UnicodeText {
        &self.file_name
    }

    fn create(self: &Arc<Self>) -> Result<(), NTSTATUS> {
        if self.swallowed {
            return Ok(());
        }
        self.make_object()?;
        let io = &self.device.io;
        let queue = io.queue_for(WdfRequestTypeCreate);
        let callback = io
            .settings
            .files
            .and_then(|files| files.EvtDeviceFileCreate);
        if queue.is_none() && callback.is_none() {
            return Ok(());
        }
        let irp = self.irp(&Transfer::Create)?;
        let attributes = io.settings.request_attributes.as_deref();
        let request = Request::create(self.device, irp.clone(), attributes)?;
        match (queue, callback) {
            (Some(queue), _) => queue.take_new(request),
            (None, Some(callback)) => {
                let queue = io.create_queue(self.device);
                {
                    let mut state = queue.state.lock();
                    queue.give_to_driver(&mut state, request);
                }
                request.state.lock().presented = true;
                debug_assert_eq!(request.state.lock().owner, Owner::Driver);
                CallbackLock::around(io.device_lock(), || {
                    guarded("EvtDeviceFileCreate", || {
                        let (device, file) = (self.device.handle(), self.handle());
                        // SAFETY: the driver registered this callback, and owns the request.
                        unsafe { callback(device, request.handle(), file) }
                    });
                });
            }
            (None, None) => unreachable!("there is nothing to ask"),
        }
        let status = irp.wait().status;
        if nt_success(status) {
            Ok(())
        } else {
            Err(status)
        }
    }

    fn make_object(self: &Arc<Self>) -> Result<(), NTSTATUS> {
        let settings = &self.device.io.settings;
        let Some(files) = &settings.files else {
            return Ok(());
        };
        if file_class(files) == Some(WdfFileObjectNotRequired) {
            return Ok(());
        }
        let attributes = settings.file_attributes.as_deref();
        let attributes = attributes.map_or(std::ptr::null(), std::ptr::from_ref);
        let parent = Some(self.device.handle().cast());
        let payload = Box::new(self.clone());
        let handle = object::create_object(ObjectKind::FileObject, parent, attributes, payload)?;
        self.handle.store(handle as usize, Ordering::Release);
        Ok(())
    }

    fn delete_object(&self) {
        let handle = self.handle() as WDFOBJECT;
        if !handle.is_null() && object::is_alive(handle, ObjectKind::FileObject) {
            object::delete_object(handle);
        }
    }

    fn irp(self: &Arc<Self>, transfer: &Transfer) -> Result<Arc<Irp>, NTSTATUS> {
        let parameters = transfer.parameters();
        let method = match transfer {
            Transfer::DeviceControl { code, .. } | Transfer::InternalDeviceControl { code, .. } => {
                Method::of_control_code(*code)
            }
            _ => self.device.io.settings.method,
        };
        let buffers = Buffers::prepare(method, transfer).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        {
            let mut requests = self.requests.lock();
            if requests.closed {
                return Err(STATUS_FILE_CLOSED);
            }
            requests.outstanding += 1;
            self.idle.clear();
        }
        Ok(Irp::new(parameters, method, Some(self.clone()), buffers))
    }

    /// A request of the file has ended.
    pub(super) fn request_ended(&self) {
        let mut requests = self.requests.lock();
        requests.outstanding -= 1;
        if requests.outstanding == 0 {
            self.idle.set();
        }
    }

    /// Makes a request. It may have ended when this returns.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// `STATUS_ACCESS_DENIED` if the file was not opened for this, `STATUS_FILE_CLOSED`,
    /// `STATUS_INSUFFICIENT_RESOURCES`. The driver's status is that of the completion.
    pub fn begin(self: &Arc<Self>, transfer: &Transfer) -> Result<PendingIo, NTSTATUS> {
        if !self.access.allows(needed(transfer)) {
            return Err(STATUS_ACCESS_DENIED);
        }
        let irp = self.irp(transfer)?;
        if self.swallowed {
            irp.complete(STATUS_NOT_SUPPORTED, 0);
        } else {
            self.device.io.dispatch(self.device, irp.clone());
        }
        Ok(PendingIo { irp })
    }

    /// Makes a request and waits for its end.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// As for [`OpenFile::begin`].
    pub fn transfer(self: &Arc<Self>, transfer: &Transfer) -> Result<Completion, NTSTATUS> {
        self.begin(transfer).map(|pending| pending.wait())
    }

    /// Closes the last handle: EvtFileCleanup, cancellation of what waits in queues, and, once
    /// every request has ended, EvtFileClose.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn close(self: &Arc<Self>) {
        if self.cleaned.swap(true, Ordering::AcqRel) {
            return;
        }
        if !self.swallowed {
            let files = self.device.io.settings.files;
            self.call(
                "EvtFileCleanup",
                files.and_then(|files| files.EvtFileCleanup),
            );
            self.device.io.flush(|request| request.is_of(self));
        }
        self.idle.wait();
        self.requests.lock().closed = true;
        if !self.swallowed {
            let files = self.device.io.settings.files;
            self.call("EvtFileClose", files.and_then(|files| files.EvtFileClose));
            self.delete_object();
        }
        self.device.io.file_closed();
    }

    fn call(&self, name: &'static str, callback: PFN_WDF_FILE_CLEANUP) {
        let Some(callback) = callback else { return };
        CallbackLock::around(self.device.io.device_lock(), || {
            guarded(name, || {
                // SAFETY: the driver registered this callback; the file object exists until it is
                // closed.
                unsafe { callback(self.handle()) }
            });
        });
    }
}

/// The access that a request needs (*Defining I/O Control Codes*).
fn needed(transfer: &Transfer) -> Access {
    match transfer {
        Transfer::Read { .. } => Access::READ,
        Transfer::Write { .. } => Access::WRITE,
        Transfer::DeviceControl { code, .. } => Access::of_control_code(*code),
        Transfer::Create | Transfer::InternalDeviceControl { .. } => Access::NONE,
    }
}

impl OpenFile {
    /// Whether the file is still open.
    pub fn is_open(&self) -> bool {
        !self.cleaned.load(Ordering::Acquire)
    }
}
