//! Brings an image into memory.

use std::ffi::c_void;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use object::pe;
use sha2::{Digest, Sha256};

use super::code::{Beginnings, Code};
use super::error::ImageError;
use super::headers::{Headers, Section};
use super::imports::{self, Import, ImportResolver};
use super::load_config;
use super::mapping::{Mapping, Protection};
use super::relocations;
use super::replacements::{self, Replacements};
use super::symbols::DebugIdentity;

/// An image in memory, ready to run: relocated, bound, its security cookie initialised, what user
/// mode would run otherwise than ring 0 replaced, and protected section by section.
/// Dropping it unmaps it; nothing of it may run or be referred to any more then.
///
/// # Invariants
///
/// Sections that are neither writable nor discardable do not change and stay readable (if they were)
/// as long as this value lives.
#[derive(Debug)]
pub struct LoadedImage {
    mapping: Mapping,
    headers: Headers,
    imports: Vec<Import>,
    sha256: [u8; 32],
    debug_identity: Option<DebugIdentity>,
    replacements: Replacements,
    /// What was in memory before the first code of it ran.
    pristine: Box<[u8]>,
    is_init_discarded: AtomicBool,
}

impl LoadedImage {
    /// Loads the image that a file holds, at an address of the kernel's choice.
    ///
    /// # Errors
    ///
    /// [`ImageError`] tells what is wrong with the file, or which imports `resolver` does not know.
    pub fn load(file: &[u8], resolver: &dyn ImportResolver) -> Result<Self, ImageError> {
        let headers = Headers::parse(file)?;
        let mut mapping =
            Mapping::zeroed(headers.size_of_image as usize).map_err(ImageError::Memory)?;
        let base = mapping.base().as_ptr() as u64;
        // SAFETY: the mapping is new: not yet protected, and known to nobody else.
        let image = unsafe { mapping.bytes_mut() };
        copy_sections(image, file, &headers);
        let debug_identity = headers
            .directory(pe::IMAGE_DIRECTORY_ENTRY_DEBUG)
            .and_then(|directory| DebugIdentity::read(image, directory));
        let sha256: [u8; 32] = Sha256::digest(file).into();
        let addresses = match headers.directory(pe::IMAGE_DIRECTORY_ENTRY_BASERELOC) {
            Some(directory) => {
                relocations::apply(image, directory, base.wrapping_sub(headers.preferred_base))?
            }
            None => Vec::new(),
        };
        if let Some(directory) = headers.directory(pe::IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG) {
            load_config::initialise_cookie(image, directory, base, cookie_of(&sha256))?;
        }
        let imports = match headers.directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT) {
            Some((rva, _)) => imports::read(image, rva)?,
            None => Vec::new(),
        };
        imports::bind(image, &imports, resolver)?;
        let replacements = replace_instructions(image, base, &headers, &addresses);
        let pristine = Box::from(&*image);
        let loaded = Self {
            pristine,
            mapping,
            headers,
            imports,
            sha256,
            debug_identity,
            replacements,
            is_init_discarded: AtomicBool::new(false),
        };
        loaded.protect().map_err(ImageError::Memory)?;
        Ok(loaded)
    }

    /// Brings the image into the state in which it was loaded, at the same addresses, as unloading
    /// and loading it do. Nothing of it may run or be referred to any more.
    ///
    /// # Errors
    ///
    /// What `mprotect` answers.
    pub fn renew(&self) -> io::Result<()> {
        let all = 0..self.pristine.len();
        // SAFETY: by this function's contract nothing of the image is in use.
        unsafe { self.mapping.protect(all, Protection::ReadWrite) }?;
        let to = self.mapping.base().as_ptr();
        // SAFETY: the mapping is as long as the copy that was made of it, and writable now.
        unsafe { to.copy_from_nonoverlapping(self.pristine.as_ptr(), self.pristine.len()) };
        self.is_init_discarded.store(false, Ordering::Relaxed);
        self.protect()
    }

    /// The first address.
    pub fn base(&self) -> u64 {
        self.mapping.base().as_ptr() as u64
    }

    /// The length in memory, in bytes.
    pub fn size(&self) -> u64 {
        self.headers.size_of_image.into()
    }

    /// The entry point: DriverEntry, or the stub before it. Its convention is Microsoft x64.
    pub fn entry_point(&self) -> *const c_void {
        self.mapping
            .base()
            .as_ptr()
            .wrapping_add(self.headers.entry_rva as usize)
            .cast()
    }

    /// Whether an address, such as an instruction pointer, lies in the image.
    pub fn contains(&self, address: u64) -> bool {
        self.rva(address).is_some()
    }

    /// An address relative to the image, if it lies in there.
    pub fn rva(&self, address: u64) -> Option<u32> {
        let offset = address.checked_sub(self.base())?;
        (offset < self.size()).then_some(offset as u32)
    }

    /// The section that holds an address.
    pub fn section_at(&self, address: u64) -> Option<&Section> {
        let rva = self.rva(address)?;
        self.headers
            .sections
            .iter()
            .find(|section| section.contains(rva))
    }

    /// All sections, by address.
    pub fn sections(&self) -> &[Section] {
        &self.headers.sections
    }

    /// All imports, in the image's order.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The SHA-256 of the file.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Which PDB belongs to the image, if it has one.
    pub fn debug_identity(&self) -> Option<&DebugIdentity> {
        self.debug_identity.as_ref()
    }

    /// The instruction that stood at an address before the loader put `hlt` there.
    pub fn replaced_instruction(&self, address: u64) -> Option<&[u8]> {
        let rva = self.rva(address)?;
        self.replacements.get(&rva).map(Vec::as_slice)
    }

    /// Makes the sections that Windows frees after DriverEntry (INIT, relocations) inaccessible. Code
    /// that still uses them faults, and [`LoadedImage::section_at`] tells why. To be called when
    /// DriverEntry has returned.
    ///
    /// # Errors
    ///
    /// What `mprotect` answers.
    pub fn discard_init(&self) -> io::Result<()> {
        self.is_init_discarded.store(true, Ordering::Relaxed);
        for section in self
            .headers
            .sections
            .iter()
            .filter(|section| section.is_discardable)
        {
            self.protect_section(section, Protection::None)?;
        }
        Ok(())
    }

    /// Whether [`LoadedImage::discard_init`] has been called.
    pub fn is_init_discarded(&self) -> bool {
        self.is_init_discarded.load(Ordering::Relaxed)
    }

    /// The rest of a constant section from `rva` on.
    pub(super) fn constants_at(&self, rva: u32) -> Option<&[u8]> {
        let section = self
            .headers
            .sections
            .iter()
            .find(|section| section.contains(rva))?;
        let is_constant = !section.is_writable && !section.is_discardable;
        if !is_constant || section.protection() == Protection::None {
            return None;
        }
        let start = self.mapping.base().as_ptr().wrapping_add(rva as usize);
        let len = (section.rva + section.size - rva) as usize;
        // SAFETY: the section lies in the mapping (invariant of Headers), is readable and does not
        // change (invariant of this type).
        Some(unsafe { std::slice::from_raw_parts(start, len) })
    }

    /// The table of functions and their unwind information.
    pub(super) fn exception_table(&self) -> Option<&[u8]> {
        let (rva, size) = self
            .headers
            .directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION)?;
        self.constants_at(rva)?.get(..size as usize)
    }

    fn protect(&self) -> io::Result<()> {
        let headers = 0..self.headers.size_of_headers as usize;
        // SAFETY: the image is new; no reference into it exists and none of its code runs.
        unsafe { self.mapping.protect(headers, Protection::Read) }?;
        self.headers
            .sections
            .iter()
            .try_for_each(|section| self.protect_section(section, section.protection()))
    }

    fn protect_section(&self, section: &Section, protection: Protection) -> io::Result<()> {
        let range = section.rva as usize..(section.rva + section.size) as usize;
        // SAFETY: references exist into sections that are constant and not discardable only
        // (`constants_at`), and those never lose their first protection. Code that runs in a
        // discarded section is a bug of the driver, and faults as it would on Windows.
        unsafe { self.mapping.protect(range, protection) }
    }
}

/// Equal files get equal cookies, so that runs repeat.
fn cookie_of(sha256: &[u8; 32]) -> u64 {
    u64::from_le_bytes(*sha256.first_chunk().expect("a digest has 32 bytes"))
}

fn replace_instructions(
    image: &mut [u8],
    base: u64,
    headers: &Headers,
    addresses: &[u32],
) -> Replacements {
    let exception_table = headers
        .directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION)
        .and_then(|(rva, size)| image.get(rva as usize..)?.get(..size as usize));
    let code = Code {
        image,
        base,
        sections: &headers.sections,
    };
    let instructions = code.instructions(&Beginnings {
        entry: headers.entry_rva,
        exception_table: exception_table.unwrap_or_default(),
        addresses,
    });
    replacements::replace(image, &instructions)
}

fn copy_sections(image: &mut [u8], file: &[u8], headers: &Headers) {
    let len = headers.size_of_headers as usize;
    image[..len].copy_from_slice(&file[..len]);
    for section in &headers.sections {
        let len = section.file_size as usize;
        let source = &file[section.file_offset as usize..][..len];
        image[section.rva as usize..][..len].copy_from_slice(source);
    }
}
