//! Accesses that are completed: what the instruction does must be what it does to memory.

use std::arch::asm;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::{Region, RegisterFile};
use super::Memory;

const OFFSET: usize = 24;
/// Carry, parity, auxiliary carry, zero, sign, overflow.
const ARITHMETIC_FLAGS: u64 = 0x8d5;

/// What an instruction reads and changes besides memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    rax: u64,
    rdx: u64,
    flags: u64,
    memory: [u8; 8],
}

/// One instruction that accesses `[rcx + 24]` and may use `rax` and `rdx`.
struct Form {
    text: &'static str,
    run: fn(*mut u8, &mut Outcome),
}

macro_rules! forms {
    ($($text:literal),* $(,)?) => {
        [$(Form {
            text: $text,
            run: {
                fn run(base: *mut u8, outcome: &mut Outcome) {
                    // SAFETY: the instruction accesses eight bytes at most at `base + 24`, where
                    // every test has memory or registers, and changes only what is declared.
                    unsafe {
                        asm!(
                            "push {flags}",
                            "popfq",
                            $text,
                            "pushfq",
                            "pop {flags}",
                            flags = inout(reg) outcome.flags,
                            inout("rax") outcome.rax,
                            inout("rdx") outcome.rdx,
                            in("rcx") base,
                        );
                    }
                }
                run
            },
        }),*]
    };
}

fn forms() -> Vec<Form> {
    let loads_and_stores = forms![
        "mov al, [rcx + 24]",
        "mov ah, [rcx + 24]",
        "mov dh, [rcx + 24]",
        "mov ax, [rcx + 24]",
        "mov eax, [rcx + 24]",
        "mov rax, [rcx + 24]",
        "mov [rcx + 24], al",
        "mov [rcx + 24], dh",
        "mov [rcx + 24], ax",
        "mov [rcx + 24], eax",
        "mov [rcx + 24], rax",
        "movnti [rcx + 24], eax",
        "movnti [rcx + 24], rax",
        "mov byte ptr [rcx + 24], 0x81",
        "mov word ptr [rcx + 24], 0x8102",
        "mov dword ptr [rcx + 24], 0x81020304",
        "mov qword ptr [rcx + 24], -2",
        "movzx ax, byte ptr [rcx + 24]",
        "movzx eax, byte ptr [rcx + 24]",
        "movzx rax, byte ptr [rcx + 24]",
        "movzx eax, word ptr [rcx + 24]",
        "movzx rax, word ptr [rcx + 24]",
        "movsx ax, byte ptr [rcx + 24]",
        "movsx eax, byte ptr [rcx + 24]",
        "movsx rax, byte ptr [rcx + 24]",
        "movsx eax, word ptr [rcx + 24]",
        "movsx rax, word ptr [rcx + 24]",
        "movsxd rax, dword ptr [rcx + 24]",
    ];
    let arithmetic = forms![
        "cmp al, [rcx + 24]",
        "cmp dh, [rcx + 24]",
        "cmp ax, [rcx + 24]",
        "cmp eax, [rcx + 24]",
        "cmp rax, [rcx + 24]",
        "cmp [rcx + 24], al",
        "cmp [rcx + 24], rdx",
        "cmp byte ptr [rcx + 24], 0x7f",
        "cmp word ptr [rcx + 24], 1",
        "cmp dword ptr [rcx + 24], -1",
        "cmp qword ptr [rcx + 24], -128",
        "test [rcx + 24], al",
        "test [rcx + 24], eax",
        "test [rcx + 24], rax",
        "test byte ptr [rcx + 24], 0x80",
        "test word ptr [rcx + 24], 0x8000",
        "test dword ptr [rcx + 24], 1",
        "test qword ptr [rcx + 24], -2147483648",
        "and al, [rcx + 24]",
        "and eax, [rcx + 24]",
        "and rax, [rcx + 24]",
        "or ax, [rcx + 24]",
        "or eax, [rcx + 24]",
        "or rax, [rcx + 24]",
        "xor eax, [rcx + 24]",
        "xor rax, [rcx + 24]",
        "add al, [rcx + 24]",
        "add ax, [rcx + 24]",
        "add eax, [rcx + 24]",
        "add rax, [rcx + 24]",
        "sub al, [rcx + 24]",
        "sub ah, [rcx + 24]",
        "sub eax, [rcx + 24]",
        "sub rax, [rcx + 24]",
    ];
    let in_place = forms![
        "and dword ptr [rcx + 24], 0xf0",
        "or byte ptr [rcx + 24], 4",
        "or [rcx + 24], edx",
        "xor [rcx + 24], rdx",
        "add dword ptr [rcx + 24], 1",
        "sub [rcx + 24], ax",
        "bt word ptr [rcx + 24], 15",
        "bt dword ptr [rcx + 24], 31",
        "bt dword ptr [rcx + 24], 0",
        "bt qword ptr [rcx + 24], 63",
    ];
    loads_and_stores
        .into_iter()
        .chain(arithmetic)
        .chain(in_place)
        .collect()
}

