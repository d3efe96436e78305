//! Device properties and `AddProperty`: *INF AddProperty Directive*.

use super::add_reg;
use super::error::{InfError, Quoted};
use super::guid::Guid;
use super::reading::{Reader, position_of};
use super::registry::{multi_string_bytes, utf16_bytes};
use super::syntax::Line;

/// `DEVPROP_TYPE_BOOLEAN`: one byte, 0xFF for true and 0 for false.
pub const DEVPROP_TYPE_BOOLEAN: u32 = 0x11;
/// `DEVPROP_TYPE_INT32`.
pub const DEVPROP_TYPE_INT32: u32 = 0x06;
/// `DEVPROP_TYPE_UINT32`.
pub const DEVPROP_TYPE_UINT32: u32 = 0x07;
/// `DEVPROP_TYPE_STRING`: UTF-16 with a terminating NUL.
pub const DEVPROP_TYPE_STRING: u32 = 0x12;
/// `DEVPROP_TYPE_BINARY`: an array of bytes.
pub const DEVPROP_TYPE_BINARY: u32 = 0x1003;
/// `DEVPROP_TYPE_STRING_LIST`: strings with their NULs, and one more NUL.
pub const DEVPROP_TYPE_STRING_LIST: u32 = 0x2012;

/// The category of the properties that `AddProperty` knows by name (`DEVPKEY_DrvPkg_…`).
const DRIVER_PACKAGE: Guid = Guid(0xcf73bb51_3abf_44a2_85e0_9a3dc7a12132);

/// Those names; the property identifiers count up from 2.
const DRIVER_PACKAGE_NAMES: [&str; 6] = [
    "DeviceModel",
    "DeviceVendorWebSite",
    "DeviceDetailedDescription",
    "DeviceDocumentationLink",
    "DeviceIcon",
    "DeviceBrandingIcon",
];

/// The first property identifier that is not reserved.
const FIRST_PID: u32 = 2;

/// The flags of *INF AddProperty Directive*.
mod flag {
    pub(super) const NOCLOBBER: u32 = 0x01;
    pub(super) const OVERWRITEONLY: u32 = 0x02;
    pub(super) const APPEND: u32 = 0x04;
    pub(super) const OR: u32 = 0x08;
    pub(super) const AND: u32 = 0x10;
    pub(super) const ALL: u32 = NOCLOBBER | OVERWRITEONLY | APPEND | OR | AND;
}

/// The name of a device property (`DEVPROPKEY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyKey {
    /// The property category.
    pub category: Guid,
    /// The property identifier in that category.
    pub pid: u32,
}

/// A device property with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProperty {
    /// Which property.
    pub key: PropertyKey,
    /// The `DEVPROP_TYPE_…` of the data.
    pub property_type: u32,
    /// The value as the property store keeps it, little endian.
    pub data: Vec<u8>,
}

/// Applies every section that an `AddProperty` directive names.
pub(super) fn apply(
    reader: &Reader<'_>,
    directive: &Line,
    properties: &mut Vec<DeviceProperty>,
) -> Result<(), InfError> {
    for index in 0..directive.fields.len() {
        for line in reader.lines(reader.section(directive, index)?)? {
            apply_line(reader, line, properties)?;
        }
    }
    Ok(())
}

fn apply_line(
    reader: &Reader<'_>,
    line: &Line,
    properties: &mut Vec<DeviceProperty>,
) -> Result<(), InfError> {
    let (key, property_type) = read_key_and_type(reader, line)?;
    let flags = reader.number_or(line, 3, 0)?;
    check_flags(line, flags, property_type)?;
    let added = DeviceProperty {
        key,
        property_type,
        data: read_data(reader, line, property_type)?,
    };
    reader.charge(properties.len(), line.position)?;
    match properties.iter_mut().find(|property| property.key == key) {
        None if flags & flag::OVERWRITEONLY == 0 => properties.push(added),
        None => {}
        Some(_) if flags & flag::NOCLOBBER != 0 => {}
        Some(existing) => combine(existing, added, flags),
    }
    Ok(())
}

