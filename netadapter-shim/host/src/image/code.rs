//! Finds the instructions of an image, as far as code can be told from data.
//!
//! Code begins at the entry point, at the functions of the exception table, and where an address in
//! the image's data or a `lea` points into a code section; from there it goes on to the next
//! instruction and to where branches and calls lead. The functions of the exception table are read
//! from begin to end, so that the targets of jump tables are found too.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use object::LittleEndian as LE;

use super::headers::Section;

/// The interrupt of `__fastfail`.
const FAST_FAIL: u8 = 0x29;
/// An entry of the exception table: begin, end, unwind information.
const FUNCTION_BYTES: usize = 12;

/// The bytes of an image in memory, and what tells code from data.
pub(super) struct Code<'a> {
    pub(super) image: &'a [u8],
    pub(super) base: u64,
    pub(super) sections: &'a [Section],
}

/// Where code can begin, besides where other code leads.
#[derive(Default)]
pub(super) struct Beginnings<'a> {
    pub(super) entry: u32,
    pub(super) exception_table: &'a [u8],
    /// Places of addresses, as the relocations tell them.
    pub(super) addresses: &'a [u32],
}

impl Code<'_> {
    /// All instructions that were found, by address relative to the image (their `ip` is relative
    /// too).
    pub(super) fn instructions(&self, beginnings: &Beginnings<'_>) -> Vec<Instruction> {
        let mut walk = Walk {
            code: self,
            seen: BTreeSet::new(),
            waiting: vec![beginnings.entry],
            found: Vec::new(),
        };
        for function in functions(beginnings.exception_table) {
            walk.whole(function);
        }
        for &place in beginnings.addresses {
            let address = self
                .image
                .get(place as usize..)
                .and_then(|rest| rest.first_chunk())
                .map_or(0, |bytes| u64::from_le_bytes(*bytes));
            walk.waiting
                .extend(self.code_at(address.wrapping_sub(self.base)));
        }
        while let Some(rva) = walk.waiting.pop() {
            walk.from(rva);
        }
        walk.found.sort_by_key(Instruction::ip);
        walk.found
    }

    /// A relative address, if it lies in a code section.
    fn code_at(&self, rva: u64) -> Option<u32> {
        let rva = u32::try_from(rva).ok()?;
        self.section(rva).map(|_| rva)
    }

    fn section(&self, rva: u32) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.is_executable && section.contains(rva))
    }

    fn decode(&self, rva: u32) -> Option<Instruction> {
        let section = self.section(rva)?;
        let end = (section.rva + section.size) as usize;
        let bytes = self.image.get(rva as usize..end)?;
        let instruction = Decoder::with_ip(64, bytes, rva.into(), DecoderOptions::NONE).decode();
        (!instruction.is_invalid()).then_some(instruction)
    }
}

fn functions(table: &[u8]) -> impl Iterator<Item = Range<u32>> + '_ {
    table.chunks_exact(FUNCTION_BYTES).map(|entry| {
        let word = |at: usize| {
            let bytes = *entry[at..]
                .first_chunk()
                .expect("an entry has twelve bytes");
            object::U32::<LE>::from_bytes(bytes).get(LE)
        };
        word(0)..word(4)
    })
}

struct Walk<'a, 'b> {
    code: &'b Code<'a>,
    seen: BTreeSet<u32>,
    waiting: Vec<u32>,
    found: Vec<Instruction>,
}

impl Walk<'_, '_> {
    /// A function from its begin to its end.
    fn whole(&mut self, function: Range<u32>) {
        let mut rva = function.start;
        while rva < function.end
            && let Some(instruction) = self.visit(rva)
        {
            rva = instruction.next_ip() as u32;
        }
    }

    /// From `rva` to where the flow does not go on.
    fn from(&mut self, mut rva: u32) {
        while let Some(instruction) = self.visit(rva)
            && !ends_flow(&instruction)
        {
            rva = instruction.next_ip() as u32;
        }
    }

    /// Takes the instruction at `rva`, unless it has been taken or is none.
    fn visit(&mut self, rva: u32) -> Option<Instruction> {
        if !self.seen.insert(rva) {
            return None;
        }
        let instruction = self.code.decode(rva)?;
        self.found.push(instruction);
        self.waiting
            .extend(target(&instruction).and_then(|rva| self.code.code_at(rva)));
        Some(instruction)
    }
}

