//! What Rust needs of the system: memory, and a way to stop at a panic. Only in images for Windows.

#[cfg(target_os = "windows")]
mod kernel {
    use core::alloc::{GlobalAlloc, Layout};
    use core::panic::PanicInfo;
    use core::ptr::null_mut;

    use netadapter_abi::nt::{
        self, PAGE_SIZE, POOL_FLAG_CACHE_ALIGNED, POOL_FLAG_NON_PAGED, POOL_FLAG_UNINITIALIZED,
    };

    /// Shown as `dhpn` by tools that list pool memory by tag.
    const POOL_TAG: u32 = u32::from_le_bytes(*b"dhpn");

    /// The alignment that pool memory has at least (*ExAllocatePool2*).
    const POOL_ALIGNMENT: usize = 16;
    /// The alignment of memory that is allocated cache aligned.
    const CACHE_ALIGNMENT: usize = 64;

    /// Nonpaged pool.
    struct NonPagedPool;

    #[global_allocator]
    static ALLOCATOR: NonPagedPool = NonPagedPool;

    // SAFETY: pool memory is valid until freed, and has the layout that is asked for: see `alloc`.
    unsafe impl GlobalAlloc for NonPagedPool {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // Blocks of a page or more start on a page boundary.
            let align = layout.align();
            let (flags, bytes) = if align <= POOL_ALIGNMENT {
                (0, layout.size())
            } else if align <= CACHE_ALIGNMENT {
                (POOL_FLAG_CACHE_ALIGNED, layout.size())
            } else if align <= PAGE_SIZE {
                (0, layout.size().max(PAGE_SIZE))
            } else {
                return null_mut();
            };
            let flags = POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED | flags;
            // SAFETY: the IRQL is the allocating function's to state; see `memory`.
            unsafe { nt::ExAllocatePool2(flags, bytes, POOL_TAG).cast() }
        }

        unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
            // SAFETY: the memory came from `alloc`, with this tag.
            unsafe { nt::ExFreePoolWithTag(memory.cast(), POOL_TAG) };
        }
    }

    /// The bug check at a panic: `RUST` in ASCII. Its parameters are the address and length of the source file's name,
    /// the line, and the column.
    const PANIC_BUG_CHECK: u32 = u32::from_be_bytes(*b"RUST");

    /// A panic is an error in the driver; going on could harm more than stopping.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        crate::debug_print!(crate::debug::Level::Error, "{info}");
        let (file, line, column) = info.location().map_or(("", 0, 0), |place| {
            (place.file(), place.line(), place.column())
        });
        // SAFETY: the function may be called in any state; it does not return.
        unsafe {
            nt::KeBugCheckEx(
                PANIC_BUG_CHECK,
                file.as_ptr().addr(),
                file.len(),
                line as usize,
                column as usize,
            )
        }
    }
}
