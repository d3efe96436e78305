//! Planning an installation: what a device's keys, properties and service hold afterwards.

use super::add_reg;
use super::directives;
use super::document::Inf;
use super::error::{InfError, Quoted, Warning};
use super::files::{self, CopiedFile};
use super::guid::Guid;
use super::interface::{self, DeviceInterface};
use super::keyword;
use super::models::{self, Model};
use super::net_class;
use super::property::{self, DeviceProperty};
use super::reading::Reader;
use super::registry::{Key, RegistryValue};
use super::service::{self, KmdfVersion, Service};
use super::syntax::Section;
use super::target::{DeviceIds, Target};
use super::version::{self, DriverVersion};

/// Everything that installing an INF on a device leaves behind.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The device's software key: what `HKR` stands for in the install section, the network
    /// entries, and each keyword's value.
    pub software: Key,
    /// The device's hardware key: what `HKR` stands for in the `.HW` section.
    pub hardware: Key,
    /// The device's properties.
    pub properties: Vec<DeviceProperty>,
    /// The function driver's service.
    pub service: Service,
    /// The framework version that the driver asks for.
    pub kmdf_version: KmdfVersion,
    /// The files of the package with their destinations.
    pub files: Vec<CopiedFile>,
    /// The device interfaces that the INF provisions.
    pub interfaces: Vec<DeviceInterface>,
    /// The device description.
    pub description: String,
    /// The device's manufacturer.
    pub manufacturer: String,
    /// Who provides the driver package.
    pub provider: String,
    /// The name of the device setup class.
    pub class: String,
    /// The device setup class.
    pub class_guid: Guid,
    /// Date and version of the driver package.
    pub driver_version: DriverVersion,
    /// The ID by which the INF matched the device.
    pub matching_id: String,
    /// The install section with its `.NT…` extension.
    pub install_section: String,
    /// What Windows ignores or this host does not act on.
    pub warnings: Vec<Warning>,
}

/// The parts that the directives of install sections fill in.
#[derive(Default)]
struct DeviceState {
    software: Key,
    hardware: Key,
    properties: Vec<DeviceProperty>,
    files: Vec<CopiedFile>,
    driver_version: Option<DriverVersion>,
}

impl Inf {
    /// The hardware and compatible IDs of the devices that the INF is for on a system, in the order
    /// of the file.
    ///
    /// # Errors
    ///
    /// What keeps Windows from reading the Models sections.
    pub fn device_ids(&self, target: &Target) -> Result<Vec<String>, InfError> {
        models::listed_ids(&Reader::new(self, target.architecture.name()), target)
    }
}

impl Installation {
    /// Plans the installation of the INF on a device of a system.
    ///
    /// # Errors
    ///
    /// What keeps Windows from installing the driver, or the driver from being loaded: no entry
    /// for the device or the system, a missing section, a value that cannot be, a directive that
    /// driver package isolation forbids. The sentence says where and what was expected.
    pub fn plan(inf: &Inf, device: &DeviceIds, target: &Target) -> Result<Self, InfError> {
        let reader = Reader::new(inf, target.architecture.name());
        let version = version::read(&reader)?;
        let model = models::select(&reader, device, target)?;
        let section = install_section(&reader, &model, target)?;
        directives::check_extensions(&reader, &section.name)?;
        let mut state = DeviceState::default();
        read_install_section(&reader, section, target, &mut state)?;
        read_hardware_section(&reader, section, &mut state)?;
        let service = service::read(&reader, &section.name, &state.files)?;
        let kmdf_version = service::read_wdf(&reader, &section.name, &service)?;
        let interfaces = interface::read(&reader, &section.name)?;
        net_class::check(&reader, section, &state.software, &service)?;
        keyword::apply_defaults(&mut state.software)
            .map_err(|error| InfError::at(section.position, error.to_string()))?;
        let mut installation = Self {
            software: state.software,
            hardware: state.hardware,
            properties: state.properties,
            service,
            kmdf_version,
            files: state.files,
            interfaces,
            description: model.description,
            manufacturer: model.manufacturer,
            provider: version.provider,
            class: version.class,
            class_guid: version.class_guid,
            driver_version: state.driver_version.unwrap_or(version.driver_version),
            matching_id: model.matching_id,
            install_section: section.name.clone(),
            warnings: reader.into_warnings(),
        };
        installation.record_driver(&model.install_section);
        Ok(installation)
    }

    /// Writes what plug and play keeps about the driver in the software key.
    fn record_driver(&mut self, undecorated_section: &str) {
        let extension = self.install_section.get(undecorated_section.len()..);
        let values = [
            ("DriverDesc", self.description.clone()),
            ("ProviderName", self.provider.clone()),
            ("DriverDate", self.driver_version.date.clone()),
            ("DriverVersion", self.driver_version.dotted()),
            ("MatchingDeviceId", self.matching_id.to_lowercase()),
            ("InfSection", undecorated_section.to_owned()),
            ("InfSectionExt", extension.unwrap_or_default().to_owned()),
        ];
        for (name, text) in values {
            self.software.set_value(name, RegistryValue::String(text));
        }
    }
}

/// The install section for the target: the one for its platform, the one for all platforms, the
/// undecorated one (*Creating INF Files for Multiple Platforms and Operating Systems*).
fn install_section<'a>(
    reader: &Reader<'a>,
    model: &Model,
    target: &Target,
) -> Result<&'a Section, InfError> {
    let base = &model.install_section;
    let names = [
        format!("{base}.NT{}", target.architecture.name()),
        format!("{base}.NT"),
        base.clone(),
    ];
    names
        .iter()
        .find_map(|name| reader.inf().section(name))
        .ok_or_else(|| {
            InfError::at(
                model.position,
                format!(
                    "the install section is missing; expected one of {}",
                    names
                        .each_ref()
                        .map(|name| Quoted(name).to_string())
                        .join(", ")
                ),
            )
        })
}

fn read_install_section<'a>(
    reader: &Reader<'a>,
    section: &'a Section,
    target: &Target,
    state: &mut DeviceState,
) -> Result<(), InfError> {
    for directive in directives::of_section(reader, section)? {
        let line = directive.line;
        match directive.name.as_str() {
            "addreg" => add_reg::apply(reader, line, &mut state.software)?,
            "addproperty" => property::apply(reader, line, &mut state.properties)?,
            "copyfiles" => files::apply(reader, line, target, &mut state.files)?,
            "driverver" => state.driver_version = Some(version::read_driver_ver(reader, line)?),
            // It ranks the driver among others; here there is only this one.
            "featurescore" => {}
            _ => {
                if !net_class::store_entry(reader, &directive, &mut state.software)? {
                    directives::warn_ignored(reader, &directive);
                }
            }
        }
    }
    Ok(())
}

fn read_hardware_section<'a>(
    reader: &Reader<'a>,
    section: &'a Section,
    state: &mut DeviceState,
) -> Result<(), InfError> {
    let Some(section) = reader.inf().section(&format!("{}.HW", section.name)) else {
        return Ok(());
    };
    for directive in directives::of_section(reader, section)? {
        if directive.name == "addreg" {
            add_reg::apply(reader, directive.line, &mut state.hardware)?;
        } else {
            directives::warn_ignored(reader, &directive);
        }
    }
    Ok(())
}
