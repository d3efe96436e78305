//! Imports: the functions of the kernel that an image calls.

use std::ffi::c_void;

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{Import as Thunk, ImportTable};

use super::error::ImageError;

/// More than any driver imports.
const IMPORTS_MAX: usize = 16 * 1024;
const NAME_BYTES_MAX: usize = 256;

/// Knows the addresses of what images import.
pub trait ImportResolver {
    /// The address of `name`, which `module` exports. Module names are as the image spells them and
    /// compare without regard to case; function names compare exactly. `None` refuses the image.
    fn resolve(&self, module: &str, name: &str) -> Option<*const c_void>;
}

/// One import of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module, as the image spells it.
    pub module: String,
    /// The function or variable.
    pub name: String,
    /// Where its address belongs, relative to the image. Eight bytes there lie in the image.
    pub(super) slot_rva: u32,
}

/// Reads the import table of an image that lies in memory as `image`.
pub(super) fn read(image: &[u8], directory_rva: u32) -> Result<Vec<Import>, ImageError> {
    let malformed =
        |error: object::read::Error| ImageError::Malformed(format!("its import table: {error}"));
    // In memory all addresses are offsets in one piece.
    let table = ImportTable::new(image, 0, directory_rva);
    let mut imports = Vec::new();
    for descriptor in table.descriptors().map_err(malformed)? {
        let descriptor = descriptor.map_err(malformed)?;
        let module = text(table.name(descriptor.name.get(LE)).map_err(malformed)?)?;
        let slots = descriptor.first_thunk.get(LE);
        let names = Some(descriptor.original_first_thunk.get(LE)).filter(|&rva| rva != 0);
        let mut thunks = table.thunks(names.unwrap_or(slots)).map_err(malformed)?;
        let mut slot_rva = slots;
        while let Some(thunk) = thunks.next::<pe::ImageNtHeaders64>().map_err(malformed)? {
            let name = match table
                .import::<pe::ImageNtHeaders64>(thunk)
                .map_err(malformed)?
            {
                Thunk::Ordinal(ordinal) => {
                    return Err(ImageError::ImportByOrdinal { module, ordinal });
                }
                Thunk::Name(_, name) => text(name)?,
            };
            if slot_rva as usize + size_of::<u64>() > image.len() || imports.len() == IMPORTS_MAX {
                return Err(ImageError::Malformed(format!(
                    "its import table: no room for the address of {module}!{name}"
                )));
            }
            imports.push(Import {
                module: module.clone(),
                name,
                slot_rva,
            });
            slot_rva = slot_rva.saturating_add(size_of::<u64>() as u32);
        }
    }
    Ok(imports)
}

/// Writes the address of each import where the image's code looks for it.
pub(super) fn bind(
    image: &mut [u8],
    imports: &[Import],
    resolver: &dyn ImportResolver,
) -> Result<(), ImageError> {
    let mut unknown = Vec::new();
    for import in imports {
        match resolver.resolve(&import.module, &import.name) {
            Some(address) => image[import.slot_rva as usize..][..size_of::<u64>()]
                .copy_from_slice(&(address as u64).to_le_bytes()),
            None => unknown.push(format!("{}!{}", import.module, import.name)),
        }
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(ImageError::UnknownImports(unknown))
    }
}

/// A name, which consists of printable ASCII characters.
fn text(bytes: &[u8]) -> Result<String, ImageError> {
    let is_name = bytes.len() <= NAME_BYTES_MAX && bytes.iter().all(u8::is_ascii_graphic);
    if is_name && !bytes.is_empty() {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    } else {
        Err(ImageError::Malformed(
            "its import table: a name is no text".into(),
        ))
    }
}
