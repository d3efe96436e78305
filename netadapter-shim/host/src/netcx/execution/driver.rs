//! Execution contexts that a driver makes: NETEXECUTIONCONTEXT.

use super::{ExecutionContext, PollClient, Turn};
use crate::executive::{processor, system};
use crate::wdf::{self, Hooks, ObjectKind};
use netadapter_abi::net::{
    NET_EXECUTION_CONTEXT_CONFIG, NETEXECUTIONCONTEXT, PFN_NET_EXECUTION_CONTEXT_POST_ADVANCE,
    PFN_NET_EXECUTION_CONTEXT_SET_NOTIFICATION_ENABLED,
};
use netadapter_abi::nt::NTSTATUS;
use netadapter_abi::nt_fn;
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFOBJECT};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// An execution context of the driver.
pub(in crate::netcx) struct DriverContext {
    /// Gone once the object is destroyed.
    context: Mutex<Option<Arc<ExecutionContext>>>,
}

/// Where the clients of a context find its handle, which they need before there is one.
type Handle = Arc<OnceLock<usize>>;

fn handle_of(handle: &Handle) -> NETEXECUTIONCONTEXT {
    // A context that is polled before its object exists has nobody to be called for.
    handle.get().copied().unwrap_or_default() as NETEXECUTIONCONTEXT
}

/// The driver's EvtPreAdvance or EvtPostAdvance.
struct Step {
    handle: Handle,
    turn: Turn,
    name: &'static str,
    callback: nt_fn!(fn(NETEXECUTIONCONTEXT) -> u8),
}

impl PollClient for Step {
    fn turn(&self) -> Turn {
        self.turn
    }

    fn iterate(&self) -> bool {
        let handle = handle_of(&self.handle);
        // SAFETY: the driver registered the callback for this context, which calls it.
        let worked = wdf::guarded(self.name, || unsafe { (self.callback)(handle) });
        worked != 0
    }

    fn arm(&self) -> bool {
        false
    }
}

/// The driver's EvtSetNotificationEnabled.
struct Notification {
    handle: Handle,
    callback: nt_fn!(fn(NETEXECUTIONCONTEXT, u8)),
}

impl Notification {
    fn set(&self, enabled: bool) {
        let handle = handle_of(&self.handle);
        wdf::guarded("EvtExecutionContextSetNotificationEnabled", || {
            // SAFETY: the driver registered the callback for this context, which calls it.
            unsafe { (self.callback)(handle, u8::from(enabled)) }
        });
    }
}

impl PollClient for Notification {
    fn turn(&self) -> Turn {
        Turn::After
    }

    fn iterate(&self) -> bool {
        false
    }

    fn arm(&self) -> bool {
        self.set(true);
        true
    }

    fn disarm(&self) {
        self.set(false);
    }
}

fn clients(handle: &Handle, config: &NET_EXECUTION_CONTEXT_CONFIG) -> Vec<Arc<dyn PollClient>> {
    let step = |turn, name, callback: PFN_NET_EXECUTION_CONTEXT_POST_ADVANCE| {
        callback.map(|callback| -> Arc<dyn PollClient> {
            Arc::new(Step {
                handle: handle.clone(),
                turn,
                name,
                callback,
            })
        })
    };
    let before = step(
        Turn::Before,
        "EvtExecutionContextPreAdvance",
        config.EvtPreAdvance,
    );
    let after = step(
        Turn::After,
        "EvtExecutionContextPostAdvance",
        config.EvtPostAdvance,
    );
    let notify: PFN_NET_EXECUTION_CONTEXT_SET_NOTIFICATION_ENABLED =
        config.EvtSetNotificationEnabled;
    let notification = notify.map(|callback| -> Arc<dyn PollClient> {
        Arc::new(Notification {
            handle: handle.clone(),
            callback,
        })
    });
    before
        .into_iter()
        .chain(after)
        .chain(notification)
        .collect()
}

impl DriverContext {
    /// Makes the object.
    ///
    /// # Errors
    /// Those of *WdfObjectCreate function*.
    pub(super) fn create(
        device: WDFDEVICE,
        config: &NET_EXECUTION_CONTEXT_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
    ) -> Result<NETEXECUTIONCONTEXT, NTSTATUS> {
        let handle = Handle::default();
        let clients = clients(&handle, config);
        let context = ExecutionContext::new(system(), processor().index(), clients);
        let payload = Box::new(Self {
            context: Mutex::new(Some(context.clone())),
        });
        let kind = ObjectKind::NetExecutionContext;
        let object = wdf::create_object(kind, Some(device.cast()), attributes, payload)
            .inspect_err(|_| context.end())?;
        handle
            .set(object as usize)
            .expect("a context has one handle");
        wdf::set_hooks(
            object,
            Hooks {
                dispose: None,
                destroy: Some(destroy),
            },
        );
        Ok(object.cast())
    }

    /// The context of a handle; nothing if it is being destroyed.
    pub(in crate::netcx) fn of(handle: NETEXECUTIONCONTEXT) -> Option<Arc<ExecutionContext>> {
        let payload: &Self = wdf::payload(handle.cast(), ObjectKind::NetExecutionContext);
        payload.context.lock().clone()
    }
}

/// Queues and tasks hold references, so nothing uses the context any more.
fn destroy(object: WDFOBJECT) {
    let payload: &DriverContext = wdf::payload(object, ObjectKind::NetExecutionContext);
    let context = payload.context.lock().take();
    if let Some(context) = context {
        context.end();
    }
}
