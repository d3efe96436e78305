//! Pool memory.

use super::Hands;
use core::ffi::c_void;
use netadapter_abi::nt;

/// Pool tag `Brkr`.
const TAG: u32 = u32::from_le_bytes(*b"Brkr");

/// A block with `bytes` bytes.
fn allocate(bytes: usize) -> *mut c_void {
    // SAFETY: plain allocation.
    unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, bytes, TAG) }
}

fn free(block: *mut c_void) {
    // SAFETY: every block of this module is freed by this function once, or wrongly on purpose.
    unsafe { nt::ExFreePoolWithTag(block, TAG) };
}

/// Writes the byte at `right`, or at `wrong` if this is to be wrong.
fn write_at(block: *mut c_void, (right, wrong): (isize, isize), is_wrong: bool) {
    let offset = if is_wrong { wrong } else { right };
    let byte = block.cast::<u8>().wrapping_offset(offset);
    // SAFETY: the right one lies in the block; the host is to notice the other.
    unsafe { byte.write_volatile(1) };
}

pub fn write_behind_pool_block(_: Hands, wrong: bool) {
    let block = allocate(64);
    write_at(block, (63, 64), wrong);
    free(block);
}

pub fn write_behind_short_pool_block(_: Hands, wrong: bool) {
    let block = allocate(60);
    write_at(block, (59, 60), wrong);
    free(block);
}

pub fn write_in_front_of_pool_block(_: Hands, wrong: bool) {
    let block = allocate(64);
    write_at(block, (0, -1), wrong);
    free(block);
}

pub fn read_freed_pool(_: Hands, wrong: bool) {
    let block = allocate(64);
    if wrong {
        free(block);
    }
    // SAFETY: the block is gone if this is to be wrong, which the host is to notice.
    unsafe { block.cast::<u8>().read_volatile() };
    if !wrong {
        free(block);
    }
}

pub fn leak_pool(_: Hands, wrong: bool) {
    let block = allocate(64);
    if !wrong {
        free(block);
    }
}

pub fn use_tag_of_control_characters(_: Hands, wrong: bool) {
    let tag = if wrong { 7 } else { TAG };
    // SAFETY: plain allocation.
    let block = unsafe { nt::ExAllocatePool2(nt::POOL_FLAG_NON_PAGED, 64, tag) };
    // SAFETY: the block is freed once, with its tag.
    unsafe { nt::ExFreePoolWithTag(block, tag) };
}

pub fn free_pool_twice(_: Hands, wrong: bool) {
    let block = allocate(64);
    for _ in 0..=u32::from(wrong) {
        free(block);
    }
}

pub fn free_pool_with_other_tag(_: Hands, wrong: bool) {
    let block = allocate(64);
    // SAFETY: the tag is not the block's if this is to be wrong.
    unsafe { nt::ExFreePoolWithTag(block, TAG + u32::from(wrong)) };
}
