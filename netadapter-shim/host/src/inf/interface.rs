//! Device interfaces that the INF provisions: *INF AddInterface Directive*.

use super::add_reg;
use super::directives;
use super::error::InfError;
use super::guid::Guid;
use super::property::{self, DeviceProperty};
use super::reading::{Reader, position_of};
use super::registry::Key;
use super::syntax::Line;

/// A device interface with the state that the INF gives it. The driver registers and enables it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInterface {
    /// The device interface class.
    pub class: Guid,
    /// The reference string; empty for none.
    pub reference: String,
    /// The interface's state key.
    pub key: Key,
    /// The interface's properties.
    pub properties: Vec<DeviceProperty>,
}

/// Reads the `DDInstall.Interfaces` section, which may be absent.
pub(super) fn read(
    reader: &Reader<'_>,
    install_section: &str,
) -> Result<Vec<DeviceInterface>, InfError> {
    let mut interfaces = Vec::new();
    let name = format!("{install_section}.Interfaces");
    let Some(section) = reader.inf().section(&name) else {
        return Ok(interfaces);
    };
    for directive in directives::of_section(reader, section)? {
        if directive.name == "addinterface" {
            interfaces.push(read_interface(reader, directive.line)?);
        } else {
            directives::warn_ignored(reader, &directive);
        }
    }
    Ok(interfaces)
}

fn read_interface(reader: &Reader<'_>, line: &Line) -> Result<DeviceInterface, InfError> {
    let mut interface = DeviceInterface {
        class: reader.guid(line, 0)?,
        reference: reader.optional(line, 1)?.unwrap_or_default(),
        key: Key::default(),
        properties: Vec::new(),
    };
    if reader.number_or(line, 3, 0)? != 0 {
        return Err(InfError::at(
            position_of(line, 3),
            "expected 0, the only valid flags of AddInterface",
        ));
    }
    if reader.optional(line, 2)?.is_none() {
        return Ok(interface);
    }
    for directive in directives::of_section(reader, reader.section(line, 2)?)? {
        match directive.name.as_str() {
            "addreg" => add_reg::apply(reader, directive.line, &mut interface.key)?,
            "addproperty" => {
                property::apply(reader, directive.line, &mut interface.properties)?;
            }
            _ => directives::warn_ignored(reader, &directive),
        }
    }
    Ok(interface)
}
