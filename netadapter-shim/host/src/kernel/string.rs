//! Counted strings.

use super::exports;
use netadapter_abi::nt::UNICODE_STRING;
use netadapter_abi::nt_export;

/// The UTF-16 units of a counted string.
///
/// # Safety
/// `string` points to a valid counted string that outlives the result.
pub(super) unsafe fn units<'a>(string: *const UNICODE_STRING) -> &'a [u16] {
    // SAFETY: the caller's promise.
    let string = unsafe { string.read() };
    if string.Buffer.is_null() {
        return &[];
    }
    // SAFETY: a valid counted string has `Length` bytes at `Buffer`.
    unsafe { core::slice::from_raw_parts(string.Buffer, usize::from(string.Length) / 2) }
}

nt_export! {
    unsafe fn RtlInitUnicodeString(to: *mut UNICODE_STRING, from: *const u16) {
        let mut length = 0;
        // SAFETY: a source that is not null is NUL-terminated, and all before its end was read.
        while !from.is_null() && unsafe { from.wrapping_add(length).read() } != 0 {
            length += 1;
        }
        let bytes = (length * 2).min(usize::from(u16::MAX) - 3) as u16;
        let maximum = if from.is_null() { 0 } else { bytes + 2 };
        let value =
            UNICODE_STRING { Length: bytes, MaximumLength: maximum, Buffer: from.cast_mut() };
        // SAFETY: the caller gives room for the string.
        unsafe { to.write(value) };
    }

    unsafe fn RtlCopyUnicodeString(to: *mut UNICODE_STRING, from: *const UNICODE_STRING) {
        // SAFETY: the caller gives a valid string with a buffer of `MaximumLength` bytes.
        let to = unsafe { &mut *to };
        if from.is_null() {
            to.Length = 0;
            return;
        }
        // SAFETY: a source that is not null is a valid counted string.
        let source = unsafe { units(from) };
        let count = source.len().min(usize::from(to.MaximumLength) / 2);
        // SAFETY: `count` units fit into the destination's buffer, which is not the source's.
        unsafe { core::ptr::copy(source.as_ptr(), to.Buffer, count) };
        to.Length = (count * 2) as u16;
    }
}

exports! { RtlInitUnicodeString, RtlCopyUnicodeString }
