//! What installing a device of class Net adds: the entries of the install section that describe
//! the network interface, and their rules.

use super::directives::Directive;
use super::error::{InfError, Quoted};
use super::reading::{Reader, position_of};
use super::registry::{Key, RegistryValue};
use super::service::Service;
use super::syntax::Section;

/// How an entry is stored in the software key.
#[derive(Clone, Copy)]
enum Stored {
    Number,
    Text,
}

/// Entries that a network adapter has to have: *DDInstall Section in a Network INF File*,
/// *Standardized INF Keywords for Network Devices* (without the three of the media NDIS does not
/// initialise the adapter), *INF files for NetAdapterCx client drivers*.
const REQUIRED: [(&str, Stored); 9] = [
    ("Characteristics", Stored::Number),
    ("*IfType", Stored::Number),
    ("*MediaType", Stored::Number),
    ("*PhysicalMediaType", Stored::Number),
    ("*IfConnectorPresent", Stored::Number),
    ("*ConnectionType", Stored::Number),
    ("*DirectionType", Stored::Number),
    ("*AccessType", Stored::Number),
    ("*HardwareLoopback", Stored::Number),
];

/// The entry that a physical adapter has to have too, and others need not (*DDInstall Section in a
/// Network INF File*).
const BUS_TYPE: (&str, Stored) = ("BusType", Stored::Text);

/// Entries that it may have.
const OPTIONAL: [(&str, Stored); 3] = [
    ("NumberOfNetworkInterfaces", Stored::Number),
    ("Port1DeviceNumber", Stored::Number),
    ("Port1FunctionNumber", Stored::Number),
];

/// `NCF_VIRTUAL`, `NCF_SOFTWARE_ENUMERATED` and `NCF_PHYSICAL`, which exclude each other.
const ADAPTER_KINDS: u32 = 0x1 | 0x2 | 0x4;
/// `NCF_PHYSICAL` alone.
const PHYSICAL: u32 = 0x4;
/// `NCF_NO_SERVICE`, which no adapter can have.
const NO_SERVICE: u32 = 0x10;
/// `NCF_HAS_UI`, which the Advanced page of the adapter's properties needs.
const HAS_UI: u32 = 0x80;

/// Stores a network entry in the software key; false if the directive is none.
pub(super) fn store_entry(
    reader: &Reader<'_>,
    directive: &Directive<'_>,
    software: &mut Key,
) -> Result<bool, InfError> {
    let entry = REQUIRED
        .iter()
        .chain(&OPTIONAL)
        .chain([&BUS_TYPE])
        .find(|(name, _)| name.eq_ignore_ascii_case(&directive.name));
    let Some((name, stored)) = entry else {
        return Ok(false);
    };
    let line = directive.line;
    let text = reader.required(line, 0, "a number")?;
    let number = match text.to_ascii_lowercase().as_str() {
        "true" => 1,
        "false" => 0,
        _ => reader.number(line, 0, "a number")?,
    };
    if *name == "Characteristics" {
        check_characteristics(number)
            .map_err(|message| InfError::at(position_of(line, 0), message))?;
    }
    let value = match stored {
        Stored::Number => RegistryValue::Dword(number),
        Stored::Text => RegistryValue::String(text),
    };
    software.set_value(name, value);
    Ok(true)
}

fn check_characteristics(characteristics: u32) -> Result<(), String> {
    if (characteristics & ADAPTER_KINDS).count_ones() != 1 || characteristics & NO_SERVICE != 0 {
        return Err(format!(
            "expected exactly one of NCF_VIRTUAL (1), NCF_SOFTWARE_ENUMERATED (2) and \
             NCF_PHYSICAL (4), and not NCF_NO_SERVICE (0x10), found {characteristics:#x}"
        ));
    }
    Ok(())
}

/// Checks that the software key describes a network adapter that NDIS would start.
pub(super) fn check(
    reader: &Reader<'_>,
    section: &Section,
    software: &Key,
    service: &Service,
) -> Result<(), InfError> {
    let characteristics = software.value("Characteristics");
    let is_physical = matches!(characteristics,
        Some(RegistryValue::Dword(kind)) if kind & PHYSICAL != 0);
    let missing: Vec<&str> = REQUIRED
        .iter()
        .chain([&BUS_TYPE].into_iter().filter(|_| is_physical))
        .map(|(name, _)| *name)
        .filter(|name| software.value(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(InfError::at(
            section.position,
            format!(
                "expected {} in [{}]: a network adapter needs them",
                missing.join(", "),
                section.name
            ),
        ));
    }
    for (path, name) in [
        ("Ndi", "Service"),
        (r"Ndi\Interfaces", "UpperRange"),
        (r"Ndi\Interfaces", "LowerRange"),
    ] {
        let value = software.subkey(path).and_then(|key| key.value(name));
        let Some(RegistryValue::String(text)) = value else {
            return Err(InfError::at(
                section.position,
                format!(r"expected an AddReg entry that writes the string HKR, {path}, {name}"),
            ));
        };
        // *Adding Service-Related Values to the Ndi Key*: it has to be the name in AddService.
        if name == "Service" && !text.eq_ignore_ascii_case(&service.name) {
            return Err(InfError::at(
                section.position,
                format!(
                    "the value Service of the Ndi key is {}; expected {}, the name in AddService",
                    Quoted(text),
                    Quoted(&service.name)
                ),
            ));
        }
    }
    warn_of_hidden_keywords(reader, section, software);
    Ok(())
}

fn warn_of_hidden_keywords(reader: &Reader<'_>, section: &Section, software: &Key) {
    let has_keywords = software.subkey(r"Ndi\params").is_some();
    let has_ui = matches!(
        software.value("Characteristics"),
        Some(RegistryValue::Dword(characteristics)) if characteristics & HAS_UI != 0
    );
    if has_keywords && !has_ui {
        reader.warn(
            Some(section.position),
            "without NCF_HAS_UI (0x80) in Characteristics no Advanced page shows the keywords"
                .to_owned(),
        );
    }
}
