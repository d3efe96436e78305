//! Walks from a function of an image to its caller by the image's own unwind information
//! (*x64 exception handling*, "Unwind data for exception handling, debugger support").
//!
//! Epilogues are not simulated: an epilogue loads registers and returns, so neither a call nor, on
//! a usable stack, a fault lies in one.

use crate::trap::Registers;

use super::loader::LoadedImage;

/// `UNW_FLAG_CHAININFO`.
const CHAINED: u8 = 4;
/// `UNW_FLAG_EHANDLER` and `UNW_FLAG_UHANDLER`: the function's handler is called when an exception
/// is dispatched, and when it is unwound.
const HANDLES_EXCEPTIONS: u8 = 1;
const HANDLES_UNWINDING: u8 = 2;
/// A function is split into a few pieces; more is a loop in damaged data.
const CHAIN_MAX: usize = 32;
const FUNCTION_ENTRY_BYTES: usize = 12;
/// Version and flags, length of the prologue, number of codes, frame register.
const UNWIND_HEADER_BYTES: usize = 4;

/// The registers of one frame, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Numbered as in [`Registers::general`].
    pub(crate) general: [Option<u64>; 16],
    pub(crate) rip: u64,
    /// Where frames that were left have saved the frame's vector registers.
    pub(crate) vectors: [Option<u64>; 16],
}

/// The language handler of a frame's function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handler {
    /// The handler.
    pub(crate) address: u64,
    /// Its data, behind the unwind codes.
    pub(crate) data: u64,
    /// The function's entry in the exception table.
    pub(crate) function_entry: u64,
    /// The stack pointer behind the function's prologue, by which frames are known.
    pub(crate) establisher: u64,
    flags: u8,
}

impl Handler {
    /// Whether it is asked when an exception is dispatched.
    pub(crate) fn handles_exceptions(&self) -> bool {
        self.flags & HANDLES_EXCEPTIONS != 0
    }

    /// Whether it is told when its frame is unwound.
    pub(crate) fn handles_unwinding(&self) -> bool {
        self.flags & HANDLES_UNWINDING != 0
    }
}

/// Reads eight bytes of a stack.
pub(crate) type ReadStack<'a> = &'a dyn Fn(u64) -> Option<u64>;

/// An entry of the exception table.
#[derive(Clone, Copy)]
struct Function {
    begin_rva: u32,
    end_rva: u32,
    unwind_rva: u32,
}

/// The unwind information of a function, without its handler.
struct UnwindInfo<'a> {
    version: u8,
    flags: u8,
    prologue_bytes: u32,
    codes: &'a [u8],
    frame_register: usize,
    frame_offset: u64,
    /// The piece of the function that was entered before this one.
    chained: Option<Function>,
}

impl Frame {
    /// A frame of which no vector register has been saved yet.
    pub(crate) fn new(general: [Option<u64>; 16], rip: u64) -> Self {
        Self {
            general,
            rip,
            vectors: [None; 16],
        }
    }

    pub(crate) fn rsp(&self) -> Option<u64> {
        self.general[Registers::RSP]
    }

    /// Pops a return address: what a caller sees of a function without a frame.
    pub(crate) fn pop_return_address(&mut self, read: ReadStack<'_>) -> Option<()> {
        self.rip = self.pop(read)?;
        Some(())
    }

    /// Moves to the caller. `rip` is a return address in all frames but the one that faulted.
    pub(crate) fn step(
        &mut self,
        image: &LoadedImage,
        is_return_address: bool,
        read: ReadStack<'_>,
    ) -> Option<()> {
        let rva = image.rva(self.rip)?;
        // A call may be the last instruction of its function: its return address lies behind it.
        let rva = rva.checked_sub(is_return_address.into())?;
        let mut piece = Function::at(image, rva);
        let mut prologue_bytes = piece.map_or(0, |function| rva - function.begin_rva);
        for _ in 0..CHAIN_MAX {
            let Some(function) = piece else {
                return self.pop_return_address(read);
            };
            let info = UnwindInfo::parse(image.constants_at(function.unwind_rva)?)?;
            if self.undo(&info, prologue_bytes, read)? == Undone::IsInterrupted {
                return Some(());
            }
            piece = info.chained;
            // The earlier pieces have run to their ends.
            prologue_bytes = u32::MAX;
        }
        None
    }

