//! KMDF 1.33: types, constants, callback types and table functions.
#![allow(
    missing_docs,
    reason = "the items are those of the KMDF headers and documented there"
)]

mod callbacks;
mod deferred;
mod device;
mod dma;
mod driver;
mod enums;
mod functions;
mod handles;
mod interrupt;
mod io;
mod object;
mod power;
mod table;

pub use callbacks::{CALLBACKS, *};
pub use deferred::*;
pub use device::*;
pub use dma::*;
pub use driver::*;
pub use enums::{ENUMS, *};
pub use functions::*;
pub use handles::{CONSTANTS, *};
pub use interrupt::*;
pub use io::*;
pub use object::*;
pub use power::*;
pub use table::*;

use crate::declare::{callbacks, prototypes, zeroed};
use crate::nt::*;
