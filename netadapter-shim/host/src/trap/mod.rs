//! What the processor does for a driver in ring 0 and Linux does not do in user mode.
//!
//! A driver reads and writes registers by plain volatile loads and stores. A [`Region`] is a range
//! of addresses that no access gets through: the processor reports each as a page fault, this
//! module completes the instruction against a [`RegisterFile`], and the driver goes on behind it.
//! Every other fault of driver code reaches the [`FaultSink`] of its image, with the registers of
//! that moment. A fault of the host itself is nobody's business here: it goes to whoever handled
//! the signal before, so that the process ends as it would without this module.
//!
//! An image may be lent a [`Ring0`]: then reads and writes of `cr8`, `cli` and `sti` and reads of the
//! shared data page are completed too. What user mode runs otherwise than ring 0 without a fault
//! (`rdtsc`, and `popfq` where interrupts may be off) the loader has replaced by `hlt`, and the sink
//! tells what stood there. `gs:` leads to the [`ProcessorBlock`] that was selected on the thread.
//!
//! # Where the work is done
//!
//! The signal handler only classifies. It saves the interrupted registers in a frame on the
//! interrupted stack and makes the thread continue in a trampoline, outside signal context; there
//! the instruction is decoded, the device model is called, and the trampoline returns behind the
//! instruction with all registers and the floating-point state restored. So a register access is to
//! the device model an ordinary call on the driver's stack: it may lock, allocate, deliver
//! interrupts or switch to another coroutine. It may lock because the interrupted code is driver
//! code, at an instruction that touches memory only the host may touch, and driver code holds no
//! lock of the host.

mod arithmetic;
mod fault;
mod instruction;
mod privileged;
mod probe;
mod processor_block;
mod ranges;
mod region;
mod registers;
mod resume;
mod ring0;
mod service;
mod signal;
mod thread;

pub(crate) use probe::read_u64;
pub(crate) use processor_block::is_processor_field;

pub use fault::{
    Access, Fault, FaultKind, FaultSink, ImageRegistration, Resumption, register_image,
};
pub use processor_block::ProcessorBlock;
pub use region::{Region, RegisterFile};
pub use registers::Registers;
pub use ring0::{Ring0, SHARED_DATA_ADDRESS, SHARED_DATA_BYTES, TimeStamp};
pub use thread::{PreparedThread, prepare_thread};

#[cfg(test)]
mod tests;