    /// The handler of the frame's function, unless the function is still in its prologue.
    pub(crate) fn handler(&self, image: &LoadedImage, is_return_address: bool) -> Option<Handler> {
        let rva = image.rva(self.rip)?.checked_sub(is_return_address.into())?;
        let mut function = Function::at(image, rva)?;
        let mut info = UnwindInfo::parse(image.constants_at(function.unwind_rva)?)?;
        if rva - function.begin_rva < info.prologue_bytes {
            return None;
        }
        for _ in 0..CHAIN_MAX {
            let Some(earlier) = info.chained else { break };
            function = earlier;
            info = UnwindInfo::parse(image.constants_at(function.unwind_rva)?)?;
        }
        let behind_codes = UNWIND_HEADER_BYTES + info.codes.len().next_multiple_of(4);
        let data = image
            .constants_at(function.unwind_rva)?
            .get(behind_codes..)?;
        let handler_rva = u32::from_le_bytes(*data.first_chunk()?);
        let establisher = if info.frame_register == 0 {
            self.rsp()?
        } else {
            self.frame_base(&info)?
        };
        let has_handler = info.flags & (HANDLES_EXCEPTIONS | HANDLES_UNWINDING) != 0;
        has_handler.then(|| Handler {
            address: image.base() + u64::from(handler_rva),
            data: data[size_of::<u32>()..].as_ptr() as u64,
            function_entry: Function::entry_address(image, rva).unwrap_or_default(),
            establisher,
            flags: info.flags,
        })
    }

    fn pop(&mut self, read: ReadStack<'_>) -> Option<u64> {
        let rsp = self.rsp()?;
        let value = read(rsp)?;
        self.general[Registers::RSP] = Some(rsp.checked_add(8)?);
        Some(value)
    }

    /// Takes back what a prologue did in its first `done_bytes`.
    fn undo(
        &mut self,
        info: &UnwindInfo<'_>,
        done_bytes: u32,
        read: ReadStack<'_>,
    ) -> Option<Undone> {
        let mut codes = info.codes;
        while let [end_offset, operation, operands @ ..] = codes {
            let (number, value) = (operation & 0xf, usize::from(operation >> 4));
            let slots = operand_slots(number, value, info.version)?;
            let (operand, rest) = operands.split_at_checked(slots * 2)?;
            codes = rest;
            if u32::from(*end_offset) > done_bytes {
                continue;
            }
            match number {
                operation::PUSH_NONVOL => self.general[value] = Some(self.pop(read)?),
                operation::ALLOC_SMALL => self.free(value as u64 * 8 + 8)?,
                operation::ALLOC_LARGE if value == 0 => self.free(unsigned(operand) * 8)?,
                operation::ALLOC_LARGE => self.free(unsigned(operand))?,
                operation::SET_FPREG => {
                    self.general[Registers::RSP] = Some(self.frame_base(info)?);
                }
                operation::SAVE_NONVOL => self.restore(value, unsigned(operand) * 8, info, read)?,
                operation::SAVE_NONVOL_FAR => self.restore(value, unsigned(operand), info, read)?,
                operation::PUSH_MACHFRAME => return self.leave_interrupt(value, read),
                operation::SAVE_XMM128 => {
                    self.vectors[value] = self.save_place(unsigned(operand) * 16, info);
                }
                operation::SAVE_XMM128_FAR => {
                    self.vectors[value] = self.save_place(unsigned(operand), info);
                }
                // The places of epilogues do not matter here.
                _ => {}
            }
        }
        Some(Undone::IsCalled)
    }

    fn free(&mut self, bytes: u64) -> Option<()> {
        self.general[Registers::RSP] = Some(self.rsp()?.checked_add(bytes)?);
        Some(())
    }

    /// The stack pointer after the prologue's allocation, for functions with a frame register.
    fn frame_base(&self, info: &UnwindInfo<'_>) -> Option<u64> {
        self.general[info.frame_register]?.checked_sub(info.frame_offset)
    }

    fn restore(
        &mut self,
        register: usize,
        offset: u64,
        info: &UnwindInfo<'_>,
        read: ReadStack<'_>,
    ) -> Option<()> {
        self.general[register] = Some(read(self.save_place(offset, info)?)?);
        Some(())
    }

    /// Where a prologue has saved a register.
    fn save_place(&self, offset: u64, info: &UnwindInfo<'_>) -> Option<u64> {
        let base = if info.frame_register == 0 {
            self.rsp()
        } else {
            self.frame_base(info)
        };
        base?.checked_add(offset)
    }

    /// The processor pushed an error code (maybe), `rip`, `cs`, the flags and `rsp`.
    fn leave_interrupt(&mut self, has_error_code: usize, read: ReadStack<'_>) -> Option<Undone> {
        self.free(has_error_code as u64 * 8)?;
        self.rip = self.pop(read)?;
        self.free(16)?;
        self.general[Registers::RSP] = Some(self.pop(read)?);
        Some(Undone::IsInterrupted)
    }
}