#[test]
fn each_form_does_to_registers_what_it_does_to_memory() {
    let values = [
        0,
        1,
        0x7f,
        0x80,
        0xff,
        0x8000_0000,
        0x7fff_ffff_ffff_ffff,
        1 << 63,
        u64::MAX,
    ];
    for form in forms() {
        for (memory, operand) in values.iter().flat_map(|&m| values.map(|v| (m, v))) {
            let start = Outcome {
                rax: operand,
                rdx: operand.rotate_left(8),
                flags: 0x202 | if memory & 1 != 0 { ARITHMETIC_FLAGS } else { 0 },
                memory: [0; 8],
            };
            let mut bytes = [0xa5; 64];
            bytes[OFFSET..][..8].copy_from_slice(&memory.to_le_bytes());

            let mut expected = start;
            let mut plain = bytes;
            (form.run)(plain.as_mut_ptr(), &mut expected);

            let file = Arc::new(Memory::of(&bytes));
            let region = Region::map(bytes.len(), Arc::clone(&file) as Arc<dyn RegisterFile>)
                .expect("a region can be mapped");
            let mut answer = start;
            (form.run)(region.base().as_ptr(), &mut answer);

            let case = format!("{} with {memory:#x} and {operand:#x}", form.text);
            assert_eq!(
                (answer.rax, answer.rdx),
                (expected.rax, expected.rdx),
                "{case}"
            );
            let (flags, expected_flags) = (
                answer.flags & ARITHMETIC_FLAGS,
                expected.flags & ARITHMETIC_FLAGS,
            );
            assert_eq!(flags, expected_flags, "{case}");
            assert_eq!(file.bytes(), plain, "{case}");
        }
    }
}

#[test]
fn every_addressing_mode_reaches_its_register() {
    let file = Arc::new(Memory::of(&(0..=255).collect::<Vec<u8>>()));
    let region = Region::map(256, Arc::clone(&file) as Arc<dyn RegisterFile>).expect("mapped");
    let base = region.base().as_ptr() as u64;
    let (scaled, negative, word_index): (u64, u64, u64);
    // SAFETY: all three loads lie in the region.
    unsafe {
        asm!(
            "movzx {scaled:e}, byte ptr [{base} + {index} * 8 + 2]",
            "movzx {negative:e}, byte ptr [{end} - 6]",
            "movzx {word_index:e}, byte ptr [{index} + r12]",
            base = in(reg) base,
            index = in(reg) 5u64,
            end = in(reg) base + 256,
            in("r12") base,
            scaled = out(reg) scaled,
            negative = out(reg) negative,
            word_index = out(reg) word_index,
        );
    }
    assert_eq!((scaled, negative, word_index), (42, 250, 5));
}

#[test]
fn volatile_accesses_of_rust_are_single_accesses() {
    let file = Arc::new(Memory::of(&[0; 64]));
    let region = Region::map(64, Arc::clone(&file) as Arc<dyn RegisterFile>).expect("mapped");
    let base = region.base().as_ptr();
    // SAFETY: inside the region.
    unsafe { ptr::write_volatile(base.cast::<u64>(), 0x0123_4567_89ab_cdef) };
    // SAFETY: inside the region.
    let low = unsafe { ptr::read_volatile(base.cast::<u32>()) };
    // SAFETY: inside the region.
    let all = unsafe { ptr::read_volatile(base.cast::<u64>()) };
    // SAFETY: inside the region.
    let byte = unsafe { ptr::read_volatile(base.wrapping_add(7)) };
    assert_eq!((low, all, byte), (0x89ab_cdef, 0x0123_4567_89ab_cdef, 1));
    assert_eq!(file.accesses.load(Ordering::Relaxed), 4);
}

