//! Gives an image an identity that depends on its contents alone.
//!
//! The linker derives the GUID that ties image and PDB together from the PDB, and the PDB names
//! object files in directories with random names. So two builds of the same sources differ in the
//! GUID, in the time stamps that are a hash of the image, and in the checksum, and nowhere else.
//! Here these fields are made anew from a hash of all other bytes.

use std::ops::Range;

const GUID_SIZE: usize = 16;
const DEBUG_DIRECTORY_SIZE: usize = 28;
const DEBUG_TYPE_CODEVIEW: u32 = 2;

/// Where the fields lie that must not depend on the build, as offsets in the file.
struct Fields {
    time_stamps: Vec<Range<usize>>,
    checksum: Range<usize>,
    guid: Range<usize>,
}

/// Rewrites GUID, time stamps and checksum of `image`, and the GUID of its `pdb` with them.
pub fn settle(image: &mut [u8], pdb: &mut [u8]) -> Result<(), String> {
    let fields =
        Fields::of(image).ok_or("the linker's output is not a PE32+ image with a PDB reference")?;
    let old_guid = image[fields.guid.clone()].to_vec();

    for field in fields
        .time_stamps
        .iter()
        .chain([&fields.checksum, &fields.guid])
    {
        image[field.clone()].fill(0);
    }
    let hash = fnv1a(image).to_le_bytes();
    for field in &fields.time_stamps {
        image[field.clone()].copy_from_slice(&hash[..4]);
    }
    image[fields.guid].copy_from_slice(&hash);
    let checksum = checksum(image);
    image[fields.checksum].copy_from_slice(&checksum.to_le_bytes());

    replace_only(pdb, &old_guid, &hash)
        .ok_or_else(|| "the PDB does not hold the GUID of the image exactly once".to_owned())
}

impl Fields {
    fn of(image: &[u8]) -> Option<Self> {
        let pe = u32_at(image, 0x3c)? as usize;
        let optional = pe + 24;
        let is_pe32_plus =
            image.get(pe..pe + 4)? == b"PE\0\0" && image.get(optional..optional + 2)? == [0x0b, 2];
        if !is_pe32_plus {
            return None;
        }
        let directory_rva = u32_at(image, optional + 160)?;
        let directory_size = u32_at(image, optional + 164)? as usize;
        let directory = file_offset(image, pe, directory_rva)?;

        let mut time_stamps = vec![range(pe + 8, 4)];
        let mut guid = None;
        for entry in (directory..directory + directory_size).step_by(DEBUG_DIRECTORY_SIZE) {
            time_stamps.push(range(entry + 4, 4));
            let data = u32_at(image, entry + 24)? as usize;
            if u32_at(image, entry + 12)? == DEBUG_TYPE_CODEVIEW
                && image.get(data..data + 4)? == b"RSDS"
            {
                guid = image
                    .get(range(data + 4, GUID_SIZE))
                    .map(|_| range(data + 4, GUID_SIZE));
            }
        }
        Some(Self {
            time_stamps,
            checksum: range(optional + 64, 4),
            guid: guid?,
        })
    }
}

/// The offset in the file of what the loader puts at `rva`.
fn file_offset(image: &[u8], pe: usize, rva: u32) -> Option<usize> {
    let sections = usize::from(u16_at(image, pe + 6)?);
    let table = pe + 24 + usize::from(u16_at(image, pe + 20)?);
    (0..sections)
        .map(|index| table + index * 40)
        .find_map(|header| {
            let start = u32_at(image, header + 12)?;
            let size = u32_at(image, header + 16)?;
            let within = rva.checked_sub(start).filter(|within| *within < size)?;
            Some((u32_at(image, header + 20)? + within) as usize)
        })
}

/// The checksum that Windows verifies for drivers: the file's 16-bit words summed with end-around
/// carry, plus the length of the file. The field itself must be zero.
fn checksum(image: &[u8]) -> u32 {
    let sum = image.chunks(2).fold(0u32, |sum, word| {
        let high = word.get(1).copied().unwrap_or(0);
        let sum = sum + u32::from(u16::from_le_bytes([word[0], high]));
        (sum & 0xffff) + (sum >> 16)
    });
    sum + image.len() as u32
}

