//! Images that are refused, each with one clear sentence.

use std::ffi::c_void;

use proptest::prelude::*;

use super::super::{ImageError, ImportResolver, LoadedImage, Symbols};
use super::{Anything, Copy, Nothing, PROBE, PROBE_PDB};

const IMPORT: usize = 1;
const BASE_RELOCATION: usize = 5;
const DELAY_IMPORT: usize = 13;

#[test]
fn files_that_are_no_images_are_refused() {
    let refusal = |file: &[u8]| {
        LoadedImage::load(file, &Anything)
            .expect_err("no image")
            .to_string()
    };
    assert_eq!(refusal(b""), "not a Windows image: the file is empty");
    assert_eq!(
        refusal(b"\x7fELF"),
        "not a Windows image: it does not begin with the letters MZ"
    );
    let mut no_signature = Copy::of_probe();
    let signature = no_signature.file_header() - 4;
    no_signature.write(signature, *b"NE\0\0");
    assert_eq!(
        no_signature.refusal(),
        "not a Windows image: there is no PE signature where its DOS header points to"
    );
}

#[test]
fn images_for_other_processors_are_refused() {
    for (machine, name) in [
        (0xaa64_u16, "ARM64"),
        (0x014c, "32-bit x86"),
        (0x01c4, "32-bit ARM"),
        (0x5064, "machine type 0x5064"),
    ] {
        let mut copy = Copy::of_probe();
        copy.write(copy.file_header(), machine.to_le_bytes());
        assert_eq!(
            copy.refusal(),
            format!("the image is built for {name}; this host runs x86-64 drivers")
        );
    }
    let mut copy = Copy::of_probe();
    copy.write(copy.optional_header(), 0x10b_u16.to_le_bytes());
    assert_eq!(
        copy.refusal(),
        "the image is malformed: its optional header is not that of a 64-bit image"
    );
}

#[test]
fn programs_are_refused() {
    let mut copy = Copy::of_probe();
    copy.write(copy.optional_header() + 68, 3_u16.to_le_bytes());
    assert_eq!(
        copy.refusal(),
        "the image is no kernel-mode driver: its subsystem is the Windows console, not native \
         (link with /SUBSYSTEM:NATIVE)"
    );
}

#[test]
fn every_truncation_is_refused_with_what_is_missing() {
    let probe = Copy::of_probe().bytes;
    let sections_end = probe.len();
    for len in 0..sections_end {
        let error = LoadedImage::load(&probe[..len], &Anything).expect_err("truncated");
        assert!(
            matches!(error, ImageError::Truncated(_) | ImageError::NotAnImage(_)),
            "{len} bytes: {error}"
        );
    }
    let refusal = |len| {
        LoadedImage::load(&probe[..len], &Anything)
            .expect_err("cut")
            .to_string()
    };
    assert_eq!(
        refusal(30),
        "the image is truncated: it ends inside its DOS header"
    );
    assert_eq!(
        refusal(600),
        "the image is truncated: it ends inside its section table"
    );
    assert_eq!(
        refusal(1100),
        "the image is truncated: it ends inside section .text"
    );
}

#[test]
fn writable_code_is_refused() {
    let mut copy = Copy::of_probe();
    let flags = copy.section(".text") + 36;
    copy.write(flags, (copy.read_u32(flags) | 0x8000_0000).to_le_bytes());
    assert_eq!(
        copy.refusal(),
        "section .text is writable and executable, which hypervisor-protected code integrity \
         forbids for kernel-mode drivers"
    );
}

#[test]
fn sections_outside_the_image_or_over_each_other_are_refused() {
    let with_address = |section: &str, rva: u32| {
        let mut copy = Copy::of_probe();
        copy.write(copy.section(section) + 12, rva.to_le_bytes());
        copy.refusal()
    };
    assert_eq!(
        with_address(".reloc", 0xffff_f000),
        "the image is malformed: section .reloc reaches behind the end of the image"
    );
    assert_eq!(
        with_address(".rdata", 0x1000),
        "the image is malformed: section .rdata overlaps what lies before it"
    );
    assert_eq!(
        with_address(".text", 0),
        "the image is malformed: section .text overlaps what lies before it"
    );
    assert_eq!(
        with_address(".rdata", 0x2010),
        "the image is malformed: section .rdata does not begin at a page"
    );
}

