//! The headers of an image, checked.

use object::LittleEndian as LE;
use object::pe;
use object::read::ReadRef;
use object::read::coff::SectionTable;
use object::read::pe::{DataDirectories, ImageNtHeaders, ImageOptionalHeader};

use super::checksum::checksum;
use super::error::ImageError;
use super::mapping::{PAGE_BYTES, Protection};

/// Drivers have a few MiB; more is a damaged header.
const IMAGE_BYTES_MAX: u32 = 256 << 20;
/// Where the checksum lies in the optional header.
const CHECKSUM_OFFSET: usize = 64;

/// What loading needs of the headers.
///
/// # Invariants
///
/// Sections ascend, do not overlap each other or the headers, begin at a page and end within
/// `size_of_image`; their file ranges and the headers lie in the file.
#[derive(Debug)]
pub(super) struct Headers {
    pub(super) preferred_base: u64,
    pub(super) entry_rva: u32,
    pub(super) size_of_image: u32,
    pub(super) size_of_headers: u32,
    pub(super) sections: Vec<Section>,
    /// Address and size of each data directory.
    directories: Vec<(u32, u32)>,
}

/// A section of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name, up to eight characters.
    pub name: String,
    /// The address of the first byte, relative to the image.
    pub rva: u32,
    /// The length in memory, in bytes.
    pub size: u32,
    /// Whether code runs in it.
    pub is_executable: bool,
    /// Whether it may be written.
    pub is_writable: bool,
    /// Whether Windows frees it after DriverEntry.
    pub is_discardable: bool,
    pub(super) file_offset: u32,
    /// At most `size`; the file has more, up to a multiple of its alignment.
    pub(super) file_size: u32,
    padded_file_size: u32,
    is_readable: bool,
}

impl Section {
    /// Whether an address, relative to the image, lies in the section.
    pub fn contains(&self, rva: u32) -> bool {
        rva.checked_sub(self.rva)
            .is_some_and(|offset| offset < self.size)
    }

    pub(super) fn protection(&self) -> Protection {
        match (self.is_executable, self.is_writable, self.is_readable) {
            (true, _, _) => Protection::ReadExecute,
            (false, true, _) => Protection::ReadWrite,
            (false, false, true) => Protection::Read,
            (false, false, false) => Protection::None,
        }
    }

    /// A section of which only place and kind matter.
    #[cfg(test)]
    pub(super) fn for_tests(rva: u32, size: u32, is_executable: bool) -> Self {
        Self {
            name: "test".into(),
            rva,
            size,
            is_executable,
            is_writable: false,
            is_discardable: false,
            file_offset: 0,
            file_size: size,
            padded_file_size: size,
            is_readable: true,
        }
    }

    fn parse(header: &pe::ImageSectionHeader) -> Self {
        let flags = header.characteristics.get(LE);
        let has = |flag: pe::SectionFlags| flags.contains(flag);
        let name = header
            .name
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default();
        let size = header.virtual_size.get(LE);
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            rva: header.virtual_address.get(LE),
            size,
            is_executable: has(pe::IMAGE_SCN_MEM_EXECUTE),
            is_writable: has(pe::IMAGE_SCN_MEM_WRITE),
            is_discardable: has(pe::IMAGE_SCN_MEM_DISCARDABLE),
            file_offset: header.pointer_to_raw_data.get(LE),
            file_size: header.size_of_raw_data.get(LE).min(size),
            padded_file_size: header.size_of_raw_data.get(LE),
            is_readable: has(pe::IMAGE_SCN_MEM_READ),
        }
    }

    fn check(&self, file: &[u8], free_from: u32, size_of_image: u32) -> Result<u32, ImageError> {
        let Self { name, rva, .. } = self;
        let malformed = |what: &str| ImageError::Malformed(format!("section {name} {what}"));
        if self.is_writable && self.is_executable {
            return Err(ImageError::WritableCode {
                section: name.clone(),
            });
        }
        if !(*rva as usize).is_multiple_of(PAGE_BYTES) {
            return Err(malformed("does not begin at a page"));
        }
        if *rva < free_from {
            return Err(malformed("overlaps what lies before it"));
        }
        let end = rva
            .checked_add(self.size)
            .filter(|&end| end <= size_of_image);
        let end = end.ok_or_else(|| malformed("reaches behind the end of the image"))?;
        if file
            .read_bytes_at(self.file_offset.into(), self.padded_file_size.into())
            .is_err()
        {
            return Err(ImageError::Truncated(format!("section {name}")));
        }
        Ok(end)
    }
}

impl Headers {
    /// Reads and checks the headers of a whole file.
    pub(super) fn parse(file: &[u8]) -> Result<Self, ImageError> {
        let mut offset = file_header_offset(file)?;
        let header_offset = offset as usize;
        check_machine(file, offset)?;
        let (headers, directories) = pe::ImageNtHeaders64::parse(file, &mut offset)
            .map_err(|_| ImageError::Truncated("its optional header".into()))?;
        let file_header = headers.file_header();
        let optional = headers.optional_header();
        let table = SectionTable::parse(file_header, file, offset)
            .map_err(|_| ImageError::Truncated("its section table".into()))?;
        if optional.subsystem() != pe::IMAGE_SUBSYSTEM_NATIVE {
            return Err(ImageError::Subsystem(subsystem_name(optional.subsystem())));
        }
        let parsed = Self {
            preferred_base: optional.image_base(),
            entry_rva: optional.address_of_entry_point(),
            size_of_image: optional.size_of_image(),
            size_of_headers: optional.size_of_headers(),
            sections: table.iter().map(Section::parse).collect(),
            directories: addresses(&directories),
        };
        parsed.check(file, optional.section_alignment())?;
        let expected = optional.check_sum();
        let field = header_offset + size_of::<u32>() + size_of::<pe::ImageFileHeader>();
        let actual = checksum(file, field + CHECKSUM_OFFSET);
        if expected != 0 && expected != actual {
            return Err(ImageError::Checksum { expected, actual });
        }
        let is_fixed = file_header
            .characteristics
            .get(LE)
            .contains(pe::IMAGE_FILE_RELOCS_STRIPPED);
        let may_move = optional
            .dll_characteristics()
            .contains(pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE);
        let has_relocations = parsed
            .directory(pe::IMAGE_DIRECTORY_ENTRY_BASERELOC)
            .is_some();
        if is_fixed || !(may_move || has_relocations) {
            return Err(ImageError::NoRelocations);
        }
        Ok(parsed)
    }

