//! The checksum of the optional header.

/// The image's checksum: the 16-bit words of the file in one's-complement addition, with the
/// checksum field at `field_offset` (even) counted as zero, plus the length of the file. This is
/// what `CheckSumMappedFile` computes and what the kernel's loader compares for every driver.
pub(super) fn checksum(bytes: &[u8], field_offset: usize) -> u32 {
    let words = bytes.chunks(2).enumerate().map(|(number, word)| {
        let is_field = (field_offset..field_offset + 4).contains(&(number * 2));
        if is_field {
            0
        } else {
            u64::from(word[0]) | u64::from(*word.get(1).unwrap_or(&0)) << 8
        }
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (sum as u32).wrapping_add(bytes.len() as u32)
}