fn read_key_and_type(reader: &Reader<'_>, line: &Line) -> Result<(PropertyKey, u32), InfError> {
    let name = reader.required(line, 0, "a property name or category")?;
    let known = DRIVER_PACKAGE_NAMES
        .iter()
        .zip(FIRST_PID..)
        .find(|(known, _)| known.eq_ignore_ascii_case(&name));
    if let Some((_, pid)) = known {
        let category = DRIVER_PACKAGE;
        return Ok((PropertyKey { category, pid }, DEVPROP_TYPE_STRING));
    }
    let category = name.parse().map_err(|error| {
        InfError::at(
            position_of(line, 0),
            format!("{error} or a property name, found {}", Quoted(&name)),
        )
    })?;
    let pid = reader.number(line, 1, "a property identifier")?;
    if pid < FIRST_PID {
        return Err(InfError::at(
            position_of(line, 1),
            format!("a property identifier is {FIRST_PID} or above, found {pid}"),
        ));
    }
    let property_type = reader.number(line, 2, "a property type")?;
    Ok((PropertyKey { category, pid }, property_type))
}

fn check_flags(line: &Line, flags: u32, property_type: u32) -> Result<(), InfError> {
    let fault = if flags & !flag::ALL != 0 {
        Some("these flags are not among those of AddProperty")
    } else if flags & flag::APPEND != 0 && property_type != DEVPROP_TYPE_STRING_LIST {
        Some("the append flag 0x4 needs a list of strings")
    } else if flags & (flag::OR | flag::AND) != 0 && property_type != DEVPROP_TYPE_UINT32 {
        Some("the flags 0x8 and 0x10 need an unsigned number")
    } else {
        None
    };
    match fault {
        None => Ok(()),
        Some(message) => Err(InfError::at(position_of(line, 3), message)),
    }
}

fn read_data(reader: &Reader<'_>, line: &Line, property_type: u32) -> Result<Vec<u8>, InfError> {
    const VALUE: usize = 4;
    Ok(match property_type {
        DEVPROP_TYPE_STRING => utf16_bytes(&reader.required(line, VALUE, "a string")?).collect(),
        DEVPROP_TYPE_STRING_LIST => {
            let mut list = Vec::new();
            for index in VALUE..line.fields.len() {
                list.extend(reader.optional(line, index)?);
            }
            multi_string_bytes(&list)
        }
        DEVPROP_TYPE_BINARY => add_reg::read_bytes(reader, line, VALUE)?,
        DEVPROP_TYPE_BOOLEAN => match reader.number(line, VALUE, "0 or 1")? {
            0 => vec![0],
            _ => vec![0xFF],
        },
        DEVPROP_TYPE_UINT32 => reader
            .number(line, VALUE, "a number")?
            .to_le_bytes()
            .to_vec(),
        other => {
            return Err(InfError::at(
                position_of(line, 2),
                format!(
                    "AddProperty cannot write the property type {other:#x}; it writes STRING \
                     (18), STRING_LIST (8210), BINARY (4099), BOOLEAN (17) and UINT32 (7)"
                ),
            ));
        }
    })
}

fn combine(existing: &mut DeviceProperty, added: DeviceProperty, flags: u32) {
    if existing.property_type != added.property_type {
        *existing = added;
    } else if flags & flag::APPEND != 0 {
        append_strings(&mut existing.data, &added.data);
    } else if flags & flag::OR != 0 {
        zip_bytes(&mut existing.data, &added.data, |old, new| old | new);
    } else if flags & flag::AND != 0 {
        zip_bytes(&mut existing.data, &added.data, |old, new| old & new);
    } else {
        *existing = added;
    }
}

/// Bitwise operations on numbers can go byte by byte.
fn zip_bytes(old: &mut [u8], new: &[u8], operation: fn(u8, u8) -> u8) {
    for (old, new) in old.iter_mut().zip(new) {
        *old = operation(*old, *new);
    }
}

fn append_strings(old: &mut Vec<u8>, new: &[u8]) {
    let strings = |data: &[u8]| -> Vec<Vec<[u8; 2]>> {
        let (units, _) = data.as_chunks::<2>();
        units
            .split(|unit| *unit == [0, 0])
            .filter(|string| !string.is_empty())
            .map(<[[u8; 2]]>::to_vec)
            .collect()
    };
    let mut list = strings(old);
    for string in strings(new) {
        if !list.contains(&string) {
            list.push(string);
        }
    }
    *old = list
        .into_iter()
        .flat_map(|string| string.into_iter().chain([[0, 0]]))
        .chain([[0, 0]])
        .flatten()
        .collect();
}
