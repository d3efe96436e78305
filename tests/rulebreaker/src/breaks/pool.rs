//! Pool memory.

use super::Hands;
use netadapter_abi::nt;

/// Pool tag `Brkr`.
const TAG: u32 = u32::from_le_bytes(*b"Brkr");

pub fn free_pool_twice(_: Hands, wrong: bool) {
    // SAFETY: plain allocation.
    let block = unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, 64, TAG) };
    for _ in 0..=u32::from(wrong) {
        // SAFETY: right the first time; the host is to notice the second.
        unsafe { nt::ExFreePoolWithTag(block, TAG) };
    }
}

pub fn free_pool_with_other_tag(_: Hands, wrong: bool) {
    // SAFETY: plain allocation.
    let block = unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, 64, TAG) };
    // SAFETY: the tag is not the block's if this is to be wrong.
    unsafe { nt::ExFreePoolWithTag(block, TAG + u32::from(wrong)) };
}
