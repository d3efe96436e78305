//! Function, file and line of a driver's code, from its PDB.

use std::fmt;
use std::io::Cursor;
use std::panic;

use object::LittleEndian as LE;
use object::pe;
use object::read::ReadRef;
use pdb_addr2line::{Context, ContextPdbData, TypeFormatterFlags, pdb};

/// What ties an image and its PDB together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebugIdentity {
    /// Made anew at every link, in the byte order of the file.
    pub guid: [u8; 16],
    /// How often the PDB was written for this GUID.
    pub age: u32,
    /// Where the linker wrote the PDB; empty if the identity comes from a PDB.
    pub path: String,
}

impl DebugIdentity {
    /// Reads the CodeView entry of the debug directory of an image in memory.
    pub(super) fn read(image: &[u8], (rva, size): (u32, u32)) -> Option<Self> {
        const SIGNATURE: &[u8] = b"RSDS";
        let count = size as usize / size_of::<pe::ImageDebugDirectory>();
        let entries: &[pe::ImageDebugDirectory] = image.read_slice_at(rva.into(), count).ok()?;
        let entry = entries
            .iter()
            .find(|entry| entry.typ.get(LE) == pe::IMAGE_DEBUG_TYPE_CODEVIEW)?;
        let start = u64::from(entry.address_of_raw_data.get(LE));
        let data = image
            .read_bytes_at(start, entry.size_of_data.get(LE).into())
            .ok()?;
        let (guid, rest) = data.strip_prefix(SIGNATURE)?.split_first_chunk()?;
        let (age, path) = rest.split_first_chunk()?;
        let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
        Some(Self {
            guid: *guid,
            age: u32::from_le_bytes(*age),
            path: String::from_utf8_lossy(path).into_owned(),
        })
    }
}

impl fmt::Display for DebugIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f, g, h, tail @ ..] = self.guid;
        let first = u32::from_le_bytes([a, b, c, d]);
        write!(out, "{first:08x}-{:04x}-", u16::from_le_bytes([e, f]))?;
        write!(out, "{:04x}-", u16::from_le_bytes([g, h]))?;
        tail.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        write!(out, " age {}", self.age)
    }
}

/// Why symbols cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SymbolsError {
    /// The file is no PDB, or a damaged one.
    #[error("cannot read the PDB: {0}")]
    Unreadable(String),
    /// The PDB belongs to another image.
    #[error("the PDB ({pdb}) does not belong to the image ({image}); both must be of one build")]
    OtherImage {
        /// The PDB's identity.
        pdb: DebugIdentity,
        /// The image's identity.
        image: DebugIdentity,
    },
    /// The image was linked without a PDB.
    #[error("the image names no PDB (link with /DEBUG)")]
    NoIdentity,
}

/// A place in the driver's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFrame {
    /// The function with its path.
    pub function: Option<String>,
    /// The source file as the compiler was told, with slashes.
    pub file: Option<String>,
    /// The line, from one.
    pub line: Option<u32>,
    /// Whether the compiler put this function's code into its caller, which is the next frame.
    pub is_inlined: bool,
}

/// The symbols of an image.
#[derive(Debug)]
pub struct Symbols {
    pdb: Vec<u8>,
    identity: DebugIdentity,
}

impl Symbols {
    /// Reads a PDB.
    ///
    /// # Errors
    ///
    /// [`SymbolsError::Unreadable`].
    pub fn from_pdb(pdb: Vec<u8>) -> Result<Self, SymbolsError> {
        let identity = contained(|| identity(&pdb))
            .unwrap_or_else(|| Err("it is damaged".into()))
            .map_err(|error| SymbolsError::Unreadable(error.to_string()))?;
        Ok(Self { pdb, identity })
    }

    /// Reads a PDB that must belong to an image with this identity
    /// ([`LoadedImage::debug_identity`](super::LoadedImage::debug_identity)).
    ///
    /// # Errors
    ///
    /// Any [`SymbolsError`].
    pub fn for_image(pdb: Vec<u8>, image: Option<&DebugIdentity>) -> Result<Self, SymbolsError> {
        let image = image.ok_or(SymbolsError::NoIdentity)?;
        let symbols = Self::from_pdb(pdb)?;
        let pdb = &symbols.identity;
        if (pdb.guid, pdb.age) == (image.guid, image.age) {
            Ok(symbols)
        } else {
            Err(SymbolsError::OtherImage {
                pdb: pdb.clone(),
                image: image.clone(),
            })
        }
    }

    /// The functions whose code lies at `rva`, relative to the image: the innermost inlined one
    /// first, the function itself last. Empty where the PDB knows nothing. Reads the PDB anew: meant
    /// for findings, which are rare.
    pub fn frames(&self, rva: u32) -> Vec<SourceFrame> {
        contained(|| self.find(rva))
            .and_then(Result::ok)
            .flatten()
            .unwrap_or_default()
    }

    /// The function at each of `rvas`, relative to the image, without inlined ones; `None` where the
    /// PDB knows nothing. Reads the PDB once.
    ///
    /// # Errors
    ///
    /// [`SymbolsError::Unreadable`].
    pub fn functions(&self, rvas: &[u32]) -> Result<Vec<Option<String>>, SymbolsError> {
        let find = || {
            self.with_context(|context| {
                let function = |rva: &u32| context.find_function(*rva);
                let functions = rvas.iter().map(function);
                let names = functions.map(|found| Ok(found?.and_then(|function| function.name)));
                names.collect()
            })
        };
        let unreadable = |error: &dyn fmt::Display| SymbolsError::Unreadable(error.to_string());
        let found = contained(find).ok_or_else(|| unreadable(&"it is damaged"))?;
        found.map_err(|error| unreadable(&error))
    }

    fn with_context<T>(
        &self,
        read: impl FnOnce(&Context<'_, '_>) -> Result<T, pdb_addr2line::Error>,
    ) -> Result<T, pdb_addr2line::Error> {
        let pdb = pdb::PDB::open(Cursor::new(&self.pdb[..]))?;
        let data = ContextPdbData::try_from_pdb(pdb)?;
        let flags = TypeFormatterFlags::default() | TypeFormatterFlags::NO_ARGUMENTS;
        read(&data.make_context_with_formatter_flags(flags)?)
    }

    fn find(&self, rva: u32) -> Result<Option<Vec<SourceFrame>>, pdb_addr2line::Error> {
        self.with_context(|context| {
            let Some(found) = context.find_frames(rva)? else {
                return Ok(None);
            };
            let outermost = found.frames.len().saturating_sub(1);
            let frames = found
                .frames
                .iter()
                .enumerate()
                .map(|(depth, frame)| SourceFrame {
                    function: frame.function.clone(),
                    file: frame.file.as_ref().map(|file| file.replace('\\', "/")),
                    line: frame.line,
                    is_inlined: depth < outermost,
                });
            Ok(Some(frames.collect()))
        })
    }
}

/// Runs the PDB reader, which panics on some damaged files. It shares no state with anyone.
fn contained<T>(read: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(panic::AssertUnwindSafe(read)).ok()
}

fn identity(pdb: &[u8]) -> Result<DebugIdentity, Box<dyn std::error::Error>> {
    let mut pdb = pdb::PDB::open(Cursor::new(pdb))?;
    let information = pdb.pdb_information()?;
    // Tools that rewrite a PDB count in the debug information; the image follows that.
    let age = pdb.debug_information()?.age().unwrap_or(information.age);
    Ok(DebugIdentity {
        guid: information.guid.to_bytes_le(),
        age,
        path: String::new(),
    })
}
