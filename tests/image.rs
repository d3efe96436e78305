//! `dhpnic.sys` is a proper kernel driver: what Windows checks before it loads one, and what the
//! project promises about its imports and its PDB.

use object::LittleEndian as LE;
use object::Object;
use object::pe;
use object::read::pe::{ImageOptionalHeader, ImageThunkData, PeFile64, ResourceDirectoryEntryData};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;

const SYS: &str = env!("DHPNIC_SYS");
const PDB: &str = env!("DHPNIC_PDB");

/// What compiled code calls without saying so in its source, and the kernel exports.
const COMPILER_ROUTINES: [&str; 5] = ["__chkstk", "memcmp", "memcpy", "memmove", "memset"];

#[test]
fn the_image_is_a_64_bit_native_driver() {
    let bytes = image();
    let file = parse(&bytes);
    let header = &file.nt_headers().file_header;
    let optional = &file.nt_headers().optional_header;

    assert_eq!(header.machine.get(LE), pe::IMAGE_FILE_MACHINE_AMD64);
    let characteristics = header.characteristics.get(LE);
    assert!(characteristics.contains(pe::IMAGE_FILE_EXECUTABLE_IMAGE));
    assert!(characteristics.contains(pe::IMAGE_FILE_LARGE_ADDRESS_AWARE));
    assert_eq!(optional.subsystem(), pe::IMAGE_SUBSYSTEM_NATIVE);
    assert_ne!(optional.address_of_entry_point(), 0);
    assert_eq!(
        optional.section_alignment(),
        4096,
        "sections have their own pages"
    );
}

#[test]
fn the_checksum_is_the_one_that_the_kernel_computes() {
    let bytes = image();
    let file = parse(&bytes);
    let field = file.dos_header().nt_headers_offset() as usize + 24 + 64;

    let mut words = bytes.clone();
    words[field..field + 4].fill(0);
    words.resize(bytes.len().next_multiple_of(2), 0);
    let sum: u64 = words
        .chunks_exact(2)
        .map(|word| u64::from(word[0]) | u64::from(word[1]) << 8)
        .sum();
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    let expected = folded as u32 + bytes.len() as u32;
    assert_eq!(file.nt_headers().optional_header.check_sum(), expected);
}

#[test]
fn the_image_moves_anywhere_and_executes_no_data() {
    let bytes = image();
    let file = parse(&bytes);
    let flags = file.nt_headers().optional_header.dll_characteristics();
    assert!(flags.contains(pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT));
    assert!(flags.contains(pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE));
    assert!(flags.contains(pe::IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA));

    let characteristics = file.nt_headers().file_header.characteristics.get(LE);
    assert!(!characteristics.contains(pe::IMAGE_FILE_RELOCS_STRIPPED));
    let blocks = file
        .data_directories()
        .relocation_blocks(bytes.as_slice(), &file.section_table())
        .expect("the relocations are well formed");
    let mut blocks = blocks.expect("there is a relocation directory");
    let first = blocks.next().expect("the first block is well formed");
    assert!(
        first.is_some_and(|mut block| block.next().is_some()),
        "a relocation is there"
    );
}

#[test]
fn no_section_is_writable_and_executable() {
    let bytes = image();
    let both = pe::IMAGE_SCN_MEM_WRITE | pe::IMAGE_SCN_MEM_EXECUTE;
    let offenders: Vec<_> = parse(&bytes)
        .section_table()
        .iter()
        .filter(|section| section.characteristics.get(LE).contains(both))
        .map(|section| String::from_utf8_lossy(section.raw_name()).into_owned())
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

#[test]
fn every_import_is_a_documented_kernel_or_loader_function() {
    let bytes = image();
    let documented = documented_exports();
    let imports = imports(&bytes);
    let offenders: Vec<_> = imports
        .iter()
        .filter(|(module, name)| {
            !documented
                .get(module.as_str())
                .is_some_and(|names| names.contains(name))
        })
        .collect();
    assert!(offenders.is_empty(), "not in the facts: {offenders:?}");
    for (module, name) in [
        ("WDFLDR.SYS", "WdfVersionBind"),
        ("WDFLDR.SYS", "WdfVersionUnbind"),
    ] {
        let import = (module.to_owned(), name.to_owned());
        assert!(
            imports.contains(&import),
            "a KMDF driver imports {name}, but this has {imports:?}"
        );
    }
}

#[test]
fn the_version_resource_carries_the_version_of_the_crate() {
    let bytes = image();
    let resource = version_resource(&bytes).expect("there is a version resource");
    let signature = 0xfeef_04bd_u32.to_le_bytes();
    let fixed = resource.windows(4).position(|window| window == signature);
    let fixed = &resource[fixed.expect("it holds VS_FIXEDFILEINFO")..];
    // dwFileVersionMS and dwFileVersionLS: four 16-bit parts, each double word high part first.
    let part = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
    let version = format!("{}.{}.{}.{}", part(10), part(8), part(14), part(12));
    assert_eq!(version, concat!(env!("CARGO_PKG_VERSION"), ".0"));
}

#[test]
fn the_pdb_belongs_to_the_image() {
    let bytes = image();
    let file = parse(&bytes);
    let reference = file.pdb_info().expect("the debug directory is well formed");
    let reference = reference.expect("the image names its PDB");
    assert_eq!(reference.path(), b"dhpnic.pdb", "a name without directory");

    let symbols = fs::read(PDB).expect("the build left a PDB");
    let mut symbols = pdb2::PDB::open(Cursor::new(symbols)).expect("the PDB is well formed");
    let information = symbols
        .pdb_information()
        .expect("the PDB has its information stream");
    assert_eq!(information.guid.to_bytes_le(), reference.guid());
}

#[test]
fn the_image_tells_nothing_about_the_machine_that_built_it() {
    let bytes = image();
    let home = std::env::home_dir().unwrap_or_default();
    let places = [
        env!("CARGO_MANIFEST_DIR"),
        SYS.trim_end_matches("dhpnic.sys"),
    ]
    .into_iter()
    .chain(home.to_str().filter(|home| home.len() > 1))
    .chain(["/home/", "/usr/", "/tmp/", ":\\"]);
    for place in places {
        let found = bytes
            .windows(place.len())
            .position(|window| window == place.as_bytes());
        assert_eq!(found, None, "`{place}` stands in the image at this offset");
    }
}

fn image() -> Vec<u8> {
    fs::read(SYS).expect("the build left an image")
}

fn parse(bytes: &[u8]) -> PeFile64<'_> {
    PeFile64::parse(bytes).expect("the image is PE32+")
}

