//! `CopyFiles` and the directories of the files: *INF CopyFiles Directive*, *INF DestinationDirs
//! Section*, *Run from the driver store*.

use super::error::{InfError, Position, Quoted};
use super::reading::{Reader, position_of};
use super::syntax::{Line, Section};
use super::target::Target;

/// The driver package's directory in the driver store (*Using Dirids*).
const DIRID_DRIVER_STORE: u32 = 13;

/// A file of the driver package and where it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// The file's name in the driver package.
    pub source: String,
    /// The full path on the target, as the kernel names it.
    pub destination: String,
}

/// Where a list of files goes.
struct Destination {
    dirid: u32,
    subdirectory: String,
    path: String,
}

/// Adds the files that a `CopyFiles` directive names.
pub(super) fn apply(
    reader: &Reader<'_>,
    directive: &Line,
    target: &Target,
    files: &mut Vec<CopiedFile>,
) -> Result<(), InfError> {
    for index in 0..directive.fields.len() {
        let position = position_of(directive, index);
        let name = reader.required(directive, index, "a file list section or @file")?;
        if let Some(file) = name.strip_prefix('@') {
            let destination = destination(reader, "DefaultDestDir", position)?;
            files.push(copied_file(
                reader,
                file,
                file,
                &destination,
                target,
                position,
            )?);
            continue;
        }
        let section = reader.section(directive, index)?;
        let destination = destination(reader, &section.name, position)?;
        for line in reader.lines(section)? {
            let name = reader.required(line, 0, "a file name")?;
            let source = reader.optional(line, 1)?.unwrap_or_else(|| name.clone());
            files.push(copied_file(
                reader,
                &name,
                &source,
                &destination,
                target,
                line.position,
            )?);
        }
    }
    Ok(())
}

fn copied_file(
    reader: &Reader<'_>,
    name: &str,
    source: &str,
    destination: &Destination,
    target: &Target,
    position: Position,
) -> Result<CopiedFile, InfError> {
    if name.contains(['\\', '/', ':']) || source.contains(['\\', '/', ':']) {
        return Err(InfError::at(
            position,
            format!(
                "expected a file name without a path, found {}",
                Quoted(name)
            ),
        ));
    }
    let source_subdirectory = source_subdirectory(reader, source, target, position)?;
    if destination.dirid == DIRID_DRIVER_STORE {
        if !name.eq_ignore_ascii_case(source) {
            return Err(InfError::at(
                position,
                format!(
                    "CopyFiles may not rename {} to {}: with DIRID 13 it stays in the driver store",
                    Quoted(source),
                    Quoted(name)
                ),
            ));
        }
        if !source_subdirectory.eq_ignore_ascii_case(&destination.subdirectory) {
            return Err(InfError::at(
                position,
                format!(
                    "with DIRID 13 the subdirectory {} of [DestinationDirs] has to be that of \
                     [SourceDisksFiles], {}",
                    Quoted(&destination.subdirectory),
                    Quoted(&source_subdirectory)
                ),
            ));
        }
    }
    Ok(CopiedFile {
        source: source.to_owned(),
        destination: format!(r"{}\{name}", destination.path),
    })
}

/// The directory for a file list section, or the default one.
fn destination(
    reader: &Reader<'_>,
    list: &str,
    position: Position,
) -> Result<Destination, InfError> {
    let missing = || {
        InfError::at(
            position,
            format!(
                "[DestinationDirs] names no directory for {} and no DefaultDestDir",
                Quoted(list)
            ),
        )
    };
    let section = reader
        .inf()
        .section("DestinationDirs")
        .ok_or_else(missing)?;
    let line = match reader.entry(section, list)? {
        Some(line) => line,
        None => reader
            .entry(section, "DefaultDestDir")?
            .ok_or_else(missing)?,
    };
    let dirid = reader.number(line, 0, "a directory identifier")?;
    let directory = reader.directory(dirid).ok_or_else(|| {
        InfError::at(
            position_of(line, 0),
            format!("DIRID {dirid} is not valid here; use 13, the driver store"),
        )
    })?;
    if dirid != DIRID_DRIVER_STORE {
        reader.warn(
            Some(line.position),
            format!("DIRID {dirid} breaks driver package isolation; use 13, the driver store"),
        );
    }
    let subdirectory = reader.optional(line, 1)?.unwrap_or_default();
    let subdirectory = subdirectory.trim_matches('\\').to_owned();
    let path = if subdirectory.is_empty() {
        directory.to_owned()
    } else {
        format!(r"{directory}\{subdirectory}")
    };
    Ok(Destination {
        dirid,
        subdirectory,
        path,
    })
}

/// The subdirectory of a file in the package; the file has to be listed in `SourceDisksFiles`, and
/// its disk in `SourceDisksNames`.
fn source_subdirectory(
    reader: &Reader<'_>,
    source: &str,
    target: &Target,
    position: Position,
) -> Result<String, InfError> {
    let platform = target.architecture.name();
    let line = entry_for_platform(reader, "SourceDisksFiles", platform, source)?;
    let line = line.ok_or_else(|| {
        InfError::at(
            position,
            format!(
                "the file {} is not listed in [SourceDisksFiles]",
                Quoted(source)
            ),
        )
    })?;
    let disk = reader.required(line, 0, "a disk number")?;
    if entry_for_platform(reader, "SourceDisksNames", platform, &disk)?.is_none() {
        return Err(InfError::at(
            position_of(line, 0),
            format!("the disk {} is not in [SourceDisksNames]", Quoted(&disk)),
        ));
    }
    let subdirectory = reader.optional(line, 1)?.unwrap_or_default();
    Ok(subdirectory.trim_matches('\\').to_owned())
}

/// An entry of a section that may have a copy for the platform, which comes first.
fn entry_for_platform<'a>(
    reader: &Reader<'a>,
    section: &str,
    platform: &str,
    key: &str,
) -> Result<Option<&'a Line>, InfError> {
    let sections: [Option<&'a Section>; 2] = [
        reader.inf().section(&format!("{section}.{platform}")),
        reader.inf().section(section),
    ];
    for section in sections.into_iter().flatten() {
        if let Some(line) = reader.entry(section, key)? {
            return Ok(Some(line));
        }
    }
    Ok(None)
}