/// The 128-bit FNV-1a hash: short, and the same on every machine. It has no secret to keep.
fn fnv1a(bytes: &[u8]) -> u128 {
    bytes.iter().fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d,
        |hash: u128, byte| (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b),
    )
}

/// Replaces `old` in `bytes`, if it is there exactly once.
fn replace_only(bytes: &mut [u8], old: &[u8], new: &[u8]) -> Option<()> {
    let mut places = (0..bytes.len().saturating_sub(old.len() - 1))
        .filter(|start| bytes[*start..].starts_with(old));
    let place = places.next()?;
    if places.next().is_some() {
        return None;
    }
    bytes[place..place + new.len()].copy_from_slice(new);
    Some(())
}

fn range(start: usize, size: usize) -> Range<usize> {
    start..start + size
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(range(offset, 2))?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(range(offset, 4))?.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::{checksum, settle};

    const GUID_AT: usize = 0x244;
    const CHECKSUM_AT: usize = 0x80 + 24 + 64;

    /// The least that counts as an image with a PDB: one section, which holds the debug directory.
    fn linked(time_stamp: u32, guid: [u8; 16], code: u8) -> (Vec<u8>, Vec<u8>) {
        let mut image = vec![0; 0x300];
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x3c, &0x80u32.to_le_bytes());
        put(0x80, b"PE\0\0");
        put(0x86, &1u16.to_le_bytes());
        put(0x88, &time_stamp.to_le_bytes());
        put(0x94, &240u16.to_le_bytes());
        put(0x98, &0x20bu16.to_le_bytes());
        put(CHECKSUM_AT, &time_stamp.to_le_bytes());
        put(0x98 + 160, &0x1000u32.to_le_bytes());
        put(0x98 + 164, &28u32.to_le_bytes());
        let section = 0x98 + 240;
        put(section + 12, &0x1000u32.to_le_bytes());
        put(section + 16, &0x100u32.to_le_bytes());
        put(section + 20, &0x200u32.to_le_bytes());
        put(0x204, &time_stamp.to_le_bytes());
        put(0x20c, &2u32.to_le_bytes());
        put(0x218, &0x240u32.to_le_bytes());
        put(0x240, b"RSDS");
        put(GUID_AT, &guid);
        put(0x2f0, &[code]);
        (
            image,
            [b"PDB ".as_slice(), &guid, b" object files"].concat(),
        )
    }

    fn settled(time_stamp: u32, guid: [u8; 16], code: u8) -> (Vec<u8>, Vec<u8>) {
        let (mut image, mut pdb) = linked(time_stamp, guid, code);
        settle(&mut image, &mut pdb).expect("the image is whole");
        (image, pdb)
    }

    #[test]
    fn links_of_equal_code_become_equal() {
        assert_eq!(settled(1, [1; 16], 0x90), settled(2, [2; 16], 0x90));
    }

    #[test]
    fn different_code_keeps_a_different_guid() {
        let (one, _) = settled(1, [1; 16], 0x90);
        let (other, _) = settled(1, [1; 16], 0xcc);
        assert_ne!(one[GUID_AT..GUID_AT + 16], other[GUID_AT..GUID_AT + 16]);
    }

    #[test]
    fn the_pdb_follows_the_image() {
        let (image, pdb) = settled(1, [1; 16], 0x90);
        assert_eq!(image[GUID_AT..GUID_AT + 16], pdb[4..20]);
    }

    #[test]
    fn the_checksum_is_made_without_itself() {
        let (mut image, _) = settled(1, [1; 16], 0x90);
        let stored = image[CHECKSUM_AT..CHECKSUM_AT + 4].to_vec();
        image[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
        assert_eq!(stored, checksum(&image).to_le_bytes());
    }

    #[test]
    fn a_pdb_of_another_image_is_refused() {
        let (mut image, _) = linked(1, [1; 16], 0x90);
        let (_, mut pdb) = linked(1, [2; 16], 0x90);
        assert!(settle(&mut image, &mut pdb).is_err());
    }

    #[test]
    fn a_truncated_image_is_refused() {
        let (image, pdb) = linked(1, [1; 16], 0x90);
        for length in 0..GUID_AT + 16 {
            let refused = settle(&mut image[..length].to_vec(), &mut pdb.clone());
            assert!(refused.is_err(), "cut off at {length}");
        }
    }
}