/// Where a direct branch or call leads, or what a `lea` takes the address of.
fn target(instruction: &Instruction) -> Option<u64> {
    match (instruction.op0_kind(), instruction.mnemonic()) {
        (OpKind::NearBranch64, _) => Some(instruction.near_branch_target()),
        (_, Mnemonic::Lea) if instruction.memory_base() == Register::RIP => {
            Some(instruction.ip_rel_memory_address())
        }
        _ => None,
    }
}

/// Assertions and breakpoints go on behind the interrupt; a failing fast does not.
fn ends_flow(instruction: &Instruction) -> bool {
    match instruction.flow_control() {
        FlowControl::Interrupt => {
            instruction.mnemonic() == Mnemonic::Int && instruction.immediate8() == FAST_FAIL
        }
        flow => matches!(
            flow,
            FlowControl::UnconditionalBranch
                | FlowControl::IndirectBranch
                | FlowControl::Return
                | FlowControl::Exception
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x1_8000_0000;

    fn section(rva: u32, size: u32, is_executable: bool) -> Section {
        Section::for_tests(rva, size, is_executable)
    }

    /// The addresses at which instructions were found in an image of one code section at 16 and one
    /// data section at 64.
    fn found(code: &[u8], beginnings: &Beginnings<'_>, data: &[u8]) -> Vec<u64> {
        let mut image = vec![0; 128];
        image[16..][..code.len()].copy_from_slice(code);
        image[64..][..data.len()].copy_from_slice(data);
        let code = Code {
            image: &image,
            base: BASE,
            sections: &[section(16, code.len() as u32, true), section(64, 64, false)],
        };
        code.instructions(beginnings)
            .iter()
            .map(Instruction::ip)
            .collect()
    }

    #[test]
    fn code_is_followed_through_branches_and_calls_to_where_it_ends() {
        // je +1; ret; call +1; ret; hlt; ret
        let code = [0x74, 0x01, 0xc3, 0xe8, 1, 0, 0, 0, 0xc3, 0xf4, 0xc3];
        let entry = Beginnings {
            entry: 16,
            ..Beginnings::default()
        };
        assert_eq!(found(&code, &entry, &[]), [16, 18, 19, 24, 25, 26]);
    }

    #[test]
    fn functions_are_read_to_their_end_whatever_branches_they_have() {
        // jmp rax; rdtsc; ret; rdtsc
        let code = [0xff, 0xe0, 0x0f, 0x31, 0xc3, 0x0f, 0x31];
        let table: Vec<u8> = [16_u32, 21, 0]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let beginnings = Beginnings {
            entry: 16,
            exception_table: &table,
            addresses: &[],
        };
        assert_eq!(found(&code, &beginnings, &[]), [16, 18, 20]);
    }

    #[test]
    fn addresses_in_data_and_of_lea_begin_code_if_they_lie_in_code() {
        // lea rax, [rip + 1]; ret; nop; ret; rdtsc; ret
        let code = [
            0x48, 0x8d, 0x05, 1, 0, 0, 0, 0xc3, 0x90, 0xc3, 0x0f, 0x31, 0xc3,
        ];
        let pointers = [BASE + 26, BASE + 70, 5];
        let data: Vec<u8> = pointers
            .iter()
            .flat_map(|p: &u64| p.to_le_bytes())
            .collect();
        let beginnings = Beginnings {
            entry: 16,
            exception_table: &[],
            addresses: &[64, 72, 80, 125],
        };
        assert_eq!(found(&code, &beginnings, &data), [16, 23, 24, 25, 26, 28]);
    }

    #[test]
    fn code_goes_on_behind_an_assertion_and_not_behind_a_fast_fail() {
        // int 0x2c; int 0x29; rdtsc
        let code = [0xcd, 0x2c, 0xcd, 0x29, 0x0f, 0x31];
        let entry = Beginnings {
            entry: 16,
            ..Beginnings::default()
        };
        assert_eq!(found(&code, &entry, &[]), [16, 18]);
    }
}
