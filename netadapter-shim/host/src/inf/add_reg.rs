//! `AddReg`: *INF AddReg Directive*.

use super::error::{InfError, Quoted};
use super::reading::{Reader, position_of};
use super::registry::{Key, RegistryValue, components};
use super::syntax::Line;

/// A key name may have this many characters (*Registry Element Size Limits*).
const KEY_NAME_CHARS_MAX: usize = 255;
/// A path may create this many keys at once; same page.
const KEY_LEVELS_MAX: usize = 32;

/// What a new key counts for in the bound on work, next to a character: it takes that much more
/// memory.
const KEY_COST: usize = 32;

/// The low-word flags of *INF AddReg Directive*, without the bit that is part of the type.
mod flag {
    pub(super) const NOCLOBBER: u32 = 0x0002;
    pub(super) const DELVAL: u32 = 0x0004;
    pub(super) const APPEND: u32 = 0x0008;
    pub(super) const KEYONLY: u32 = 0x0010;
    pub(super) const OVERWRITEONLY: u32 = 0x0020;
    pub(super) const SIXTY_FOUR_BIT_KEY: u32 = 0x1000;
    pub(super) const KEYONLY_COMMON: u32 = 0x2000;
    pub(super) const ALL: u32 =
        NOCLOBBER | DELVAL | APPEND | KEYONLY | OVERWRITEONLY | SIXTY_FOUR_BIT_KEY | KEYONLY_COMMON;
}

/// The bits of the flags that select the value's type.
const TYPE_MASK: u32 = 0xFFFF_0001;
const TYPE_SZ: u32 = 0x0000_0000;
const TYPE_BINARY: u32 = 0x0000_0001;
const TYPE_MULTI_SZ: u32 = 0x0001_0000;
const TYPE_DWORD: u32 = 0x0001_0001;
const TYPE_EXPAND_SZ: u32 = 0x0002_0000;

/// The index of the first value field: root, subkey, name and flags come before it.
const VALUE: usize = 4;

/// Applies every section that an `AddReg` directive names to the key that `HKR` stands for.
pub(super) fn apply(reader: &Reader<'_>, directive: &Line, key: &mut Key) -> Result<(), InfError> {
    for index in 0..directive.fields.len() {
        for line in reader.lines(reader.section(directive, index)?)? {
            apply_line(reader, line, key)?;
        }
    }
    Ok(())
}

fn apply_line(reader: &Reader<'_>, line: &Line, key: &mut Key) -> Result<(), InfError> {
    check_root(reader, line)?;
    let path = reader.optional(line, 1)?.unwrap_or_default();
    check_path(&path).map_err(|message| InfError::at(position_of(line, 1), message))?;
    reader.charge(components(&path).count() * KEY_COST, line.position)?;
    let name = reader.optional(line, 2)?.unwrap_or_default();
    let flags = reader.number_or(line, 3, 0)?;
    let unknown = flags & !TYPE_MASK & !flag::ALL;
    if unknown != 0 {
        return Err(InfError::at(
            position_of(line, 3),
            format!("the flags {unknown:#x} are not among those of AddReg"),
        ));
    }
    if flags & flag::DELVAL != 0 {
        if line.fields.get(2).is_some_and(|field| !field.is_absent()) {
            if let Some(subkey) = key.subkey_mut(&path) {
                subkey.remove_value(&name);
            }
        } else {
            key.remove_subkey(&path);
        }
        return Ok(());
    }
    if flags & (flag::KEYONLY | flag::KEYONLY_COMMON) != 0 || line.fields.len() <= 2 {
        key.create_subkey(&path);
        return Ok(());
    }
    let value = read_value(reader, line, flags & TYPE_MASK)?;
    store(reader, line, flags, key.create_subkey(&path), &name, value)
}

/// An isolated driver package writes below `HKR` only (*Using a Universal INF File*).
fn check_root(reader: &Reader<'_>, line: &Line) -> Result<(), InfError> {
    if let Some(key) = &line.key {
        return Err(InfError::at(
            key.position,
            "expected 'HKR, subkey, name, flags, value' in an AddReg section",
        ));
    }
    let root = reader.required(line, 0, "a registry root")?;
    let other_roots = ["HKCR", "HKCU", "HKLM", "HKU"];
    if root.eq_ignore_ascii_case("HKR") {
        Ok(())
    } else if other_roots
        .iter()
        .any(|name| name.eq_ignore_ascii_case(&root))
    {
        Err(InfError::at(
            line.position,
            format!("{root} is not valid in an isolated driver package; write below HKR"),
        ))
    } else {
        Err(InfError::at(
            line.position,
            format!("expected the registry root HKR, found {}", Quoted(&root)),
        ))
    }
}

