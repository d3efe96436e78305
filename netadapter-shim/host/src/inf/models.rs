//! From a device to its install section: the Manufacturer and Models sections.

use super::error::{InfError, Position, Quoted};
use super::reading::{Reader, position_of};
use super::syntax::{Field, Line, Section};
use super::target::{Closeness, Decoration, DeviceIds, Target};

/// How many of the INF's IDs an error message lists.
const LISTED_IDS_MAX: usize = 8;

/// The entry of a Models section that fits the device best.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) manufacturer: String,
    pub(super) description: String,
    /// The name before any `.NT…` extension.
    pub(super) install_section: String,
    pub(super) matching_id: String,
    pub(super) position: Position,
}

/// Selects the best entry for the device in the Models sections for the target.
pub(super) fn select(
    reader: &Reader<'_>,
    device: &DeviceIds,
    target: &Target,
) -> Result<Model, InfError> {
    let manufacturers = reader.inf().section("Manufacturer").ok_or_else(|| {
        InfError::whole_file("there is no [Manufacturer] section, so the INF installs no device")
    })?;
    let mut best: Option<(u32, Model)> = None;
    let mut listed_ids = Vec::new();
    let mut serves_target = false;
    for line in reader.lines(manufacturers)? {
        let Some((manufacturer, section)) = models_section(reader, line, target)? else {
            continue;
        };
        serves_target = true;
        for line in reader.lines(section)? {
            let (rank, model) = match rank_line(reader, line, device, &mut listed_ids)? {
                Some((rank, matching_id)) => {
                    (rank, read_model(reader, line, &manufacturer, matching_id)?)
                }
                None => continue,
            };
            if best.as_ref().is_none_or(|(best_rank, _)| rank < *best_rank) {
                best = Some((rank, model));
            }
        }
    }
    if !serves_target {
        return Err(no_models_for_target(manufacturers, target));
    }
    best.map(|(_, model)| model)
        .ok_or_else(|| no_match(manufacturers.position, device, &listed_ids))
}

/// All IDs that the Models sections for the target list, hardware IDs and compatible IDs, in the
/// order of the file.
pub(super) fn listed_ids(reader: &Reader<'_>, target: &Target) -> Result<Vec<String>, InfError> {
    let mut ids = Vec::new();
    let Some(manufacturers) = reader.inf().section("Manufacturer") else {
        return Ok(ids);
    };
    for line in reader.lines(manufacturers)? {
        let Some((_, section)) = models_section(reader, line, target)? else {
            continue;
        };
        for line in reader.lines(section)? {
            for index in 1..line.fields.len() {
                ids.extend(reader.optional(line, index)?);
            }
        }
    }
    Ok(ids)
}

/// The Models section that one Manufacturer entry offers to the target, if any.
///
/// *INF Manufacturer Section*, Remarks, and *Combining Platform Extensions with Operating System
/// Versions*: the closest decoration decides, even when its section is empty (which is the
/// documented way to exclude systems).
fn models_section<'a>(
    reader: &Reader<'a>,
    line: &'a Line,
    target: &Target,
) -> Result<Option<(String, &'a Section)>, InfError> {
    let base = reader.required(line, 0, "the name of a Models section")?;
    let manufacturer = match &line.key {
        Some(key) => reader.text(key)?,
        None => base.clone(),
    };
    let mut best: Option<(Closeness, &Field)> = None;
    for (index, field) in line.fields.iter().enumerate().skip(1) {
        let Some(decoration) = read_decoration(reader, line, index, field)? else {
            continue;
        };
        if let Some(closeness) = decoration.closeness(target)
            && best.is_none_or(|(best, _)| closeness > best)
        {
            best = Some((closeness, field));
        }
    }
    let Some((_, field)) = best else {
        return Ok(None);
    };
    let name = format!("{base}.{}", reader.text(field)?);
    match reader.inf().section(&name) {
        Some(section) => Ok(Some((manufacturer, section))),
        None => Err(InfError::at(
            field.position,
            format!(
                "there is no Models section {} for this decoration",
                Quoted(&name)
            ),
        )),
    }
}

