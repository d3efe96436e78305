//! Base relocations: an image that was linked for one address runs at another.

use object::pe;
use object::read::pe::RelocationBlockIterator;

use super::error::ImageError;

/// Adds `delta` to each 64-bit address that the relocation table names, and tells where these lie.
/// `directory` is the table's address and size in `image`.
pub(super) fn apply(
    image: &mut [u8],
    directory: (u32, u32),
    delta: u64,
) -> Result<Vec<u32>, ImageError> {
    let malformed = |what: String| ImageError::Malformed(what);
    let (start, size) = (directory.0 as usize, directory.1 as usize);
    // A copy, because a hostile table may relocate itself.
    let table = image
        .get(start..start + size)
        .ok_or_else(|| malformed("its relocation table lies outside the image".into()))?
        .to_vec();
    let mut places = Vec::new();
    for block in RelocationBlockIterator::new(&table) {
        let block = block.map_err(|error| malformed(format!("its relocations: {error}")))?;
        for relocation in block {
            let rva = relocation.virtual_address;
            if relocation.typ == pe::IMAGE_REL_BASED_ABSOLUTE {
                continue;
            }
            if relocation.typ != pe::IMAGE_REL_BASED_DIR64 {
                let pe::BaseRelocationType(kind) = relocation.typ;
                return Err(malformed(format!(
                    "the relocation at {rva:#x} has type {kind}; 64-bit images have type 10 only"
                )));
            }
            let target = image
                .get_mut(rva as usize..)
                .and_then(|rest| rest.first_chunk_mut())
                .ok_or_else(|| malformed(format!("the relocation at {rva:#x} lies outside it")))?;
            *target = u64::from_le_bytes(*target)
                .wrapping_add(delta)
                .to_le_bytes();
            places.push(rva);
        }
    }
    Ok(places)
}
