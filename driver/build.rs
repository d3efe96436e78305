//! Tells the linker to make a kernel driver of the library, with a version resource. On other targets than Windows the
//! driver is an ordinary library, for tests.

use std::path::Path;
use std::{env, fs, io};

const LINK_ARGUMENTS: &[&str] = &[
    "/DRIVER",
    "/SUBSYSTEM:NATIVE",
    "/ENTRY:FxDriverEntry",
    "/NODEFAULTLIB",
    "/DYNAMICBASE",
    "/NXCOMPAT",
    // The checksum in the header, which the kernel's loader looks at.
    "/RELEASE",
    // Equal inputs give equal images.
    "/Brepro",
    "/DEBUG",
    "/PDBALTPATH:dhpnic.pdb",
    "/OPT:REF,ICF",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return Ok(());
    }
    for argument in LINK_ARGUMENTS {
        println!("cargo::rustc-link-arg-cdylib={argument}");
    }
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let resource = Path::new(&out).join("version.res");
    let version = env::var("CARGO_PKG_VERSION").map_err(io::Error::other)?;
    fs::write(&resource, version_resource(&version))?;
    println!("cargo::rustc-link-arg-cdylib={}", resource.display());
    Ok(())
}

/// A resource file with one VS_VERSIONINFO (*VS_VERSIONINFO structure*, *Resource File Formats*).
fn version_resource(version: &str) -> Vec<u8> {
    const RT_VERSION: u16 = 16;
    let strings = [
        ("CompanyName", "dhpnic contributors"),
        (
            "FileDescription",
            "Network driver for virtio-net that follows processor hot add",
        ),
        ("FileVersion", version),
        ("InternalName", "dhpnic"),
        ("LegalCopyright", "MIT OR Apache-2.0"),
        ("OriginalFilename", "dhpnic.sys"),
        ("ProductName", "dhpnic"),
        ("ProductVersion", version),
    ];
    let texts: Vec<_> = strings
        .map(|(key, text)| node(key, Value::Text(text), &[]))
        .into();
    let english_unicode = "040904B0";
    let table = node(english_unicode, Value::None, &texts);
    let translation = node(
        "Translation",
        Value::Binary(&0x04B0_0409_u32.to_le_bytes()),
        &[],
    );
    let fixed = fixed_file_info(version);
    let children = [
        node("StringFileInfo", Value::None, &[table]),
        node("VarFileInfo", Value::None, &[translation]),
    ];
    let data = node("VS_VERSION_INFO", Value::Binary(&fixed), &children);
    // A resource file starts with an empty resource.
    [entry(0, 0, &[]), entry(RT_VERSION, 1, &data)].concat()
}

/// One resource: header with type and name as numbers, then the data.
fn entry(kind: u16, name: u16, data: &[u8]) -> Vec<u8> {
    const HEADER_BYTES: u32 = 32;
    const LANGUAGE_ENGLISH_US: u16 = 0x0409;
    let language = if kind == 0 { 0 } else { LANGUAGE_ENGLISH_US };
    let mut bytes = Vec::new();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(HEADER_BYTES.to_le_bytes());
    for half in [0xFFFF, kind, 0xFFFF, name, 0, 0, 0, language, 0, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(data);
    align(&mut bytes);
    bytes
}

enum Value<'a> {
    None,
    Text(&'a str),
    Binary(&'a [u8]),
}

/// A node of the version tree: lengths, key, value, children, each aligned to 4 bytes.
fn node(key: &str, value: Value<'_>, children: &[Vec<u8>]) -> Vec<u8> {
    let utf16 = |text: &str| {
        text.encode_utf16()
            .chain([0])
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    let (is_text, length, value) = match value {
        Value::None => (1_u16, 0, vec![]),
        // The length of a text counts UTF-16 units, that of anything else bytes.
        Value::Text(text) => (1, utf16(text).len() / 2, utf16(text)),
        Value::Binary(bytes) => (0, bytes.len(), bytes.to_vec()),
    };
    let mut bytes = vec![0, 0];
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(is_text.to_le_bytes());
    bytes.extend(utf16(key));
    align(&mut bytes);
    bytes.extend(value);
    for child in children {
        align(&mut bytes);
        bytes.extend(child);
    }
    let length = bytes.len() as u16;
    bytes[..2].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// VS_FIXEDFILEINFO of a network driver.
fn fixed_file_info(version: &str) -> Vec<u8> {
    const SIGNATURE: u32 = 0xFEEF_04BD;
    const STRUCTURE_VERSION: u32 = 0x1_0000;
    const FLAGS_MASK: u32 = 0x3F;
    const VOS_NT_WINDOWS32: u32 = 0x4_0004;
    const VFT_DRV: u32 = 3;
    const VFT2_DRV_NETWORK: u32 = 6;
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let (high, low) = (part() << 16 | part(), part() << 16 | part());
    let words = [
        SIGNATURE,
        STRUCTURE_VERSION,
        high,
        low,
        high,
        low,
        FLAGS_MASK,
        0,
        VOS_NT_WINDOWS32,
        VFT_DRV,
        VFT2_DRV_NETWORK,
        0,
        0,
    ];
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