/// How a function was entered.
#[derive(PartialEq, Eq)]
enum Undone {
    IsCalled,
    IsInterrupted,
}

impl Function {
    fn parse(entry: &[u8]) -> Option<Self> {
        let field = |number: usize| entry.get(number * 4..)?.first_chunk().copied();
        Some(Self {
            begin_rva: u32::from_le_bytes(field(0)?),
            end_rva: u32::from_le_bytes(field(1)?),
            unwind_rva: u32::from_le_bytes(field(2)?),
        })
    }

    /// The function that holds `rva`. Functions without an entry change no register but `rsp`.
    fn at(image: &LoadedImage, rva: u32) -> Option<Self> {
        Self::find(image.exception_table()?, rva).map(|(_, function)| function)
    }

    /// Where the entry of the function that holds `rva` lies.
    fn entry_address(image: &LoadedImage, rva: u32) -> Option<u64> {
        let table = image.exception_table()?;
        let (number, _) = Self::find(table, rva)?;
        Some(table[number * FUNCTION_ENTRY_BYTES..].as_ptr() as u64)
    }

    /// The function that holds `rva`, and the number of its entry.
    fn find(table: &[u8], rva: u32) -> Option<(usize, Self)> {
        let entry = |number: usize| Self::parse(&table[number * FUNCTION_ENTRY_BYTES..]);
        // The table is sorted; in a damaged one the search finds nothing or something harmless.
        let (mut low, mut high) = (0, table.len() / FUNCTION_ENTRY_BYTES);
        while low < high {
            let middle = low.midpoint(high);
            let function = entry(middle)?;
            if rva < function.begin_rva {
                high = middle;
            } else if rva >= function.end_rva {
                low = middle + 1;
            } else {
                return Some((middle, function));
            }
        }
        None
    }
}

impl<'a> UnwindInfo<'a> {
    fn parse(data: &'a [u8]) -> Option<Self> {
        let ([version_and_flags, prologue_bytes, count, frame], rest) = data.split_first_chunk()?;
        let codes = rest.get(..usize::from(*count) * 2)?;
        let chained = if version_and_flags >> 3 & CHAINED != 0 {
            // The codes are padded to an even count.
            Some(Function::parse(
                rest.get(usize::from(count.next_multiple_of(2)) * 2..)?,
            )?)
        } else {
            None
        };
        Some(Self {
            version: version_and_flags & 7,
            flags: version_and_flags >> 3,
            prologue_bytes: u32::from(*prologue_bytes),
            codes,
            frame_register: usize::from(frame & 0xf),
            frame_offset: u64::from(frame >> 4) * 16,
            chained,
        })
    }
}

/// Unwind operation codes, by their documented names.
mod operation {
    pub(super) const PUSH_NONVOL: u8 = 0;
    pub(super) const ALLOC_LARGE: u8 = 1;
    pub(super) const ALLOC_SMALL: u8 = 2;
    pub(super) const SET_FPREG: u8 = 3;
    pub(super) const SAVE_NONVOL: u8 = 4;
    pub(super) const SAVE_NONVOL_FAR: u8 = 5;
    pub(super) const EPILOG: u8 = 6;
    pub(super) const SAVE_XMM128: u8 = 8;
    pub(super) const SAVE_XMM128_FAR: u8 = 9;
    pub(super) const PUSH_MACHFRAME: u8 = 10;
}

/// How many 16-bit slots follow an unwind code, or nothing for an unknown code.
fn operand_slots(number: u8, value: usize, version: u8) -> Option<usize> {
    Some(match number {
        operation::PUSH_NONVOL
        | operation::ALLOC_SMALL
        | operation::SET_FPREG
        | operation::PUSH_MACHFRAME => 0,
        operation::EPILOG if version >= 2 => 0,
        operation::ALLOC_LARGE if value == 0 => 1,
        operation::ALLOC_LARGE if value == 1 => 2,
        operation::SAVE_NONVOL | operation::SAVE_XMM128 => 1,
        operation::SAVE_NONVOL_FAR | operation::SAVE_XMM128_FAR => 2,
        _ => return None,
    })
}

