//! Instructions that user mode runs without a fault but otherwise than ring 0: the loader puts `hlt`
//! in their place, which faults, and the host does what they would have done.
//!
//! * `rdtsc` and `rdtscp` would read the counter of the machine that the host runs on.
//! * `pushfq` and `popfq` carry the interrupt flag, which user mode always sees set and never
//!   clears. They are replaced only in images that use `cli`.
//! * A load from `gs:` of a field that has no fixed place in the processor block would read what
//!   the block happens to have there.

use std::collections::BTreeMap;

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use crate::trap::is_processor_field;

/// `hlt`, one byte.
const HALT: u8 = 0xf4;
/// `nop`, one byte.
const NO_OPERATION: u8 = 0x90;

/// What stood where the loader has put `hlt`, by address relative to the image.
pub(super) type Replacements = BTreeMap<u32, Vec<u8>>;

/// Replaces what has to be, among `instructions` of the image.
pub(super) fn replace(image: &mut [u8], instructions: &[Instruction]) -> Replacements {
    let masks_interrupts = instructions
        .iter()
        .any(|instruction| instruction.mnemonic() == Mnemonic::Cli);
    let mut replaced = Replacements::new();
    for instruction in instructions {
        if !differs(instruction, masks_interrupts) {
            continue;
        }
        let bytes = &mut image[instruction.ip() as usize..][..instruction.len()];
        replaced.insert(instruction.ip() as u32, bytes.to_vec());
        bytes.fill(NO_OPERATION);
        bytes[0] = HALT;
    }
    replaced
}

fn differs(instruction: &Instruction, masks_interrupts: bool) -> bool {
    match instruction.mnemonic() {
        Mnemonic::Rdtsc | Mnemonic::Rdtscp => true,
        Mnemonic::Pushfq | Mnemonic::Popfq => masks_interrupts,
        _ => names_unknown_field(instruction),
    }
}

fn names_unknown_field(instruction: &Instruction) -> bool {
    let is_memory = |operand| instruction.op_kind(operand) == OpKind::Memory;
    instruction.segment_prefix() == Register::GS
        && instruction.memory_base() == Register::None
        && instruction.memory_index() == Register::None
        && (0..instruction.op_count()).any(is_memory)
        && !is_processor_field(
            instruction.memory_displacement64(),
            instruction.memory_size().size() as u64,
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced_x86::{Decoder, DecoderOptions};

    /// The code after the replacement, and where replaced instructions stood.
    fn replaced(code: &[u8]) -> (Vec<u8>, Vec<u32>) {
        let instructions: Vec<_> = Decoder::new(64, code, DecoderOptions::NONE)
            .into_iter()
            .collect();
        let mut image = code.to_vec();
        let replacements = replace(&mut image, &instructions);
        for (&rva, original) in &replacements {
            assert_eq!(code[rva as usize..][..original.len()], original[..]);
        }
        (image, replacements.into_keys().collect())
    }

    #[test]
    fn time_stamp_reads_are_replaced_in_their_whole_length() {
        // rdtsc; rdtscp; ret
        let (image, places) = replaced(&[0x0f, 0x31, 0x0f, 0x01, 0xf9, 0xc3]);
        assert_eq!(image, [0xf4, 0x90, 0xf4, 0x90, 0x90, 0xc3]);
        assert_eq!(places, [0, 2]);
    }

    #[test]
    fn saved_flags_are_replaced_only_where_interrupts_are_masked() {
        // pushfq; popfq
        assert!(replaced(&[0x9c, 0x9d]).1.is_empty());
        // pushfq; cli; popfq
        assert_eq!(replaced(&[0x9c, 0xfa, 0x9d]).1, [0, 2]);
    }

    #[test]
    fn fields_of_the_processor_block_are_read_and_everything_else_behind_gs_is_replaced() {
        let read = |offset: u32| {
            // mov rax, gs:[offset]
            let mut code = vec![0x65, 0x48, 0x8b, 0x04, 0x25];
            code.extend(offset.to_le_bytes());
            replaced(&code).1.len()
        };
        assert_eq!((read(0x188), read(0x20), read(0x18)), (0, 0, 0));
        assert_eq!(
            (read(0x30), read(0x190), read(0x1a4), read(0x1234)),
            (1, 1, 1, 1)
        );
        // mov eax, gs:[0x1a4]; movzx eax, byte ptr gs:[0x184]
        let index = [0x65, 0x8b, 0x04, 0x25, 0xa4, 1, 0, 0];
        let number = [0x65, 0x0f, 0xb6, 0x04, 0x25, 0x84, 1, 0, 0];
        assert!(replaced(&index).1.is_empty());
        assert!(replaced(&number).1.is_empty());
    }
}
