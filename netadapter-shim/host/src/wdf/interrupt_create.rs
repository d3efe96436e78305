//! `WdfInterruptCreate`.

use super::device::{self, DeviceHost, DeviceState};
use super::entry::{enter_passive, has_size, required, required_out};
use super::interrupt::{self, InterruptHost, Origin};
use super::interrupt_resource::{InterruptResource, assigned_interrupts, interrupt_values};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use super::resource_list::{self, Descriptor};
use super::rules;
use crate::executive::violation;
use crate::pnp::AssignedResources;
use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CmResourceTypeInterrupt, NTSTATUS, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, WDF_DRIVER_GLOBALS, WDF_INTERRUPT_CONFIG,
    WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFINTERRUPT, WdfUseDefault,
};

/// Checks what does not depend on the time of the call.
fn check_config(
    config: &WDF_INTERRUPT_CONFIG,
    attributes: Option<&WDF_OBJECT_ATTRIBUTES>,
) -> Result<(), NTSTATUS> {
    if !has_size::<WDF_INTERRUPT_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    let passive = config.PassiveHandling != 0;
    let two_handlers = config.EvtInterruptDpc.is_some() && config.EvtInterruptWorkItem.is_some();
    let wrong_lock = if passive {
        !config.SpinLock.is_null()
    } else {
        !config.WaitLock.is_null()
    };
    if config.EvtInterruptIsr.is_none() || two_handlers || wrong_lock {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let serialized = config.AutomaticSerialization != 0;
    if !serialized && attributes.is_some_and(|attributes| !attributes.ParentObject.is_null()) {
        return Err(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    }
    let unsupported = [
        (passive, "WDF_INTERRUPT_CONFIG.PassiveHandling"),
        (
            config.EvtInterruptWorkItem.is_some(),
            "WDF_INTERRUPT_CONFIG.EvtInterruptWorkItem",
        ),
        (!config.SpinLock.is_null(), "WDF_INTERRUPT_CONFIG.SpinLock"),
        (serialized, "WDF_INTERRUPT_CONFIG.AutomaticSerialization"),
    ];
    if let Some((_, what)) = unsupported.iter().find(|(wanted, _)| *wanted) {
        violation(&rules::NOT_IMPLEMENTED_BY_HOST, (*what).to_owned());
    }
    Ok(())
}

/// When the object is made, and for which message.
fn origin(
    device: &DeviceHost,
    config: &WDF_INTERRUPT_CONFIG,
) -> Result<(Origin, Option<InterruptResource>), NTSTATUS> {
    let raw = config.InterruptRaw;
    let translated = config.InterruptTranslated;
    match device.state() {
        DeviceState::Adding | DeviceState::Added => {
            if !raw.is_null() || !translated.is_null() || config.CanWakeDevice != 0 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            Ok((Origin::DeviceAdd, None))
        }
        DeviceState::Preparing => {
            if raw.is_null() || translated.is_null() || config.ShareVector != WdfUseDefault {
                return Err(STATUS_INVALID_DEVICE_STATE);
            }
            let resource = resource_of(device, raw, translated)?;
            Ok((Origin::PrepareHardware, Some(resource)))
        }
        _ => Err(STATUS_INVALID_DEVICE_STATE),
    }
}

/// The message of the two descriptors, which the driver got from the device's lists.
fn resource_of(
    device: &DeviceHost,
    raw: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    translated: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
) -> Result<InterruptResource, NTSTATUS> {
    let lists = (*device.resources.lock()).ok_or(STATUS_INVALID_DEVICE_STATE)?;
    let (raw_list, list) = (
        resource_list::list(lists.raw()),
        resource_list::list(lists.translated()),
    );
    let position = list.position(translated).ok_or(STATUS_INVALID_PARAMETER)?;
    if raw_list.position(raw) != Some(position) {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let descriptors = [
        &raw_list.descriptors()[position],
        &list.descriptors()[position],
    ];
    if descriptors
        .iter()
        .any(|descriptor| descriptor.original.Type != CmResourceTypeInterrupt)
    {
        let detail = format!("WdfInterruptCreate: descriptor {position} is no interrupt");
        violation(&rules::WDF_NOT_INTERRUPT_RESOURCE, detail);
    }
    if descriptors.iter().any(|descriptor| is_tampered(descriptor)) {
        let detail = format!("WdfInterruptCreate: descriptor {position} was changed");
        violation(&rules::WDF_RESOURCE_TAMPERED, detail);
    }
    let originals = |list: &resource_list::ResourceList| {
        list.descriptors()
            .iter()
            .map(|descriptor| descriptor.original)
            .collect()
    };
    let resources = AssignedResources {
        raw: originals(raw_list),
        translated: originals(list),
    };
    free_message(device, &resources, position)
}

fn is_tampered(descriptor: &Descriptor) -> bool {
    let identity = |descriptor: CM_PARTIAL_RESOURCE_DESCRIPTOR| {
        let values = interrupt_values(&descriptor);
        let head = (
            descriptor.Type,
            descriptor.ShareDisposition,
            descriptor.Flags,
        );
        (
            head,
            values.Level,
            values.Group,
            values.Vector,
            values.Affinity,
        )
    };
    identity(descriptor.original) != identity(descriptor.copy())
}

/// The first message of a descriptor that no interrupt object has; a line may be shared.
fn free_message(
    device: &DeviceHost,
    resources: &AssignedResources,
    position: usize,
) -> Result<InterruptResource, NTSTATUS> {
    let interrupts = device.interrupts.lock().clone();
    let used: Vec<_> = interrupts
        .iter()
        .filter_map(|interrupt| interrupt.resource())
        .collect();
    let mut messages = assigned_interrupts(resources)
        .into_iter()
        .filter(|one| one.position == position);
    match messages.find(|message| !message.message_signaled || !used.contains(message)) {
        Some(message) => Ok(message),
        None => violation(
            &rules::WDF_MESSAGE_REUSED,
            format!("WdfInterruptCreate: all messages of descriptor {position} are in use"),
        ),
    }
}

fn create(
    handle: WDFDEVICE,
    config: &WDF_INTERRUPT_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFINTERRUPT, NTSTATUS> {
    let device = device::device(handle);
    // SAFETY: null or the driver's attributes.
    check_config(config, unsafe { attributes.as_ref() })?;
    let (origin, resource) = origin(device, config)?;
    let payload = Box::new(InterruptHost::new(handle, *config, origin));
    let object = object::create_object(
        ObjectKind::Interrupt,
        Some(handle.cast()),
        attributes,
        payload,
    )?;
    let interrupt: &'static InterruptHost = object::payload(object, ObjectKind::Interrupt);
    interrupt.set_handle(object.cast());
    interrupt.set_resource(resource);
    object::set_hooks(
        object,
        Hooks {
            dispose: Some(interrupt::dispose),
            destroy: None,
        },
    );
    if origin == Origin::DeviceAdd {
        object::forbid_driver_deletion(object);
    }
    device.interrupts.lock().push(interrupt);
    Ok(object.cast())
}

nt_export! {
    pub(super) unsafe fn wdf_interrupt_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        device: WDFDEVICE,
        config: *mut WDF_INTERRUPT_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFINTERRUPT,
    ) -> NTSTATUS {
        const NAME: &str = "WdfInterruptCreate";
        enter_passive(globals, NAME);
        // SAFETY: *WdfInterruptCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Configuration") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Interrupt") };
        match create(device, config, attributes) {
            Ok(interrupt) => {
                *result = interrupt;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }
}
