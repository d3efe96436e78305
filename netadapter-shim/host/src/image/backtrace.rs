//! Where in a driver something came from.

use std::ffi::{c_int, c_void};
use std::fmt;

use crate::trap::{self, Registers};

use super::loader::LoadedImage;
use super::symbols::{SourceFrame, Symbols};
use super::unwind::{Frame, ReadStack};

/// Deeper than a kernel stack can be with functions of ordinary size.
const FRAMES_MAX: usize = 64;

/// A place in a driver's code, one of a chain of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverFrame {
    /// The address, relative to the image.
    pub rva: u32,
    /// Whether it is the address behind a call, not that of a faulting instruction.
    pub is_return_address: bool,
}

impl DriverFrame {
    /// The address to ask symbols for: the call, not what comes after it.
    pub fn lookup_rva(&self) -> u32 {
        self.rva.saturating_sub(self.is_return_address.into())
    }
}

/// The driver's chain of calls that led to `registers`, innermost first: from the instruction itself,
/// or, for a jump to where no code is, from its caller. It ends where the chain leaves the image, at
/// 64 frames, or where the stack makes no sense.
pub fn driver_frames(image: &LoadedImage, registers: &Registers) -> Vec<DriverFrame> {
    let frame = Frame::new(registers.general.map(Some), registers.rip);
    frames_from(image, frame, false, &trap::read_u64)
}

fn frames_from(
    image: &LoadedImage,
    mut frame: Frame,
    mut is_return_address: bool,
    read: ReadStack<'_>,
) -> Vec<DriverFrame> {
    let mut frames = Vec::new();
    if !image.contains(frame.rip) {
        is_return_address = true;
        if frame.pop_return_address(read).is_none() {
            return frames;
        }
    }
    while let Some(rva) = image.rva(frame.rip)
        && frames.len() < FRAMES_MAX
    {
        frames.push(DriverFrame {
            rva,
            is_return_address,
        });
        let rsp = frame.rsp();
        if frame.step(image, is_return_address, read).is_none() || frame.rsp() <= rsp {
            break;
        }
        is_return_address = true;
    }
    frames
}

/// The driver's chain of calls that led to the present call of the host: empty if there is no
/// driver on this thread's stack. For a register access the chain begins at the accessing
/// instruction.
pub fn driver_call_site(image: &LoadedImage) -> Vec<DriverFrame> {
    let mut search = Search { image, found: None };
    // SAFETY: `find_image_frame` has the signature of a trace function, and gets its `Search`, which
    // outlives the call.
    unsafe { _Unwind_Backtrace(find_image_frame, (&raw mut search).cast()) };
    search
        .found
        .map(|(frame, is_return_address)| {
            frames_from(image, frame, is_return_address, &trap::read_u64)
        })
        .unwrap_or_default()
}

struct Search<'a> {
    image: &'a LoadedImage,
    found: Option<(Frame, bool)>,
}

/// `_URC_NO_REASON`: go on.
const CONTINUE: c_int = 0;
/// `_URC_NORMAL_STOP`: any answer but "go on" ends the walk.
const STOP: c_int = 4;

/// The registers that System V functions preserve, so that the unwinder knows them in every frame:
/// their DWARF number and their number here.
const PRESERVED: [(c_int, usize); 6] = [
    (3, Registers::RBX),
    (6, Registers::RBP),
    (12, 12),
    (13, 13),
    (14, 14),
    (15, 15),
];

type TraceFunction = extern "C" fn(*mut c_void, *mut c_void) -> c_int;

// The unwinder that the standard library links for panics: System V ABI, AMD64 supplement, "Unwind
// Library Interface". The backtrace crate uses it too, but does not tell registers.
unsafe extern "C" {
    fn _Unwind_Backtrace(trace: TraceFunction, argument: *mut c_void) -> c_int;
    fn _Unwind_GetIPInfo(context: *mut c_void, is_before_instruction: *mut c_int) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
    fn _Unwind_GetGR(context: *mut c_void, register: c_int) -> usize;
}

extern "C" fn find_image_frame(context: *mut c_void, argument: *mut c_void) -> c_int {
    // SAFETY: `driver_call_site` passes its `Search`, which nobody else uses meanwhile.
    let search = unsafe { &mut *argument.cast::<Search<'_>>() };
    let mut is_before_instruction = 0;
    // SAFETY: the unwinder passes a valid context to its trace function.
    let rip = unsafe { _Unwind_GetIPInfo(context, &mut is_before_instruction) } as u64;
    if !search.image.contains(rip) {
        return CONTINUE;
    }
    let mut general = [None; 16];
    // SAFETY: as above. In a trace function this is the frame's own stack pointer.
    general[Registers::RSP] = Some(unsafe { _Unwind_GetCFA(context) } as u64);
    for (dwarf, number) in PRESERVED {
        // SAFETY: as above; the unwinder knows the preserved registers from its own start on.
        general[number] = Some(unsafe { _Unwind_GetGR(context, dwarf) } as u64);
    }
    search.found = Some((Frame::new(general, rip), is_before_instruction == 0));
    STOP
}

/// A chain of calls in a driver, with its source as far as known. It prints as the driver's own
/// function with file and line, followed by the whole chain.
#[derive(Clone, Debug, Default)]
pub struct CallSite {
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    rva: u32,
    source: Option<SourceFrame>,
}

impl CallSite {
    /// Looks up each frame. Without symbols the addresses remain.
    pub fn describe(frames: &[DriverFrame], symbols: Option<&Symbols>) -> Self {
        let places = frames.iter().flat_map(|frame| {
            let rva = frame.rva;
            let sources = symbols
                .map(|symbols| symbols.frames(frame.lookup_rva()))
                .unwrap_or_default();
            if sources.is_empty() {
                return vec![Place { rva, source: None }];
            }
            sources
                .into_iter()
                .map(|source| Place {
                    rva,
                    source: Some(source),
                })
                .collect()
        });
        Self {
            places: places.collect(),
        }
    }

    /// Whether the driver was not on the stack.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The innermost function of the driver's own source, not of the library it is written with. If
    /// all are the library's, the innermost.
    pub fn in_driver_source(&self) -> Option<&SourceFrame> {
        let mut known = self.places.iter().filter_map(|place| place.source.as_ref());
        known
            .clone()
            .find(|source| source.file.as_deref().is_some_and(is_driver_source))
            .or_else(|| known.next())
    }
}

/// Whether a file is neither the safe layer over the contract, nor Rust's library, nor a crate from a
/// registry.
fn is_driver_source(file: &str) -> bool {
    const LIBRARIES: [&str; 5] = [
        "netadapter-shim/",
        "/rustc/",
        "/library/core/",
        "/library/alloc/",
        "/registry/src/",
    ];
    !LIBRARIES.iter().any(|library| file.contains(library))
}

impl fmt::Display for SourceFrame {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.function.as_deref().unwrap_or("an unnamed function"))?;
        if let Some(file) = &self.file {
            write!(out, ", {file}")?;
            if let Some(line) = self.line {
                write!(out, ":{line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => {
                write!(out, "{source}")?;
                if source.is_inlined {
                    out.write_str(" (inlined)")
                } else {
                    Ok(())
                }
            }
            None => write!(out, "image + {:#x}", self.rva),
        }
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.in_driver_source(), self.places.first()) {
            (Some(source), _) => write!(out, "{source}")?,
            (None, Some(place)) => write!(out, "{place}")?,
            (None, None) => return out.write_str("no driver function"),
        }
        self.places
            .iter()
            .enumerate()
            .try_for_each(|(number, place)| write!(out, "\n  {number:>2}: {place}"))
    }
}
