//! The function driver's service and its framework: *INF AddService Directive*, *Specifying WDF
//! Directives in INF Files*.

use std::fmt;

use super::add_reg;
use super::directives::{self, Directive};
use super::error::{InfError, Quoted};
use super::files::CopiedFile;
use super::reading::{Reader, position_of};
use super::registry::Key;
use super::syntax::{Line, Section};

/// `SPSVCINST_ASSOCSERVICE`: the service is the device's function driver.
const ASSOCIATED: u32 = 0x0000_0002;
/// `SERVICE_KERNEL_DRIVER`.
const KERNEL_DRIVER: u32 = 1;
/// `SERVICE_AUTO_START`, which the INF of a plug and play driver never has.
const AUTO_START: u32 = 2;
/// `SERVICE_DISABLED`, with which no device can be installed.
const DISABLED: u32 = 4;
/// `SERVICE_ERROR_CRITICAL`, the highest error control level.
const ERROR_CRITICAL: u32 = 3;
/// The longest service name in a WDF directive, in characters.
const WDF_SERVICE_NAME_CHARS_MAX: usize = 31;

/// A driver service as the service control manager's database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The key's name below `Services`.
    pub name: String,
    /// The friendly name.
    pub display_name: Option<String>,
    /// The longer description.
    pub description: Option<String>,
    /// `SERVICE_…` type; 1 is a kernel driver.
    pub service_type: u32,
    /// `SERVICE_…_START`; 3 is on demand.
    pub start_type: u32,
    /// `SERVICE_ERROR_…`; 1 is normal.
    pub error_control: u32,
    /// The full path of the image, as the kernel names it.
    pub binary_path: String,
    /// The load order group.
    pub load_order_group: Option<String>,
    /// Services that have to be loaded before.
    pub dependencies: Vec<String>,
    /// The `SPSVCINST_…` flags of the directive.
    pub flags: u32,
    /// What `AddReg` of the service install section writes to the service key.
    pub key: Key,
}

/// A version of the kernel-mode driver framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KmdfVersion {
    /// The major version.
    pub major: u16,
    /// The minor version.
    pub minor: u16,
}

impl fmt::Display for KmdfVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Reads the `DDInstall.Services` section and the one service that it associates with the device.
pub(super) fn read(
    reader: &Reader<'_>,
    install_section: &str,
    files: &[CopiedFile],
) -> Result<Service, InfError> {
    let section = required_section(reader, install_section, "Services")?;
    let mut service = None;
    for directive in directives::of_section(reader, section)? {
        if directive.name != "addservice" {
            directives::warn_ignored(reader, &directive);
            continue;
        }
        let line = directive.line;
        if reader.number_or(line, 1, 0)? & ASSOCIATED == 0 {
            reader.warn(
                Some(line.position),
                "this host installs only the service that is associated with the device".to_owned(),
            );
            continue;
        }
        if service.is_some() {
            return Err(InfError::at(
                line.position,
                "a second service is associated with the device; expected exactly one",
            ));
        }
        service = Some(read_service(reader, line, files)?);
    }
    service.ok_or_else(|| {
        InfError::at(
            section.position,
            format!(
                "expected 'AddService = name, 0x2, section' in [{}]: the device needs a function \
                 driver",
                section.name
            ),
        )
    })
}

fn read_service(
    reader: &Reader<'_>,
    add_service: &Line,
    files: &[CopiedFile],
) -> Result<Service, InfError> {
    let section = reader.section(add_service, 2)?;
    let mut service = Service {
        name: reader.required(add_service, 0, "a service name")?,
        display_name: None,
        description: None,
        service_type: 0,
        start_type: 0,
        error_control: 0,
        binary_path: String::new(),
        load_order_group: None,
        dependencies: Vec::new(),
        flags: reader.number_or(add_service, 1, 0)?,
        key: Key::default(),
    };
    let mut missing = vec!["ServiceType", "StartType", "ErrorControl", "ServiceBinary"];
    for directive in directives::of_section(reader, section)? {
        missing.retain(|name| !name.eq_ignore_ascii_case(&directive.name));
        read_service_entry(reader, &directive, files, &mut service)?;
    }
    if missing.is_empty() {
        Ok(service)
    } else {
        Err(InfError::at(
            section.position,
            format!("expected {} in [{}]", missing.join(", "), section.name),
        ))
    }
}

fn read_service_entry(
    reader: &Reader<'_>,
    directive: &Directive<'_>,
    files: &[CopiedFile],
    service: &mut Service,
) -> Result<(), InfError> {
    let line = directive.line;
    match directive.name.as_str() {
        "displayname" => service.display_name = reader.optional(line, 0)?,
        "description" => service.description = reader.optional(line, 0)?,
        "servicetype" => service.service_type = service_type(reader, line)?,
        "starttype" => service.start_type = start_type(reader, line)?,
        "errorcontrol" => service.error_control = error_control(reader, line)?,
        "servicebinary" => service.binary_path = service_binary(reader, line, files)?,
        "loadordergroup" => service.load_order_group = reader.optional(line, 0)?,
        "dependencies" => {
            for index in 0..line.fields.len() {
                service.dependencies.extend(reader.optional(line, index)?);
            }
        }
        "addreg" => add_reg::apply(reader, line, &mut service.key)?,
        _ => directives::warn_ignored(reader, directive),
    }
    Ok(())
}

