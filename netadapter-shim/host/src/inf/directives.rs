//! Directives of an install section: `Needs`, and the ones that driver package isolation forbids.

use super::error::{InfError, Quoted};
use super::reading::{Reader, position_of};
use super::syntax::{Line, Section};

/// Directives that are not valid in a universal INF (*Using a Universal INF File*, "Which INF
/// directives are invalid in a universal INF file?").
const FORBIDDEN_DIRECTIVES: [&str; 13] = [
    "bitreg",
    "delfiles",
    "delproperty",
    "delreg",
    "delservice",
    "ini2reg",
    "logconfig",
    "profileitems",
    "registerdlls",
    "renfiles",
    "unregisterdlls",
    "updateinifields",
    "updateinis",
];

/// Extensions of an install section's name that are not valid either; same page.
const FORBIDDEN_EXTENSIONS: [&str; 3] = ["CoInstallers", "FactDef", "LogConfigOverride"];

/// Extensions that Windows acts on and this host does not.
const UNMODELLED_EXTENSIONS: [&str; 5] = ["Components", "Events", "Filters", "Software", "WMI"];

/// One directive with its name in lower case.
pub(super) struct Directive<'a> {
    pub(super) name: String,
    pub(super) line: &'a Line,
}

/// The directives of an install section in the order in which Windows processes them: its own,
/// then those of the sections that `Needs` names (*INF AddProperty Directive*, the flag
/// `FLG_ADDPROPERTY_NOCLOBBER`, gives this order). Forbidden ones are errors.
pub(super) fn of_section<'a>(
    reader: &Reader<'a>,
    section: &'a Section,
) -> Result<Vec<Directive<'a>>, InfError> {
    let mut directives = Vec::new();
    let mut needs = Vec::new();
    let mut includes = false;
    for directive in own(reader, section)? {
        match directive.name.as_str() {
            "needs" => needs.push(directive.line),
            "include" => {
                includes = true;
                reader.warn(
                    Some(directive.line.position),
                    "Include names system INF files, which this host does not have".to_owned(),
                );
            }
            _ => directives.push(directive),
        }
    }
    for line in needs {
        for index in 0..line.fields.len() {
            let name = reader.required(line, index, "a section name")?;
            match reader.inf().section(&name) {
                Some(section) => directives.extend(needed(reader, section)?),
                None if includes => reader.warn(
                    Some(position_of(line, index)),
                    format!("the section {} of a system INF is skipped", Quoted(&name)),
                ),
                None => {
                    return Err(InfError::at(
                        position_of(line, index),
                        format!("there is no section {}", Quoted(&name)),
                    ));
                }
            }
        }
    }
    Ok(directives)
}

fn needed<'a>(reader: &Reader<'a>, section: &'a Section) -> Result<Vec<Directive<'a>>, InfError> {
    let mut directives = own(reader, section)?;
    directives.retain(|directive| {
        let nested = matches!(directive.name.as_str(), "needs" | "include");
        if nested {
            reader.warn(
                Some(directive.line.position),
                "Needs entries cannot be nested; this one is ignored".to_owned(),
            );
        }
        !nested
    });
    Ok(directives)
}

fn own<'a>(reader: &Reader<'a>, section: &'a Section) -> Result<Vec<Directive<'a>>, InfError> {
    let mut directives = Vec::new();
    for line in reader.lines(section)? {
        let Some(key) = &line.key else {
            reader.warn(
                Some(line.position),
                format!("an entry without '=' in [{}] is ignored", section.name),
            );
            continue;
        };
        let name = reader.text(key)?.to_ascii_lowercase();
        if FORBIDDEN_DIRECTIVES.contains(&name.as_str()) {
            return Err(InfError::at(
                key.position,
                format!(
                    "the directive {} is not valid in a universal INF; remove it",
                    Quoted(&key.text)
                ),
            ));
        }
        directives.push(Directive { name, line });
    }
    Ok(directives)
}

/// Refuses the sections that an isolated driver package may not have, and warns of those that
/// this host does not model.
pub(super) fn check_extensions(reader: &Reader<'_>, install_section: &str) -> Result<(), InfError> {
    for section in reader.inf().sections() {
        let name = section.name.to_ascii_lowercase();
        if name == "classinstall32" || name.starts_with("classinstall32.") {
            return Err(forbidden_section(section));
        }
    }
    for extension in FORBIDDEN_EXTENSIONS {
        if let Some(section) = reader
            .inf()
            .section(&format!("{install_section}.{extension}"))
        {
            return Err(forbidden_section(section));
        }
    }
    for extension in UNMODELLED_EXTENSIONS {
        if let Some(section) = reader
            .inf()
            .section(&format!("{install_section}.{extension}"))
        {
            reader.warn(
                Some(section.position),
                format!("this host does not act on [{}]", section.name),
            );
        }
    }
    Ok(())
}

fn forbidden_section(section: &Section) -> InfError {
    InfError::at(
        section.position,
        format!(
            "the section [{}] is not valid in a universal INF; remove it",
            section.name
        ),
    )
}

/// Notes a directive that has no effect here.
pub(super) fn warn_ignored(reader: &Reader<'_>, directive: &Directive<'_>) {
    reader.warn(
        Some(directive.line.position),
        format!("the directive {} is ignored", Quoted(&directive.name)),
    );
}
