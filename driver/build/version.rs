//! The version resource of the image, as a compiled resource file (`.res`): what a resource
//! compiler makes of a `VERSIONINFO` statement.

/// `RT_VERSION`.
const TYPE: u16 = 16;

/// English (United States), and Unicode, as a key and as numbers.
const LANGUAGE_AND_CODE_PAGE: (&str, [u16; 2]) = ("040904b0", [0x0409, 0x04b0]);

/// A file with one resource, the version of this crate.
pub fn resource_file() -> Vec<u8> {
    // The first entry is empty; it tells 32-bit resource files from 16-bit ones.
    let mut file = entry(0, 0, &[]);
    file.extend(entry(TYPE, 1, &version_info()));
    file
}

/// One entry of a resource file: header and data, padded to double words.
fn entry(kind: u16, name: u16, data: &[u8]) -> Vec<u8> {
    const HEADER_SIZE: u32 = 32;
    // 0xffff says that a number follows instead of a string.
    let ids = [0xffff, kind, 0xffff, name];
    let language = if kind == 0 { 0 } else { LANGUAGE_AND_CODE_PAGE.1[0] };
    let mut entry = Vec::new();
    entry.extend((data.len() as u32).to_le_bytes());
    entry.extend(HEADER_SIZE.to_le_bytes());
    entry.extend(ids.into_iter().flat_map(u16::to_le_bytes));
    entry.extend(0u32.to_le_bytes()); // data version
    entry.extend(0u16.to_le_bytes()); // memory flags, which no 32-bit Windows reads
    entry.extend(language.to_le_bytes());
    entry.extend([0; 8]); // version and characteristics, free for tools
    entry.extend(data);
    pad(&mut entry);
    entry
}

fn version_info() -> Vec<u8> {
    let version = concat!(env!("CARGO_PKG_VERSION"), ".0");
    let strings = [
        ("CompanyName", "The dhpnic authors"),
        ("FileDescription", env!("CARGO_PKG_DESCRIPTION")),
        ("FileVersion", version),
        ("InternalName", "dhpnic"),
        ("LegalCopyright", env!("CARGO_PKG_LICENSE")),
        ("OriginalFilename", "dhpnic.sys"),
        ("ProductName", "dhpnic"),
        ("ProductVersion", version),
    ];
    let strings: Vec<_> = strings.map(|(key, value)| string(key, value)).into();
    let table = block(LANGUAGE_AND_CODE_PAGE.0, 0, true, &[], &strings);
    let translation: Vec<u8> =
        LANGUAGE_AND_CODE_PAGE.1.into_iter().flat_map(u16::to_le_bytes).collect();
    let translation = block("Translation", 4, false, &translation, &[]);
    let fixed = fixed_file_info();
    block(
        "VS_VERSION_INFO",
        fixed.len() as u16,
        false,
        &fixed,
        &[
            block("StringFileInfo", 0, true, &[], &[table]),
            block("VarFileInfo", 0, true, &[], &[translation]),
        ],
    )
}

/// `VS_FIXEDFILEINFO`.
fn fixed_file_info() -> Vec<u8> {
    const SIGNATURE: u32 = 0xfeef_04bd;
    const STRUCTURE_VERSION: u32 = 0x0001_0000;
    const ALL_FLAGS: u32 = 0x3f;
    const VOS_NT_WINDOWS32: u32 = 0x0004_0004;
    const VFT_DRV: u32 = 3;
    const VFT2_DRV_NETWORK: u32 = 6;

    let part = |text: &str| text.parse::<u32>().expect("cargo checks versions");
    let high = part(env!("CARGO_PKG_VERSION_MAJOR")) << 16 | part(env!("CARGO_PKG_VERSION_MINOR"));
    let low = part(env!("CARGO_PKG_VERSION_PATCH")) << 16;
    [
        SIGNATURE,
        STRUCTURE_VERSION,
        high, // file version
        low,
        high, // product version
        low,
        ALL_FLAGS,
        0, // flags: neither debug nor prerelease nor patched
        VOS_NT_WINDOWS32,
        VFT_DRV,
        VFT2_DRV_NETWORK,
        0, // date
        0,
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect()
}

/// A `String` of a `StringTable`. Its value is counted in UTF-16 units, not in bytes.
fn string(key: &str, value: &str) -> Vec<u8> {
    let units = value.encode_utf16().chain([0]);
    let value: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    block(key, (value.len() / 2) as u16, true, &value, &[])
}

/// The form that every part of a version resource has: length, length of the value, type, key,
/// value and children, each child at a double word.
fn block(key: &str, value_length: u16, is_text: bool, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let mut block = vec![0; 2];
    block.extend(value_length.to_le_bytes());
    block.extend(u16::from(is_text).to_le_bytes());
    block.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    pad(&mut block);
    block.extend(value);
    for child in children {
        pad(&mut block);
        block.extend(child);
    }
    let length = block.len() as u16;
    block[..2].copy_from_slice(&length.to_le_bytes());
    block
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