fn check_path(path: &str) -> Result<(), String> {
    if components(path).count() > KEY_LEVELS_MAX {
        return Err(format!(
            "a registry path has at most {KEY_LEVELS_MAX} levels"
        ));
    }
    match components(path).find(|name| name.chars().count() > KEY_NAME_CHARS_MAX) {
        None => Ok(()),
        Some(name) => Err(format!(
            "the registry key name {} is longer than {KEY_NAME_CHARS_MAX} characters",
            Quoted(name)
        )),
    }
}

fn read_value(
    reader: &Reader<'_>,
    line: &Line,
    value_type: u32,
) -> Result<RegistryValue, InfError> {
    Ok(match value_type {
        TYPE_SZ => RegistryValue::String(one_string(reader, line)?),
        TYPE_EXPAND_SZ => RegistryValue::ExpandString(one_string(reader, line)?),
        TYPE_DWORD => RegistryValue::Dword(reader.number(line, VALUE, "a number")?),
        TYPE_MULTI_SZ => {
            let mut list = Vec::new();
            for index in VALUE..line.fields.len() {
                list.extend(reader.optional(line, index)?);
            }
            RegistryValue::MultiString(list)
        }
        TYPE_BINARY => RegistryValue::Binary(read_bytes(reader, line, VALUE)?),
        other if other & TYPE_BINARY != 0 => RegistryValue::Typed {
            // REG_NONE has the code 2 in the flags and 0 in the registry.
            type_code: if other >> 16 == 2 { 0 } else { other >> 16 },
            data: read_bytes(reader, line, VALUE)?,
        },
        other => {
            return Err(InfError::at(
                position_of(line, 3),
                format!("the flags {other:#x} name no registry type"),
            ));
        }
    })
}

fn one_string(reader: &Reader<'_>, line: &Line) -> Result<String, InfError> {
    if line.fields.len() > VALUE + 1 {
        reader.warn(
            Some(position_of(line, VALUE + 1)),
            "values after the first are ignored; quote a string that contains commas".to_owned(),
        );
    }
    Ok(reader.optional(line, VALUE)?.unwrap_or_default())
}

/// Bytes in hexadecimal, one a field, from field `first` on.
pub(super) fn read_bytes(
    reader: &Reader<'_>,
    line: &Line,
    first: usize,
) -> Result<Vec<u8>, InfError> {
    let mut bytes = Vec::new();
    for index in first..line.fields.len() {
        let Some(text) = reader.optional(line, index)? else {
            continue;
        };
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        let byte = u8::from_str_radix(digits, 16).map_err(|_| {
            InfError::at(
                position_of(line, index),
                format!(
                    "expected a byte as two hexadecimal digits, found {}",
                    Quoted(&text)
                ),
            )
        })?;
        bytes.push(byte);
    }
    Ok(bytes)
}

fn store(
    reader: &Reader<'_>,
    line: &Line,
    flags: u32,
    key: &mut Key,
    name: &str,
    value: RegistryValue,
) -> Result<(), InfError> {
    if flags & flag::APPEND != 0 {
        return append(reader, line, key, name, value);
    }
    let exists = key.value(name).is_some();
    let wanted =
        (flags & flag::NOCLOBBER == 0 || !exists) && (flags & flag::OVERWRITEONLY == 0 || exists);
    if wanted {
        key.set_value(name, value);
    }
    Ok(())
}

fn append(
    reader: &Reader<'_>,
    line: &Line,
    key: &mut Key,
    name: &str,
    value: RegistryValue,
) -> Result<(), InfError> {
    let RegistryValue::MultiString(added) = value else {
        return Err(InfError::at(
            position_of(line, 3),
            "the append flag 0x8 needs a list of strings, 0x10008",
        ));
    };
    let present: &[String] = match key.value(name) {
        Some(RegistryValue::MultiString(list)) => list,
        _ => &[],
    };
    // The search below looks at every string for each added one, and the copy takes one more look.
    let looks = (present.len() + added.len()).saturating_mul(added.len() + 1);
    reader.charge(looks, line.position)?;
    let mut list = present.to_vec();
    for text in added {
        if !list.contains(&text) {
            list.push(text);
        }
    }
    key.set_value(name, RegistryValue::MultiString(list));
    Ok(())
}