/// An operand of one or two slots.
fn unsigned(operand: &[u8]) -> u64 {
    operand
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stack that holds at each address the address itself, shifted left by four digits.
    fn stack(address: u64) -> Option<u64> {
        (address < 0x10000).then_some(address << 16)
    }

    fn frame(rsp: u64) -> Frame {
        let mut general = [None; 16];
        general[Registers::RSP] = Some(rsp);
        Frame::new(general, 0)
    }

    fn undo(frame: &mut Frame, data: &[u8], done_bytes: u32) -> Option<Undone> {
        frame.undo(&UnwindInfo::parse(data)?, done_bytes, &stack)
    }

    #[test]
    fn a_prologue_is_undone_from_its_end() {
        // push rbx; push rdi; sub rsp, 0x10008; mov [rsp + 0x40], r12
        let data = [
            1, 15, 6, 0, 15, 0xc4, 8, 0, 10, 0x01, 0x01, 0x20, 2, 0x70, 1, 0x30,
        ];
        let mut before = frame(0x100);
        assert!(
            undo(&mut before, &data, u32::MAX).is_none(),
            "the stack ends before the pushes"
        );
        assert_eq!(before.general[12], Some(0x140 << 16));

        // The same with a frame of 0x48 bytes.
        let data = [1, 11, 5, 0, 11, 0xc4, 8, 0, 6, 0x82, 2, 0x70, 1, 0x30];
        let mut before = frame(0x100);
        assert!(undo(&mut before, &data, u32::MAX) == Some(Undone::IsCalled));
        assert_eq!(before.general[7], Some(0x148 << 16));
        assert_eq!(before.general[3], Some(0x150 << 16));
        assert_eq!(before.rsp(), Some(0x158));
    }

    #[test]
    fn what_a_prologue_has_not_done_yet_is_not_undone() {
        let data = [1, 11, 5, 0, 11, 0xc4, 8, 0, 6, 0x82, 2, 0x70, 1, 0x30];
        let mut after_one_push = frame(0x100);
        assert!(undo(&mut after_one_push, &data, 1) == Some(Undone::IsCalled));
        assert_eq!(after_one_push.general[3], Some(0x100 << 16));
        assert_eq!(after_one_push.general[7], None);
        assert_eq!(after_one_push.rsp(), Some(0x108));
    }

    #[test]
    fn saved_vector_registers_are_found_where_the_prologue_put_them() {
        // sub rsp, 0x48; movaps [rsp + 0x20], xmm6; movaps [rsp + 0x30], xmm7
        let data = [1, 14, 5, 0, 14, 0x78, 3, 0, 9, 0x68, 2, 0, 4, 0x82, 0, 0];
        let mut before = frame(0x100);
        assert!(undo(&mut before, &data, u32::MAX) == Some(Undone::IsCalled));
        assert_eq!(before.vectors[6], Some(0x120));
        assert_eq!(before.vectors[7], Some(0x130));
        assert_eq!(before.rsp(), Some(0x148));
    }

    #[test]
    fn a_frame_register_gives_the_stack_pointer_back() {
        // push rbp; sub rsp, 0x30; lea rbp, [rsp + 0x20]; and then a dynamic allocation
        let data = [1, 10, 3, 0x25, 10, 0x03, 5, 0x52, 1, 0x50];
        let mut dynamic = frame(0x10);
        dynamic.general[Registers::RBP] = Some(0x220);
        assert!(undo(&mut dynamic, &data, u32::MAX) == Some(Undone::IsCalled));
        assert_eq!(dynamic.general[Registers::RBP], Some(0x230 << 16));
        assert_eq!(dynamic.rsp(), Some(0x238));

        let mut unknown = frame(0x10);
        assert!(
            undo(&mut unknown, &data, u32::MAX).is_none(),
            "rbp is not known"
        );
    }

    #[test]
    fn an_interrupt_frame_gives_the_interrupted_registers() {
        let data = [1, 0, 1, 0, 0, 0x1a];
        let mut handler = frame(0x100);
        assert!(undo(&mut handler, &data, u32::MAX) == Some(Undone::IsInterrupted));
        assert_eq!(handler.rip, 0x108 << 16);
        assert_eq!(handler.rsp(), Some(0x120 << 16));
    }

    #[test]
    fn damaged_codes_end_the_walk() {
        for data in [
            &[1, 0, 1, 0, 0, 0x0b][..], // no such code
            &[1, 0, 1, 0, 0, 0x01],     // an operand behind the end
            &[1, 0, 9, 0, 0, 0x02],     // fewer codes than promised
            &[0x21, 0, 0, 0, 0, 0],     // a chain to nowhere
        ] {
            assert!(undo(&mut frame(0x100), data, u32::MAX).is_none());
        }
    }
}