#[test]
fn vector_registers_and_the_red_zone_survive_an_access() {
    let file: Arc<dyn RegisterFile> = Arc::new(Scribbler);
    let region = Region::map(8, file).expect("mapped");
    let (vector, red_zone, answer): (u64, u64, u32);
    // SAFETY: one load in the region; the eight bytes below the stack pointer are this function's
    // red zone, which the compiler does not use across this block because it may push.
    unsafe {
        asm!(
            "movq xmm7, {pattern}",
            "mov [rsp - 120], {pattern}",
            "mov eax, [rcx]",
            "mov {red_zone}, [rsp - 120]",
            "movq {vector}, xmm7",
            pattern = in(reg) 0x5555_aaaa_1234_5678_u64,
            red_zone = out(reg) red_zone,
            vector = out(reg) vector,
            in("rcx") region.base().as_ptr(),
            lateout("rax") answer,
            out("xmm7") _,
        );
    }
    assert_eq!(
        (vector, red_zone, answer),
        (0x5555_aaaa_1234_5678, 0x5555_aaaa_1234_5678, 7)
    );
}

/// Uses vector registers and stack, as a device model does.
struct Scribbler;

impl RegisterFile for Scribbler {
    fn read(&self, _offset: u64, _size: u8) -> u64 {
        // SAFETY: clobbers what it declares.
        unsafe { asm!("pcmpeqd xmm7, xmm7", out("xmm7") _) };
        std::hint::black_box([u8::MAX; 4096]);
        7
    }

    fn write(&self, _offset: u64, _size: u8, _value: u64) {}
}

/// Forwards each access to another region by touching it.
struct Bridge {
    behind: Region,
}

impl RegisterFile for Bridge {
    fn read(&self, offset: u64, _size: u8) -> u64 {
        let address = self.behind.base().as_ptr().wrapping_add(offset as usize);
        // SAFETY: the offset lies in both regions, which have one length.
        u64::from(unsafe { ptr::read_volatile(address.cast::<u32>()) }) + 1
    }

    fn write(&self, offset: u64, _size: u8, value: u64) {
        let address = self.behind.base().as_ptr().wrapping_add(offset as usize);
        // SAFETY: as above.
        unsafe { ptr::write_volatile(address.cast::<u32>(), value as u32 + 1) };
    }
}

#[test]
fn a_register_file_may_access_another_region() {
    let file = Arc::new(Memory::of(&[0; 16]));
    let inner = Region::map(16, Arc::clone(&file) as Arc<dyn RegisterFile>).expect("mapped");
    let middle = Region::map(16, Arc::new(Bridge { behind: inner })).expect("mapped");
    let outer = Region::map(16, Arc::new(Bridge { behind: middle })).expect("mapped");
    let address = outer.base().as_ptr().wrapping_add(4).cast::<u32>();
    // SAFETY: inside the region.
    unsafe { ptr::write_volatile(address, 40) };
    // SAFETY: inside the region.
    let answer = unsafe { ptr::read_volatile(address) };
    assert_eq!(answer, 44);
    assert_eq!(file.bytes()[4..8], 42u32.to_le_bytes());
}

#[test]
fn threads_access_their_own_and_shared_regions_in_parallel() {
    let shared_file = Arc::new(Memory::of(&[0; 64]));
    let shared =
        Region::map(64, Arc::clone(&shared_file) as Arc<dyn RegisterFile>).expect("mapped");
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let shared = &shared;
            scope.spawn(move || {
                let _prepared = super::super::prepare_thread().expect("stacks can be mapped");
                for round in 0..200_u32 {
                    let own = Region::map(8, Arc::new(Memory::of(&[0; 8]))).expect("mapped");
                    let own = own.base().as_ptr().cast::<u32>();
                    let slot = shared
                        .base()
                        .as_ptr()
                        .wrapping_add(thread * 4)
                        .cast::<u32>();
                    // SAFETY: inside the region.
                    unsafe { ptr::write_volatile(own, round) };
                    // SAFETY: inside the region.
                    let value = unsafe { ptr::read_volatile(own) };
                    // SAFETY: inside the region, in this thread's slot.
                    unsafe { ptr::write_volatile(slot, value + 1) };
                }
            });
        }
    });
    for thread in 0..4 {
        assert_eq!(shared_file.bytes()[thread * 4..][..4], 200u32.to_le_bytes());
    }
    assert_eq!(shared_file.accesses.load(Ordering::Relaxed), 800);
}

#[test]
fn a_region_of_no_bytes_is_refused() {
    let error = Region::map(0, Arc::new(Memory::of(&[]))).expect_err("no bytes");
    assert_eq!(
        error.to_string(),
        "a register mapping needs at least one byte"
    );
}