#[test]
fn a_wrong_checksum_is_refused_and_a_missing_one_is_not() {
    let mut damaged = PROBE.to_vec();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let error = LoadedImage::load(&damaged, &Anything)
        .expect_err("damaged")
        .to_string();
    assert!(
        error.starts_with("the image is damaged: its checksum is 0x"),
        "{error}"
    );
    Copy::of_probe()
        .load()
        .expect("an image without a checksum is loaded");
}

#[test]
fn an_image_without_relocations_is_refused() {
    let expected = "the image has no relocations, so it cannot be loaded where there is room (link \
                    with /DYNAMICBASE, without /FIXED)";
    let mut fixed = Copy::of_probe();
    let characteristics = fixed.file_header() + 18;
    let flags = fixed.bytes[characteristics] | 1;
    fixed.write(characteristics, [flags]);
    assert_eq!(fixed.refusal(), expected);

    let mut stripped = Copy::of_probe();
    stripped.write(stripped.directory(BASE_RELOCATION), [0; 8]);
    stripped.write(stripped.optional_header() + 70, 0_u16.to_le_bytes());
    assert_eq!(stripped.refusal(), expected);
}

#[test]
fn relocations_outside_the_image_are_refused() {
    let probe = Copy::of_probe();
    let table = probe.offset_of(".reloc", probe.read_u32(probe.directory(BASE_RELOCATION)));

    let mut outside = Copy::of_probe();
    outside.write(table, 0x7fff_f000_u32.to_le_bytes());
    assert_eq!(
        outside.refusal(),
        "the image is malformed: the relocation at 0x7ffff000 lies outside it"
    );

    let mut other_type = Copy::of_probe();
    other_type.write(table + 8, 0x3000_u16.to_le_bytes());
    assert_eq!(
        other_type.refusal(),
        "the image is malformed: the relocation at 0x2000 has type 3; 64-bit images have type 10 \
         only"
    );

    let mut endless = Copy::of_probe();
    endless.write(table + 4, 0_u32.to_le_bytes());
    assert_eq!(
        endless.refusal(),
        "the image is malformed: its relocations: Invalid PE reloc block size"
    );

    let mut far = Copy::of_probe();
    far.write(
        far.directory(BASE_RELOCATION),
        0xffff_0000_u32.to_le_bytes(),
    );
    assert_eq!(
        far.refusal(),
        "the image is malformed: its relocation table lies outside the image"
    );
}

#[test]
fn imports_of_unknown_modules_are_all_named_in_one_sentence() {
    let error = LoadedImage::load(PROBE, &Nothing)
        .expect_err("nothing is known")
        .to_string();
    assert_eq!(
        error,
        "this host does not have ntoskrnl.exe!ProbeCall and WDFLDR.SYS!ProbeVersion, which the \
         image imports"
    );
}

#[test]
fn a_single_unknown_import_is_named() {
    struct OnlyKernel;
    impl ImportResolver for OnlyKernel {
        fn resolve(&self, module: &str, _name: &str) -> Option<*const c_void> {
            module
                .eq_ignore_ascii_case("NTOSKRNL.EXE")
                .then(std::ptr::dangling)
        }
    }
    let error = LoadedImage::load(PROBE, &OnlyKernel)
        .expect_err("no WDFLDR")
        .to_string();
    assert_eq!(
        error,
        "this host does not have WDFLDR.SYS!ProbeVersion, which the image imports"
    );
}

#[test]
fn imports_by_number_are_refused() {
    let mut copy = Copy::of_probe();
    let descriptors = copy.offset_of(".rdata", copy.read_u32(copy.directory(IMPORT)));
    let names = copy.offset_of(".rdata", copy.read_u32(descriptors));
    copy.write(names, (1 << 63 | 42_u64).to_le_bytes());
    assert_eq!(
        copy.refusal(),
        "the image imports number 42 of ntoskrnl.exe; only imports by name can be resolved"
    );
}

