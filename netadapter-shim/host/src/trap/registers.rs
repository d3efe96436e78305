//! The general-purpose registers of interrupted code.

use iced_x86::Register;

/// The integer state of a processor at one instruction.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// `rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8` to `r15`: the order in which instructions and
    /// unwind codes number them.
    pub general: [u64; 16],
    /// The address of the instruction.
    pub rip: u64,
    /// The flags.
    pub rflags: u64,
}

impl Registers {
    /// Number of `rax` in [`Registers::general`].
    pub const RAX: usize = 0;
    /// Number of `rcx` in [`Registers::general`].
    pub const RCX: usize = 1;
    /// Number of `rdx` in [`Registers::general`].
    pub const RDX: usize = 2;
    /// Number of `rbx` in [`Registers::general`].
    pub const RBX: usize = 3;
    /// Number of `rsp` in [`Registers::general`].
    pub const RSP: usize = 4;
    /// Number of `rbp` in [`Registers::general`].
    pub const RBP: usize = 5;

    /// The stack pointer.
    pub fn rsp(&self) -> u64 {
        self.general[Self::RSP]
    }

    /// The value of a register as an address computation sees it: segments other than `fs` and `gs`
    /// start at zero, and those two have no value here.
    pub(super) fn address_part(&self, register: Register) -> Option<u64> {
        match register {
            Register::ES | Register::CS | Register::SS | Register::DS => Some(0),
            _ => Gpr::from_register(register).map(|part| part.read(self)),
        }
    }
}

/// One general-purpose register as an instruction names it: a part of a 64-bit register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gpr {
    number: usize,
    size_bytes: u8,
    /// `ah`, `ch`, `dh`, `bh`: the second byte.
    is_high_byte: bool,
}

#[rustfmt::skip]
const BYTES: [Register; 16] = [
    Register::AL, Register::CL, Register::DL, Register::BL, Register::SPL, Register::BPL,
    Register::SIL, Register::DIL, Register::R8L, Register::R9L, Register::R10L, Register::R11L,
    Register::R12L, Register::R13L, Register::R14L, Register::R15L,
];
const HIGH_BYTES: [Register; 4] = [Register::AH, Register::CH, Register::DH, Register::BH];
#[rustfmt::skip]
const WORDS: [Register; 16] = [
    Register::AX, Register::CX, Register::DX, Register::BX, Register::SP, Register::BP,
    Register::SI, Register::DI, Register::R8W, Register::R9W, Register::R10W, Register::R11W,
    Register::R12W, Register::R13W, Register::R14W, Register::R15W,
];
#[rustfmt::skip]
const DOUBLE_WORDS: [Register; 16] = [
    Register::EAX, Register::ECX, Register::EDX, Register::EBX, Register::ESP, Register::EBP,
    Register::ESI, Register::EDI, Register::R8D, Register::R9D, Register::R10D, Register::R11D,
    Register::R12D, Register::R13D, Register::R14D, Register::R15D,
];
#[rustfmt::skip]
const QUAD_WORDS: [Register; 16] = [
    Register::RAX, Register::RCX, Register::RDX, Register::RBX, Register::RSP, Register::RBP,
    Register::RSI, Register::RDI, Register::R8, Register::R9, Register::R10, Register::R11,
    Register::R12, Register::R13, Register::R14, Register::R15,
];

impl Gpr {
    pub(super) fn from_register(register: Register) -> Option<Self> {
        let parts: [(&[Register], u8, bool); 5] = [
            (&QUAD_WORDS, 8, false),
            (&DOUBLE_WORDS, 4, false),
            (&WORDS, 2, false),
            (&BYTES, 1, false),
            (&HIGH_BYTES, 1, true),
        ];
        parts
            .into_iter()
            .find_map(|(names, size_bytes, is_high_byte)| {
                let number = names.iter().position(|&name| name == register)?;
                Some(Self {
                    number,
                    size_bytes,
                    is_high_byte,
                })
            })
    }

    pub(super) fn size_bytes(self) -> u8 {
        self.size_bytes
    }

    pub(super) fn is_stack_pointer(self) -> bool {
        self.number == Registers::RSP
    }

    pub(super) fn read(self, registers: &Registers) -> u64 {
        let whole = registers.general[self.number];
        if self.is_high_byte {
            whole >> 8 & 0xff
        } else {
            truncate(whole, self.size_bytes)
        }
    }

    /// Writes as the processor does: four bytes clear the upper half, fewer leave the rest alone.
    pub(super) fn write(self, registers: &mut Registers, value: u64) {
        let whole = &mut registers.general[self.number];
        *whole = match (self.size_bytes, self.is_high_byte) {
            (8, _) => value,
            (4, _) => truncate(value, 4),
            (_, true) => *whole & !0xff00 | (value & 0xff) << 8,
            (size, false) => *whole & !mask(size) | truncate(value, size),
        };
    }
}

/// All bits of a value of `size_bytes` (1 to 8).
pub(super) fn mask(size_bytes: u8) -> u64 {
    u64::MAX >> (64 - 8 * u32::from(size_bytes))
}

/// The low `size_bytes` of `value`.
pub(super) fn truncate(value: u64, size_bytes: u8) -> u64 {
    value & mask(size_bytes)
}

/// `value` of `size_bytes`, sign-extended to eight bytes.
pub(super) fn sign_extend(value: u64, size_bytes: u8) -> u64 {
    let shift = 64 - 8 * u32::from(size_bytes);
    ((value << shift) as i64 >> shift) as u64
}