    /// Address and size of a data directory, if the image has it.
    pub(super) fn directory(&self, number: usize) -> Option<(u32, u32)> {
        self.directories
            .get(number)
            .copied()
            .filter(|&(rva, size)| rva != 0 && size != 0)
    }

    fn check(&self, file: &[u8], section_alignment: u32) -> Result<(), ImageError> {
        let malformed = |what: String| Err(ImageError::Malformed(what));
        if self.size_of_image == 0 || self.size_of_image > IMAGE_BYTES_MAX {
            return malformed(format!(
                "its size in memory is {} bytes, not between 1 and {IMAGE_BYTES_MAX}",
                self.size_of_image
            ));
        }
        if (section_alignment as usize) < PAGE_BYTES {
            return malformed(format!(
                "its section alignment is {section_alignment} bytes; pages of {PAGE_BYTES} bytes \
                 cannot be protected one by one then"
            ));
        }
        if self.size_of_headers > self.size_of_image {
            return malformed("its headers are larger than the image".into());
        }
        if self.size_of_headers as usize > file.len() {
            return Err(ImageError::Truncated("its headers".into()));
        }
        self.sections
            .iter()
            .try_fold(self.size_of_headers, |free_from, section| {
                section.check(file, free_from, self.size_of_image)
            })?;
        let entry = self.entry_rva;
        let has_entry = |section: &Section| section.is_executable && section.contains(entry);
        if !self.sections.iter().any(has_entry) {
            return malformed(format!(
                "its entry point {entry:#x} lies in no code section"
            ));
        }
        if self
            .directory(pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)
            .is_some()
        {
            return Err(ImageError::Unsupported("it has delay-loaded imports"));
        }
        Ok(())
    }
}

fn addresses(directories: &DataDirectories<'_>) -> Vec<(u32, u32)> {
    directories
        .iter()
        .map(|directory| directory.address_range())
        .collect()
}

/// The file offset of the PE signature, which has been seen there.
fn file_header_offset(file: &[u8]) -> Result<u64, ImageError> {
    if !file.starts_with(b"MZ") {
        return Err(ImageError::NotAnImage(if file.is_empty() {
            "the file is empty"
        } else {
            "it does not begin with the letters MZ"
        }));
    }
    let dos: &pe::ImageDosHeader = file
        .read_at(0)
        .map_err(|()| ImageError::Truncated("its DOS header".into()))?;
    let offset = u64::from(dos.nt_headers_offset());
    let signature: &[u8] = file
        .read_bytes_at(offset, 4)
        .map_err(|()| ImageError::Truncated("its PE signature".into()))?;
    if signature == b"PE\0\0" {
        Ok(offset)
    } else {
        Err(ImageError::NotAnImage(
            "there is no PE signature where its DOS header points to",
        ))
    }
}

/// Refuses other processors before anything that depends on the processor is read.
fn check_machine(file: &[u8], signature_offset: u64) -> Result<(), ImageError> {
    let truncated = |()| ImageError::Truncated("its file header".into());
    let header: &pe::ImageFileHeader = file.read_at(signature_offset + 4).map_err(truncated)?;
    let machine = header.machine.get(LE);
    if machine != pe::IMAGE_FILE_MACHINE_AMD64 {
        return Err(ImageError::Machine(machine_name(machine)));
    }
    let magic_offset = signature_offset + 4 + size_of::<pe::ImageFileHeader>() as u64;
    let magic: &object::U16<LE> = file.read_at(magic_offset).map_err(truncated)?;
    if magic.get(LE) == pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC {
        Ok(())
    } else {
        Err(ImageError::Malformed(
            "its optional header is not that of a 64-bit image".into(),
        ))
    }
}

fn machine_name(machine: pe::Machine) -> String {
    match machine {
        pe::IMAGE_FILE_MACHINE_I386 => "32-bit x86".into(),
        pe::IMAGE_FILE_MACHINE_ARM64 => "ARM64".into(),
        pe::IMAGE_FILE_MACHINE_ARM64EC => "ARM64EC".into(),
        pe::IMAGE_FILE_MACHINE_ARMNT => "32-bit ARM".into(),
        pe::Machine(other) => format!("machine type {other:#06x}"),
    }
}

fn subsystem_name(subsystem: pe::Subsystem) -> String {
    match subsystem {
        pe::IMAGE_SUBSYSTEM_WINDOWS_GUI => "the Windows GUI".into(),
        pe::IMAGE_SUBSYSTEM_WINDOWS_CUI => "the Windows console".into(),
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION => "EFI applications".into(),
        pe::Subsystem(other) => format!("number {other}"),
    }
}
