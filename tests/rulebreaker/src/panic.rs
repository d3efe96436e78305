//! What a panic does in kernel mode: it ends everything.

use netadapter_abi::nt;

/// MANUALLY_INITIATED_CRASH1, the code for drivers' own crashes.
const BUG_CHECK: u32 = 0xDEAD_DEAD;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: a bug check may be raised anywhere; it does not return.
    unsafe { nt::KeBugCheckEx(BUG_CHECK, 0, 0, 0, 0) }
}
