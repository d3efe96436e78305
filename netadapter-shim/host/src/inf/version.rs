//! The Version section.

use super::class;
use super::error::{InfError, Quoted};
use super::guid::Guid;
use super::reading::{Reader, position_of};
use super::syntax::{Line, Section};

/// The date and version of a driver package, from a `DriverVer` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverVersion {
    /// The date as the registry stores it: month-day-year.
    pub date: String,
    /// The four numbers of the version, the most significant first.
    pub version: [u16; 4],
}

impl DriverVersion {
    /// The version with dots between its numbers.
    pub fn dotted(&self) -> String {
        self.version.map(|number| number.to_string()).join(".")
    }
}

/// What the Version section says.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) class: String,
    pub(super) class_guid: Guid,
    pub(super) provider: String,
    pub(super) driver_version: DriverVersion,
}

/// Reads and checks the Version section (*INF Version Section*).
pub(super) fn read(reader: &Reader<'_>) -> Result<Version, InfError> {
    let section = reader.inf().section("Version").ok_or_else(|| {
        InfError::whole_file("there is no [Version] section, so this is not an INF file")
    })?;
    check_signature(reader, section)?;
    let (class, class_guid) = read_class(reader, section)?;
    let provider = required_line(reader, section, "Provider")?;
    let driver_ver = required_line(reader, section, "DriverVer")?;
    let driver_version = read_driver_ver(reader, driver_ver)?;
    if !has_catalog(reader, section)? {
        reader.warn(
            Some(section.position),
            "[Version] has no CatalogFile, so Windows treats the driver as unsigned".to_owned(),
        );
    }
    Ok(Version {
        class,
        class_guid,
        provider: reader.required(provider, 0, "the name of the provider")?,
        driver_version,
    })
}

fn check_signature(reader: &Reader<'_>, section: &Section) -> Result<(), InfError> {
    let line = required_line(reader, section, "Signature")?;
    let signature = reader.required(line, 0, "\"$Windows NT$\"")?;
    let known = ["$Windows NT$", "$Chicago$"];
    if known
        .iter()
        .any(|name| name.eq_ignore_ascii_case(&signature))
    {
        Ok(())
    } else {
        Err(InfError::at(
            position_of(line, 0),
            format!(
                "expected the signature \"$Windows NT$\", found {}",
                Quoted(&signature)
            ),
        ))
    }
}

/// Class and class GUID; a machine of this host has places for network adapters only.
fn read_class(reader: &Reader<'_>, section: &Section) -> Result<(String, Guid), InfError> {
    let class_line = required_line(reader, section, "Class")?;
    let class = reader.required(class_line, 0, "the name of a device setup class")?;
    let guid_line = required_line(reader, section, "ClassGuid")?;
    let class_guid = reader.guid(guid_line, 0)?;
    if class_guid != class::NET {
        return Err(InfError::at(
            position_of(guid_line, 0),
            format!(
                "the INF installs a device of class {} {class_guid}; expected class Net {}",
                Quoted(&class),
                class::NET
            ),
        ));
    }
    if !class.eq_ignore_ascii_case("Net") {
        return Err(InfError::at(
            position_of(class_line, 0),
            format!(
                "the class {} does not go with ClassGuid {class_guid}, which is class Net",
                Quoted(&class)
            ),
        ));
    }
    Ok((class, class_guid))
}

/// Reads `DriverVer = mm/dd/yyyy,w.x.y.z` (*INF DriverVer Directive*).
pub(super) fn read_driver_ver(reader: &Reader<'_>, line: &Line) -> Result<DriverVersion, InfError> {
    let Some(date) = reader.optional(line, 0)? else {
        return Err(InfError::at(
            line.position,
            "DriverVer has no value; stamp the .inx file into an .inf first",
        ));
    };
    let date = read_date(&date).ok_or_else(|| {
        InfError::at(
            position_of(line, 0),
            format!("expected a date as mm/dd/yyyy, found {}", Quoted(&date)),
        )
    })?;
    let text = reader.required(line, 1, "a version as w.x.y.z")?;
    let version = read_four_numbers(&text).ok_or_else(|| {
        InfError::at(
            position_of(line, 1),
            format!(
                "expected a version as w.x.y.z with numbers below 65535, found {}",
                Quoted(&text)
            ),
        )
    })?;
    Ok(DriverVersion { date, version })
}

fn read_date(text: &str) -> Option<String> {
    let mut parts = text.split(['/', '-']);
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, count: usize| {
        part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let valid = digits(month, 2)
        && digits(day, 2)
        && digits(year, 4)
        && parts.next().is_none()
        && ("01"..="12").contains(&month)
        && ("01"..="31").contains(&day);
    let unpadded = |part: &str| part.trim_start_matches('0').to_owned();
    valid.then(|| format!("{}-{}-{year}", unpadded(month), unpadded(day)))
}

fn read_four_numbers(text: &str) -> Option<[u16; 4]> {
    let mut numbers = [0; 4];
    let mut parts = text.split('.');
    for number in &mut numbers {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok().filter(|value| *value < u16::MAX)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn has_catalog(reader: &Reader<'_>, section: &Section) -> Result<bool, InfError> {
    for line in &section.lines {
        if let Some(key) = &line.key {
            let name = reader.text(key)?.to_ascii_lowercase();
            if name == "catalogfile" || name.starts_with("catalogfile.nt") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn required_line<'a>(
    reader: &Reader<'_>,
    section: &'a Section,
    key: &str,
) -> Result<&'a Line, InfError> {
    reader.entry(section, key)?.ok_or_else(|| {
        InfError::at(
            section.position,
            format!("expected {key} in [{}]", section.name),
        )
    })
}
