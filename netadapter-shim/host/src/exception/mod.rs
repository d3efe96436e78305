//! Structured exception handling: a fault of driver code that the driver's own handlers take
//! (`__try`, `__except`, `__finally`), as on Windows (*x64 exception handling*).
//!
//! An exception is offered to the handlers of the driver's frames from the innermost outward. A
//! handler can continue where the exception was raised, pass it on, or execute its `__except`
//! block: then the frames inside are unwound, with their `__finally` blocks, and the driver goes on
//! there. Where the chain of the driver's frames ends, nobody handles it: Windows has no handlers
//! around the callbacks of drivers either.

mod code;
mod dispatch;
mod record;
mod scope;

pub use code::{ExceptionCode, code_of};
pub use dispatch::dispatch;
pub use scope::c_specific_handler;
