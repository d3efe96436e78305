//! String objects.

use super::driver;
use super::entry::{enter_passive, required_out};
use super::kind::ObjectKind;
use super::object;
use super::text::{self, UnicodeText};
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS, UNICODE_STRING};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFOBJECT, WDFSTRING};
use parking_lot::Mutex;
use std::sync::Arc;

/// What a string object holds. Texts that were replaced stay: drivers may still read them.
#[derive(Default)]
struct StringObject {
    texts: Mutex<Vec<Arc<UnicodeText>>>,
}

fn string_object(handle: WDFSTRING) -> &'static StringObject {
    object::payload(handle.cast(), ObjectKind::String)
}

impl StringObject {
    fn assign(&self, text: UnicodeText) {
        self.texts.lock().push(Arc::new(text));
    }

    fn current(&self) -> Arc<UnicodeText> {
        let texts = self.texts.lock();
        texts
            .last()
            .cloned()
            .unwrap_or_else(|| Arc::new(UnicodeText::new("")))
    }
}

/// Makes a string object.
pub(super) fn create(
    parent: Option<WDFOBJECT>,
    attributes: *const WDF_OBJECT_ATTRIBUTES,
    units: Vec<u16>,
) -> Result<WDFSTRING, NTSTATUS> {
    let payload = Box::new(StringObject::default());
    payload.assign(UnicodeText::from_units(units));
    let handle = object::create_object(ObjectKind::String, parent, attributes, payload)?;
    Ok(handle.cast())
}

/// Gives a string object another content.
pub(super) fn assign(handle: WDFSTRING, text: &str) {
    string_object(handle).assign(UnicodeText::new(text));
}

nt_export! {
    pub(super) unsafe fn wdf_string_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        initial: *const UNICODE_STRING,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFSTRING,
    ) -> NTSTATUS {
        const NAME: &str = "WdfStringCreate";
        enter_passive(globals, NAME);
        // SAFETY: *WdfStringCreate function*: the location that receives the handle.
        let result = unsafe { required_out(result, NAME, "String") };
        // SAFETY: as above, null or the driver's string.
        let units = match unsafe { initial.as_ref() } {
            // SAFETY: as above.
            Some(initial) => match unsafe { text::units(initial) } {
                Ok(units) => units,
                Err(status) => return status,
            },
            None => Vec::new(),
        };
        match create(driver::driver_of(globals), attributes, units) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_string_get_unicode_string(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFSTRING,
        result: *mut UNICODE_STRING,
    ) {
        const NAME: &str = "WdfStringGetUnicodeString";
        enter_passive(globals, NAME);
        // SAFETY: *WdfStringGetUnicodeString function*: the driver's own structure.
        let result = unsafe { required_out(result, NAME, "UnicodeString") };
        *result = string_object(handle).current().as_string();
    }
}
