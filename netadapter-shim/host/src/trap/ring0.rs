//! What ring 0 has and user mode lacks: the registers and the page that a machine lends to the code
//! of its driver.

use super::region::RegisterFile;

/// The page that Windows shares with all code: `KUSER_SHARED_DATA` at its kernel address, which
/// `wdm.h` compiles into drivers (`KI_USER_SHARED_DATA`).
pub const SHARED_DATA_ADDRESS: u64 = 0xFFFF_F780_0000_0000;
/// Its length in bytes.
pub const SHARED_DATA_BYTES: u64 = 4096;

/// What `rdtscp` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// The counter.
    pub counter: u64,
    /// `IA32_TSC_AUX`, which operating systems give the processor's number.
    pub processor: u32,
}

/// The part of a processor that only ring 0 reaches.
///
/// All calls come on the thread and the stack of the driver code that uses the instruction, outside
/// signal context: they may wait where that code may, and deliver interrupts.
pub trait Ring0: Send + Sync {
    /// Reads `cr8`: the IRQL.
    fn task_priority(&self) -> u8;
    /// Writes `cr8`; at most 15.
    fn set_task_priority(&self, priority: u8);
    /// Whether maskable interrupts come through.
    fn are_interrupts_enabled(&self) -> bool;
    /// `sti` and `cli`, and what `popfq` restores.
    fn enable_interrupts(&self, enabled: bool);
    /// Reads the time-stamp counter.
    fn time_stamp(&self) -> TimeStamp;
    /// The page at [`SHARED_DATA_ADDRESS`]. It is never written.
    fn shared_data(&self) -> &dyn RegisterFile;
}