fn service_type(reader: &Reader<'_>, line: &Line) -> Result<u32, InfError> {
    match reader.number(line, 0, "a service type")? {
        KERNEL_DRIVER => Ok(KERNEL_DRIVER),
        other => Err(InfError::at(
            position_of(line, 0),
            format!("expected ServiceType 1, a kernel driver, found {other}"),
        )),
    }
}

fn start_type(reader: &Reader<'_>, line: &Line) -> Result<u32, InfError> {
    let start_type = reader.number(line, 0, "a start type")?;
    if start_type >= DISABLED {
        return Err(InfError::at(
            position_of(line, 0),
            format!("with StartType {start_type} no device can be installed; expected 3"),
        ));
    }
    if start_type == AUTO_START {
        reader.warn(
            Some(position_of(line, 0)),
            "StartType 2 is not for plug and play drivers; expected 3".to_owned(),
        );
    }
    Ok(start_type)
}

fn error_control(reader: &Reader<'_>, line: &Line) -> Result<u32, InfError> {
    match reader.number(line, 0, "an error control level")? {
        level @ 0..=ERROR_CRITICAL => Ok(level),
        other => Err(InfError::at(
            position_of(line, 0),
            format!("expected ErrorControl 0 to {ERROR_CRITICAL}, found {other}"),
        )),
    }
}

fn service_binary(
    reader: &Reader<'_>,
    line: &Line,
    files: &[CopiedFile],
) -> Result<String, InfError> {
    let path = reader.required(line, 0, r"a path as %13%\driver.sys")?;
    let copied = files
        .iter()
        .any(|file| file.destination.eq_ignore_ascii_case(&path));
    if copied {
        Ok(path)
    } else {
        Err(InfError::at(
            position_of(line, 0),
            format!("no CopyFiles directive puts a file at {}", Quoted(&path)),
        ))
    }
}

/// Reads the framework version from the `DDInstall.Wdf` section of the service.
pub(super) fn read_wdf(
    reader: &Reader<'_>,
    install_section: &str,
    service: &Service,
) -> Result<KmdfVersion, InfError> {
    let section = required_section(reader, install_section, "Wdf")?;
    for directive in directives::of_section(reader, section)? {
        let line = directive.line;
        match directive.name.as_str() {
            "kmdfservice" => {
                let name = reader.required(line, 0, "a service name")?;
                if name.chars().count() > WDF_SERVICE_NAME_CHARS_MAX
                    || !name.eq_ignore_ascii_case(&service.name)
                {
                    return Err(InfError::at(
                        position_of(line, 0),
                        format!(
                            "KmdfService names {}; expected the service {} of AddService, of at \
                             most {WDF_SERVICE_NAME_CHARS_MAX} characters",
                            Quoted(&name),
                            Quoted(&service.name)
                        ),
                    ));
                }
                return read_kmdf_version(reader, reader.section(line, 1)?);
            }
            "umdfservice" => {
                return Err(InfError::at(
                    line.position,
                    "this is a user-mode driver; this host loads kernel-mode drivers",
                ));
            }
            _ => directives::warn_ignored(reader, &directive),
        }
    }
    Err(InfError::at(
        section.position,
        format!(
            "expected 'KmdfService = name, section' in [{}]",
            section.name
        ),
    ))
}

fn read_kmdf_version(reader: &Reader<'_>, section: &Section) -> Result<KmdfVersion, InfError> {
    let line = reader
        .entry(section, "KmdfLibraryVersion")?
        .ok_or_else(|| {
            InfError::at(
                section.position,
                format!("expected KmdfLibraryVersion in [{}]", section.name),
            )
        })?;
    let text = reader.required(line, 0, "a version as 1.33")?;
    let numbers = text.split_once('.').and_then(|(major, minor)| {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        Some((number(major)?, number(minor)?))
    });
    let (major, minor) = numbers.ok_or_else(|| {
        InfError::at(
            position_of(line, 0),
            format!("expected a version as 1.33, found {}", Quoted(&text)),
        )
    })?;
    Ok(KmdfVersion { major, minor })
}

fn required_section<'a>(
    reader: &Reader<'a>,
    install_section: &str,
    extension: &str,
) -> Result<&'a Section, InfError> {
    let name = format!("{install_section}.{extension}");
    reader
        .inf()
        .section(&name)
        .ok_or_else(|| InfError::whole_file(format!("there is no section {}", Quoted(&name))))
}
