//! A driver's image: loaded, and explained when something goes wrong in it.
//!
//! [`LoadedImage`] maps a kernel-mode PE image as Windows' loader does, and refuses what Windows
//! refuses. [`Symbols`] reads its PDB. The walks in [`driver_frames`] and [`driver_call_site`] find
//! where in the driver a fault or a call of the host came from, and [`CallSite`] prints it.
//!
//! Every byte of a file is hostile: each length and offset is checked, and what does not fit is an
//! [`ImageError`] that says what and where.

mod backtrace;
mod checksum;
mod code;
mod error;
mod headers;
mod imports;
mod load_config;
mod loader;
mod mapping;
mod relocations;
mod replacements;
mod symbols;
mod unwind;

pub use backtrace::{CallSite, DriverFrame, driver_call_site, driver_frames};
pub use error::ImageError;
pub use headers::Section;
pub use imports::{Import, ImportResolver};
pub use loader::LoadedImage;
pub(crate) use unwind::{Frame, Handler};

pub use symbols::{DebugIdentity, SourceFrame, Symbols, SymbolsError};

#[cfg(test)]
mod tests;