/// Module and function of every import.
fn imports(bytes: &[u8]) -> Vec<(String, String)> {
    let file = parse(bytes);
    let table = file.import_table().expect("the imports are well formed");
    let table = table.expect("there is an import directory");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("names are ASCII");
    let mut imports = Vec::new();
    let mut modules = table
        .descriptors()
        .expect("the descriptors are in the image");
    while let Some(module) = modules.next().expect("a descriptor is well formed") {
        let name = text(
            table
                .name(module.name.get(LE))
                .expect("a module has a name"),
        );
        let thunks = table.thunks(module.original_first_thunk.get(LE));
        let mut thunks = thunks.expect("the thunks are in the image");
        while let Some(thunk) = thunks
            .next::<pe::ImageNtHeaders64>()
            .expect("a thunk is whole")
        {
            assert!(!thunk.is_ordinal(), "{name} is imported from by name only");
            let (_, function) = table
                .hint_name(thunk.address())
                .expect("an import has a name");
            imports.push((name.clone(), text(function)));
        }
    }
    imports
}

/// What the facts say that each module exports.
fn documented_exports() -> BTreeMap<&'static str, Vec<String>> {
    let mut exports = BTreeMap::from([
        (
            "ntoskrnl.exe",
            COMPILER_ROUTINES.map(str::to_owned).to_vec(),
        ),
        ("WDFLDR.SYS", Vec::new()),
        // The one function that never moved to the kernel.
        ("hal.dll", vec!["KeStallExecutionProcessor".to_owned()]),
    ]);
    for (file, list) in [
        ("ntddk-subset.json", "functions"),
        ("ntddk-additions.json", "functions"),
        ("wdf-binding.json", "exports"),
    ] {
        let facts = facts(file);
        for function in facts[list].as_array().expect("the facts list functions") {
            let module = function["module"].as_str().unwrap_or_default();
            let Some((_, names)) = exports.iter_mut().find(|(known, _)| {
                **known != "hal.dll" && module.split_whitespace().any(|word| word == **known)
            }) else {
                continue;
            };
            names.push(
                function["name"]
                    .as_str()
                    .expect("a function has a name")
                    .to_owned(),
            );
        }
    }
    exports
}

fn facts(file: &str) -> Value {
    let path = format!(
        "{}/netadapter-shim/abi/facts/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The bytes of the first resource of type `RT_VERSION`.
fn version_resource(bytes: &[u8]) -> Option<&[u8]> {
    let file = parse(bytes);
    let sections = file.section_table();
    let directory = file
        .data_directories()
        .resource_directory(bytes, &sections)
        .ok()??;
    let types = directory.root().ok()?;
    let mut entry = types
        .entries
        .iter()
        .find(|entry| entry.name_or_id().id() == Some(pe::RT_VERSION))?;
    // Below the type lie the name and the language.
    let data = loop {
        match entry.data(directory).ok()? {
            ResourceDirectoryEntryData::Table(table) => entry = table.entries.first()?,
            ResourceDirectoryEntryData::Data(data) => break data,
        }
    };
    let content = sections.pe_data_at(bytes, data.offset_to_data.get(LE))?;
    content.get(..data.size.get(LE) as usize)
}