fn read_decoration(
    reader: &Reader<'_>,
    line: &Line,
    index: usize,
    field: &Field,
) -> Result<Option<Decoration>, InfError> {
    let Some(text) = reader.optional(line, index)? else {
        return Ok(None);
    };
    if text.contains('$') {
        return Err(InfError::at(
            field.position,
            format!(
                "the decoration {} still has a placeholder; stamp the .inx file into an .inf first",
                Quoted(&text)
            ),
        ));
    }
    match Decoration::parse(&text) {
        Ok(decoration) => {
            if !decoration.is_universal() {
                reader.warn(
                    Some(field.position),
                    "a universal INF has no product type and no suite mask in a decoration"
                        .to_owned(),
                );
            }
            Ok(Some(decoration))
        }
        Err(expected) => {
            reader.warn(
                Some(field.position),
                format!("the decoration {} is ignored: {expected}", Quoted(&text)),
            );
            Ok(None)
        }
    }
}

/// The rank of a Models entry for the device and the ID that gave it; smaller is better.
///
/// *How Windows Ranks Drivers*, "Identifier score": a hardware ID of the device that is the INF's
/// hardware ID is best, then the INF's compatible IDs, then the device's compatible IDs against
/// either; within each, the more specific ID of the device, then of the INF.
fn rank_line(
    reader: &Reader<'_>,
    line: &Line,
    device: &DeviceIds,
    listed_ids: &mut Vec<String>,
) -> Result<Option<(u32, String)>, InfError> {
    let mut best: Option<(u32, String)> = None;
    for index in 1..line.fields.len() {
        let Some(id) = reader.optional(line, index)? else {
            continue;
        };
        let inf_rank = u32::from(index > 1) << 12;
        let places = device
            .hardware_ids
            .iter()
            .zip(0_u32..)
            .chain(device.compatible_ids.iter().zip(0x2000_u32..));
        reader.charge(
            device.hardware_ids.len() + device.compatible_ids.len(),
            line.position,
        )?;
        for (device_id, device_rank) in places {
            let rank = device_rank + inf_rank;
            if device_id.eq_ignore_ascii_case(&id) && best.as_ref().is_none_or(|(b, _)| rank < *b) {
                best = Some((rank, id.clone()));
            }
        }
        if listed_ids.len() <= LISTED_IDS_MAX {
            listed_ids.push(id);
        }
    }
    Ok(best)
}

fn read_model(
    reader: &Reader<'_>,
    line: &Line,
    manufacturer: &str,
    matching_id: String,
) -> Result<Model, InfError> {
    let key = line.key.as_ref().ok_or_else(|| {
        InfError::at(
            line.position,
            "expected 'device description = install section, hardware ID' here",
        )
    })?;
    Ok(Model {
        manufacturer: manufacturer.to_owned(),
        description: reader.text(key)?,
        install_section: reader.required(line, 0, "the name of an install section")?,
        matching_id,
        position: position_of(line, 0),
    })
}

fn no_models_for_target(manufacturers: &Section, target: &Target) -> InfError {
    InfError::at(
        manufacturers.position,
        format!(
            "no Models section is for this system, NT{}.{}.{} build {}; a 64-bit system needs the \
             architecture in the decoration",
            target.architecture.name(),
            target.version.major,
            target.version.minor,
            target.version.build
        ),
    )
}

fn no_match(position: Position, device: &DeviceIds, listed_ids: &[String]) -> InfError {
    let device_ids: Vec<&str> = device
        .hardware_ids
        .iter()
        .chain(&device.compatible_ids)
        .map(String::as_str)
        .collect();
    let mut inf_ids: Vec<String> = listed_ids
        .iter()
        .take(LISTED_IDS_MAX)
        .map(|id| Quoted(id).to_string())
        .collect();
    if listed_ids.len() > LISTED_IDS_MAX {
        inf_ids.push("and others".to_owned());
    }
    let supported = if inf_ids.is_empty() {
        "lists no device for this system".to_owned()
    } else {
        format!("is for {}", inf_ids.join(", "))
    };
    InfError::at(
        position,
        format!(
            "the INF {supported}; the device is {}",
            device_ids.join(", ")
        ),
    )
}