#[test]
fn delay_loaded_imports_are_refused() {
    let mut copy = Copy::of_probe();
    copy.write(copy.directory(DELAY_IMPORT), [0, 0x20, 0, 0, 0x40, 0, 0, 0]);
    assert_eq!(
        copy.refusal(),
        "this host cannot load the image: it has delay-loaded imports"
    );
}

#[test]
fn an_entry_point_outside_the_code_is_refused() {
    let mut copy = Copy::of_probe();
    copy.write(copy.optional_header() + 16, 0x2000_u32.to_le_bytes());
    assert_eq!(
        copy.refusal(),
        "the image is malformed: its entry point 0x2000 lies in no code section"
    );
}

#[test]
fn impossible_sizes_are_refused() {
    let with = |field: usize, value: u32| {
        let mut copy = Copy::of_probe();
        copy.write(copy.optional_header() + field, value.to_le_bytes());
        copy.refusal()
    };
    let (alignment, image, headers) = (32, 56, 60);
    assert!(with(image, 0).contains("its size in memory is 0 bytes"));
    assert!(with(image, u32::MAX).contains("its size in memory is 4294967295 bytes"));
    assert!(with(alignment, 512).contains("its section alignment is 512 bytes"));
    assert!(with(headers, u32::MAX).contains("its headers are larger than the image"));
}

#[test]
fn a_pdb_of_another_build_is_refused() {
    let image = LoadedImage::load(PROBE, &Anything).expect("the probe is loaded");
    let mut other = image.debug_identity().expect("the probe has a PDB").clone();
    other.guid[0] ^= 1;
    let error = Symbols::for_image(PROBE_PDB.to_vec(), Some(&other)).expect_err("another build");
    let tail = " age 1); both must be of one build";
    let error = error.to_string();
    assert!(
        error.contains(" does not belong to the image (") && error.ends_with(tail),
        "{error}"
    );
}

#[test]
fn files_that_are_no_pdb_are_refused() {
    for len in [0, 16, 100, 4096, PROBE_PDB.len() / 2] {
        let error = Symbols::from_pdb(PROBE_PDB[..len].to_vec()).expect_err("truncated");
        assert!(
            error.to_string().starts_with("cannot read the PDB: "),
            "{error}"
        );
    }
}

/// The PDB reader panics on this one, which damage by chance has found.
#[test]
fn a_pdb_with_a_wrong_line_count_gives_no_source() {
    const LENGTH_OF_LINE_BLOCK: usize = 47272;
    let mut pdb = PROBE_PDB.to_vec();
    pdb[LENGTH_OF_LINE_BLOCK] = 0;
    let symbols = Symbols::from_pdb(pdb).expect("its head is whole");
    assert!((0x1000..0x1100).any(|rva| symbols.frames(rva).is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_images_never_panic(
        changes in prop::collection::vec((0..PROBE.len(), any::<u8>()), 1..12),
        header_changes in prop::collection::vec((0..0x400_usize, any::<u8>()), 0..6),
    ) {
        let mut copy = Copy::of_probe();
        for (offset, value) in changes.into_iter().chain(header_changes) {
            copy.bytes[offset] = value;
        }
        if let Ok(image) = copy.load() {
            for offset in (0..image.size()).step_by(64) {
                image.section_at(image.base() + offset);
            }
            let registers = crate::trap::Registers {
                rip: image.base() + 0x1008,
                ..Default::default()
            };
            super::super::driver_frames(&image, &registers);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_pdbs_never_panic(
        changes in prop::collection::vec((0..PROBE_PDB.len(), any::<u8>()), 1..24),
    ) {
        let mut pdb = PROBE_PDB.to_vec();
        for (offset, value) in changes {
            pdb[offset] = value;
        }
        if let Ok(symbols) = Symbols::from_pdb(pdb) {
            for rva in (0x1000..0x1100).step_by(8) {
                symbols.frames(rva);
            }
        }
    }
}
