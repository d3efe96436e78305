//! Debug output and bug checks of the driver.

use super::exports;
use super::rules;
use crate::executive::{system, violation};
use core::ffi::{CStr, c_char};
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS, UNICODE_STRING};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::fmt::Write;

/// Lines kept of a driver's debug output.
const MAXIMUM_LINES: usize = 4096;

/// What the driver printed.
#[derive(Default)]
pub struct DebugLog {
    lines: Mutex<Vec<String>>,
}

impl DebugLog {
    /// The lines so far, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().clone()
    }

    fn push(&self, line: String) {
        let mut lines = self.lines.lock();
        if lines.len() < MAXIMUM_LINES {
            lines.push(line);
        }
    }
}

nt_export! {
    unsafe fn KeBugCheckEx(code: u32, first: usize, second: usize, third: usize, fourth: usize) {
        violation(
            &rules::DRIVER_BUG_CHECK,
            format!("bug check {code:#x} ({first:#x}, {second:#x}, {third:#x}, {fourth:#x})"),
        )
    }

    /// The variadic part holds at most five words here: the first in a register, the others on
    /// the caller's stack, where the Microsoft x64 convention puts them.
    unsafe fn DbgPrintEx(
        _component: u32,
        _level: u32,
        format: *const c_char,
        first: usize,
        second: usize,
        third: usize,
        fourth: usize,
        fifth: usize
    ) -> NTSTATUS {
        if !format.is_null() {
            // SAFETY: the format is a NUL-terminated string (*DbgPrintEx function*).
            let format = unsafe { CStr::from_ptr(format) };
            // SAFETY: the driver's arguments match its format.
            let line = unsafe { expand(format.to_bytes(), &[first, second, third, fourth, fifth]) };
            let log = system().subsystem::<DebugLog>();
            log.push(line.trim_end().to_owned());
        }
        STATUS_SUCCESS
    }
}

/// Expands `%s %wZ %d %i %u %x %X %p %c %%` (with width, zero and length modifiers ignored).
///
/// # Safety
/// Arguments that the format takes for strings must be null or valid strings.
unsafe fn expand(format: &[u8], arguments: &[usize]) -> String {
    let mut text = String::new();
    let mut arguments = arguments.iter().copied();
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            text.push(char::from(byte));
            continue;
        }
        while bytes
            .next_if(|b| b"0123456789.-+# lhIzw".contains(b))
            .is_some()
        {}
        let conversion = bytes.next().unwrap_or(b'%');
        if conversion == b'%' {
            text.push('%');
            continue;
        }
        let Some(value) = arguments.next() else { break };
        // Writing to a String never fails.
        let _ = match conversion {
            b'd' | b'i' => write!(text, "{}", value as i32),
            b'u' => write!(text, "{}", value as u32),
            b'x' | b'X' => write!(text, "{:x}", value as u32),
            b'p' => write!(text, "{value:#x}"),
            b'c' => write!(text, "{}", char::from(value as u8)),
            b's' if value != 0 => {
                // SAFETY: the caller's promise.
                let argument = unsafe { CStr::from_ptr(value as *const c_char) };
                write!(text, "{}", argument.to_string_lossy())
            }
            b'Z' if value != 0 => {
                // SAFETY: the caller's promise.
                let argument = unsafe { super::string::units(value as *const UNICODE_STRING) };
                write!(text, "{}", String::from_utf16_lossy(argument))
            }
            _ => write!(text, "(null)"),
        };
    }
    text
}

exports! { KeBugCheckEx, DbgPrintEx }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_formats_expand_numbers_and_strings() {
        let name = c"queue";
        // SAFETY: the one string argument is a C string.
        let text = unsafe {
            expand(
                b"%s %u of %lu: %#x%%\n",
                &[name.as_ptr() as usize, 3, 8, 0x1f],
            )
        };
        assert_eq!(text, "queue 3 of 8: 1f%\n");
    }
}
