//! Why an image is not loaded.

use std::fmt;

/// Why an image is not loaded. Each message is one sentence about the file, without its name.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No DOS or PE signature.
    #[error("not a Windows image: {0}")]
    NotAnImage(&'static str),
    /// The file ends too early.
    #[error("the image is truncated: it ends inside {0}")]
    Truncated(String),
    /// Another processor.
    #[error("the image is built for {0}; this host runs x86-64 drivers")]
    Machine(String),
    /// Not a driver.
    #[error(
        "the image is no kernel-mode driver: its subsystem is {0}, not native (link with /SUBSYSTEM:NATIVE)"
    )]
    Subsystem(String),
    /// Imports by number.
    #[error("the image imports number {ordinal} of {module}; only imports by name can be resolved")]
    ImportByOrdinal {
        /// The module as the image spells it.
        module: String,
        /// The ordinal.
        ordinal: u16,
    },
    /// Imports that this host does not have.
    #[error("this host does not have {}, which the image imports", Listed(.0))]
    UnknownImports(
        /// `module!name`, in the image's order.
        Vec<String>,
    ),
    /// Memory that is code and data at once.
    #[error(
        "section {section} is writable and executable, which hypervisor-protected code integrity \
         forbids for kernel-mode drivers"
    )]
    WritableCode {
        /// The section's name.
        section: String,
    },
    /// A checksum that does not match.
    #[error(
        "the image is damaged: its checksum is {actual:#010x}, but its header says {expected:#010x}"
    )]
    Checksum {
        /// What the header says.
        expected: u32,
        /// What the bytes give.
        actual: u32,
    },
    /// An image for one address only.
    #[error(
        "the image has no relocations, so it cannot be loaded where there is room (link with \
         /DYNAMICBASE, without /FIXED)"
    )]
    NoRelocations,
    /// A header or a table that says something impossible.
    #[error("the image is malformed: {0}")]
    Malformed(String),
    /// A correct image that wants something this host does not do.
    #[error("this host cannot load the image: {0}")]
    Unsupported(&'static str),
    /// The host's own memory.
    #[error("no memory for the image")]
    Memory(#[source] std::io::Error),
}

/// A list as in a sentence: `a, b and c`.
struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            [only] => out.write_str(only),
            [first @ .., last] => write!(out, "{} and {last}", first.join(", ")),
        }
    }
}
