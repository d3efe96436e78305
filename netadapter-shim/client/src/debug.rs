//! Messages for a kernel debugger.

use core::fmt::{self, Write};

/// `DbgPrintEx` shows at most this many characters of one message.
const LONGEST_MESSAGE: usize = 512;

/// How much a message matters; `Kd_IHVNETWORK_Mask` decides which a debugger shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something went wrong.
    Error,
    /// Something worth knowing happened.
    Info,
}

/// Shows a line in a kernel debugger. IRQL: ≤ DIRQL.
///
/// ```ignore
/// debug_print!(Level::Error, "dhpnic: {fault}");
/// ```
#[macro_export]
macro_rules! debug_print {
    ($level:expr, $($message:tt)*) => { $crate::debug::print($level, format_args!($($message)*)) };
}

/// See [`debug_print!`](crate::debug_print).
pub fn print(level: Level, message: fmt::Arguments<'_>) {
    let mut line = Line {
        text: [0; LONGEST_MESSAGE],
        length: 0,
    };
    // A message that is too long is cut off.
    let _ = line.write_fmt(message);
    line.text[line.length] = b'\n';
    show(level, &line.text);
}

#[cfg(target_os = "windows")]
fn show(level: Level, text: &[u8; LONGEST_MESSAGE]) {
    use netadapter_abi::nt::{self, DPFLTR_ERROR_LEVEL, DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL};

    let level = match level {
        Level::Error => DPFLTR_ERROR_LEVEL,
        Level::Info => DPFLTR_INFO_LEVEL,
    };
    // SAFETY: the text ends with a NUL and holds no conversion (see `Line`), so no further argument is read.
    unsafe { nt::DbgPrintEx(DPFLTR_IHVNETWORK_ID, level, text.as_ptr()) };
}

/// Without a kernel there is no debugger to show it to; tests see what the code returns.
#[cfg(not(target_os = "windows"))]
fn show(_: Level, _: &[u8; LONGEST_MESSAGE]) {}

/// A message being written.
///
/// # Invariants
///
/// At least two bytes behind `length` are 0: room for the line's end and for the NUL. No byte is a per cent sign, which
/// `DbgPrintEx` would take for a conversion.
struct Line {
    text: [u8; LONGEST_MESSAGE],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for byte in part.bytes() {
            if self.length + 2 >= LONGEST_MESSAGE {
                return Err(fmt::Error);
            }
            self.text[self.length] = if byte == b'%' { b'_' } else { byte };
            self.length += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_off_and_still_ends_with_nul() {
        let mut line = Line {
            text: [0; LONGEST_MESSAGE],
            length: 0,
        };
        assert!(write!(line, "{:>1000}", "%n").is_err());
        assert_eq!(line.length, LONGEST_MESSAGE - 2);
        assert_eq!(&line.text[LONGEST_MESSAGE - 2..], [0, 0]);
    }

    #[test]
    fn no_message_holds_a_conversion() {
        let mut line = Line {
            text: [0; LONGEST_MESSAGE],
            length: 0,
        };
        write!(line, "100%s").unwrap();
        assert_eq!(&line.text[..6], b"100_s\0");
    }
}
