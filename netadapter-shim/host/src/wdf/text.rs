//! Texts that cross the contract.

use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_PARAMETER, UNICODE_STRING, USHORT};
use std::cell::UnsafeCell;

/// A text as the kernel keeps it, with its terminator, and the structure that describes it.
pub(super) struct UnicodeText {
    _units: Box<[u16]>,
    string: UnsafeCell<UNICODE_STRING>,
}

// SAFETY: the units never change, and the structure only if the driver writes to it, which its
// pages forbid.
unsafe impl Send for UnicodeText {}
// SAFETY: as above.
unsafe impl Sync for UnicodeText {}

impl UnicodeText {
    /// Makes a text of at most 32,766 units; longer ones are cut.
    pub(super) fn new(text: &str) -> Self {
        Self::from_units(text.encode_utf16().collect())
    }

    pub(super) fn from_units(mut units: Vec<u16>) -> Self {
        const LONGEST: usize = USHORT::MAX as usize / 2 - 1;
        units.truncate(LONGEST);
        let bytes = (units.len() * 2) as USHORT;
        units.push(0);
        let mut units = units.into_boxed_slice();
        let string = UNICODE_STRING {
            Length: bytes,
            MaximumLength: bytes + 2,
            Buffer: units.as_mut_ptr(),
        };
        Self {
            _units: units,
            string: UnsafeCell::new(string),
        }
    }

    /// The structure, valid as long as this text is.
    pub(super) fn string(&self) -> *mut UNICODE_STRING {
        self.string.get()
    }

    /// A copy of the structure.
    pub(super) fn as_string(&self) -> UNICODE_STRING {
        // SAFETY: nobody writes to the structure.
        unsafe { self.string.get().read() }
    }
}

/// The units of a string that a driver passes (*fxvalidatefunctions.cpp*, FxValidateUnicodeString).
///
/// # Errors
/// `STATUS_INVALID_PARAMETER` if its members contradict each other.
///
/// # Safety
/// `string` is valid, and so is its buffer for as many bytes as it says.
pub(super) unsafe fn units(string: &UNICODE_STRING) -> Result<Vec<u16>, NTSTATUS> {
    let (length, maximum) = (string.Length, string.MaximumLength);
    let odd = length % 2 != 0 || maximum % 2 != 0;
    if odd || length > maximum || length > 0 && string.Buffer.is_null() {
        return Err(STATUS_INVALID_PARAMETER);
    }
    if length == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the caller's promise.
    let units = unsafe { std::slice::from_raw_parts(string.Buffer, usize::from(length / 2)) };
    Ok(units.to_vec())
}

/// As [`units`], as a text; what is no UTF-16 is replaced.
///
/// # Errors
/// As for [`units`].
///
/// # Safety
/// As for [`units`].
pub(super) unsafe fn read(string: &UNICODE_STRING) -> Result<String, NTSTATUS> {
    // SAFETY: the caller's promise.
    unsafe { units(string) }.map(|units| String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_went() {
        let text = UnicodeText::new("Größe");
        let string = text.as_string();
        assert_eq!((string.Length, string.MaximumLength), (10, 12));
        // SAFETY: the text lives.
        assert_eq!(unsafe { read(&string) }.unwrap(), "Größe");
    }

    #[test]
    fn lengths_that_contradict_each_other_are_refused() {
        let text = UnicodeText::new("abc");
        for (length, maximum) in [(3, 8), (8, 6), (6, 7)] {
            let string = UNICODE_STRING {
                Length: length,
                MaximumLength: maximum,
                ..text.as_string()
            };
            // SAFETY: a string that is refused is not read.
            assert_eq!(unsafe { read(&string) }, Err(STATUS_INVALID_PARAMETER));
        }
    }
}
