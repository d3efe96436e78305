//! Message-signalled interrupts.

use core::ptr::null_mut;

use netadapter_abi::wdf::{WDF_INTERRUPT_CONFIG, WDFINTERRUPT};
use netadapter_abi::{nt_export, wdf_call};

use crate::device::DeviceHandle;
use crate::object::{self, ContextType};
use crate::resources::MessageResource;
use crate::{Result, Status};

/// The driver's data of an interrupt.
pub trait Interrupt: ContextType + Send + Sync {
    /// `EvtInterruptIsr`: the message has arrived.
    ///
    /// It may come as soon as the interrupt is connected, and comes again only after it has returned.
    ///
    /// IRQL: DIRQL.
    fn isr(&self);
}

/// Creates the interrupt of a message. It lives until `EvtDeviceReleaseHardware` has returned.
///
/// Its affinity cannot be chosen here any more: that is a matter of `EvtDeviceFilterAddResourceRequirements`.
///
/// IRQL: PASSIVE_LEVEL, in `EvtDevicePrepareHardware`.
///
/// # Errors
///
/// That of `WdfInterruptCreate`.
pub fn create<I: Interrupt>(
    device: DeviceHandle,
    message: &MessageResource<'_>,
    data: I,
) -> Result<()> {
    let mut config = WDF_INTERRUPT_CONFIG {
        InterruptRaw: message.raw,
        InterruptTranslated: message.translated,
        ..WDF_INTERRUPT_CONFIG::init(Some(isr::<I>), None)
    };
    let mut attributes = object::attributes::<I>();
    let mut interrupt = null_mut();
    // SAFETY: the device is valid; the descriptors are those of the running EvtDevicePrepareHardware; configuration,
    // attributes and result outlive the call.
    let status = unsafe {
        wdf_call!(
            WdfInterruptCreate,
            device.raw(),
            &mut config,
            &mut attributes,
            &mut interrupt
        )
    };
    Status::check(status)?;
    // SAFETY: the interrupt was created with these attributes, and is connected only after EvtDeviceD0Entry.
    unsafe { object::emplace(interrupt.cast(), data) };
    Ok(())
}

nt_export! {
    unsafe fn isr<I: Interrupt>(interrupt: WDFINTERRUPT, _message: u32) -> u8 {
        // SAFETY: the interrupt is connected, so that it and its data are alive.
        if let Some(data) = unsafe { object::find::<I>(interrupt.cast()) } {
            data.isr();
        }
        // A message belongs to one device: it was for us.
        1
    }
}
