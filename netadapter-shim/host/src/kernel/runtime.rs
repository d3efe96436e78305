//! The functions of the C runtime that `ntoskrnl.exe` exports and compilers call by themselves.

use super::exports;
use core::ffi::{CStr, c_char, c_int, c_void};
use netadapter_abi::nt_export;

/// The units before the terminator, at most `limit`.
///
/// # Safety
/// The string is valid up to its terminator, or for `limit` units.
unsafe fn wide_length(text: *const u16, limit: usize) -> usize {
    let is_before_end = |&unit: &usize| {
        let unit = text.wrapping_add(unit);
        // SAFETY: the caller's promise: no unit before this one was the terminator.
        unsafe { unit.read_unaligned() != 0 }
    };
    (0..limit).take_while(is_before_end).count()
}

nt_export! {
    unsafe fn memcpy(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's ranges are valid. They may overlap: drivers have relied on that, and
        // the kernel's own memcpy is memmove.
        unsafe { to.cast::<u8>().copy_from(from.cast(), bytes) };
        to
    }

    unsafe fn memmove(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's ranges are valid.
        unsafe { to.cast::<u8>().copy_from(from.cast(), bytes) };
        to
    }

    unsafe fn memset(to: *mut c_void, value: c_int, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's range is valid.
        unsafe { to.cast::<u8>().write_bytes(value as u8, bytes) };
        to
    }

    unsafe fn memcmp(left: *const c_void, right: *const c_void, bytes: usize) -> c_int {
        // SAFETY: the caller's range is valid.
        let left = unsafe { std::slice::from_raw_parts(left.cast::<u8>(), bytes) };
        // SAFETY: as above.
        let right = unsafe { std::slice::from_raw_parts(right.cast::<u8>(), bytes) };
        left.cmp(right) as c_int
    }

    unsafe fn strlen(text: *const c_char) -> usize {
        // SAFETY: the caller's string has its terminator.
        unsafe { CStr::from_ptr(text) }.count_bytes()
    }

    unsafe fn strcmp(left: *const c_char, right: *const c_char) -> c_int {
        // SAFETY: the caller's string has its terminator.
        let left = unsafe { CStr::from_ptr(left) };
        // SAFETY: as above.
        left.to_bytes().cmp(unsafe { CStr::from_ptr(right) }.to_bytes()) as c_int
    }

    unsafe fn wcslen(text: *const u16) -> usize {
        // SAFETY: the caller's string has its terminator.
        unsafe { wide_length(text, usize::MAX) }
    }

    unsafe fn wcsnlen(text: *const u16, limit: usize) -> usize {
        // SAFETY: the caller's string has its terminator, or that many units.
        unsafe { wide_length(text, limit) }
    }
}

/// With the handler of C, which is an address like the others to those who import it.
pub(super) fn exports() -> Vec<super::Export> {
    exports! { memcpy, memmove, memset, memcmp, strlen, strcmp, wcslen, wcsnlen }
    let handler = crate::exception::c_specific_handler();
    let mut exports = exports();
    exports.push(("__C_specific_handler", handler));
    exports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_copied_filled_and_compared() {
        let mut bytes = *b"abcdefgh";
        let start = bytes.as_mut_ptr();
        // SAFETY: both ranges lie in the array.
        unsafe { memcpy(start.wrapping_add(2).cast(), start.cast(), 4) };
        assert_eq!(&bytes, b"ababcdgh");
        // SAFETY: as above.
        unsafe { memmove(start.cast(), start.wrapping_add(1).cast(), 7) };
        // SAFETY: as above.
        unsafe { memset(start.wrapping_add(6).cast(), 0x141, 2) };
        assert_eq!(&bytes, b"babcdgAA");
        let compare = |left: &[u8], right: &[u8]| {
            // SAFETY: both have as many bytes.
            unsafe { memcmp(left.as_ptr().cast(), right.as_ptr().cast(), left.len()) }.signum()
        };
        let orders = [
            compare(b"ab", b"ab"),
            compare(b"a\xff", b"ab"),
            compare(b"", b""),
        ];
        assert_eq!(orders, [0, 1, 0]);
    }

    #[test]
    fn strings_end_at_their_terminator() {
        let wide = netadapter_abi::utf16!("queue");
        // SAFETY: constants with terminators, here and below.
        assert_eq!(unsafe { wcslen(wide.as_ptr()) }, 5);
        // SAFETY: as above.
        assert_eq!(unsafe { wcsnlen(wide.as_ptr(), 3) }, 3);
        // SAFETY: as above.
        assert_eq!(unsafe { strlen(c"queue".as_ptr()) }, 5);
        // SAFETY: as above.
        assert_eq!(unsafe { strcmp(c"queue".as_ptr(), c"quiet".as_ptr()) }, -1);
    }
}
