//! A parsed INF file: merged sections and the string table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::error::InfError;
use super::syntax::{self, Section};
use super::text;

/// A parsed INF file. Parsing checks the syntax; [`Installation::plan`] reads the contents.
///
/// [`Installation::plan`]: super::Installation::plan
#[derive(Debug, Clone)]
pub struct Inf {
    sections: Vec<Section>,
    sections_by_name: HashMap<String, usize>,
    strings: HashMap<String, String>,
    file_name: String,
    fingerprint: u64,
}

impl Inf {
    /// Parses the bytes of an INF file: UTF-8, with or without a byte order mark, or UTF-16 with
    /// one.
    ///
    /// # Errors
    ///
    /// The first fault of encoding or syntax, with line and column, or a limit that is exceeded.
    pub fn parse(bytes: &[u8]) -> Result<Self, InfError> {
        let text = text::decode(bytes)?;
        let mut sections: Vec<Section> = Vec::new();
        let mut sections_by_name = HashMap::new();
        for section in syntax::parse(&text)? {
            match sections_by_name.entry(fold(&section.name)) {
                Entry::Vacant(entry) => {
                    entry.insert(sections.len());
                    sections.push(section);
                }
                Entry::Occupied(entry) => {
                    if let Some(first) = sections.get_mut(*entry.get()) {
                        first.lines.extend(section.lines);
                    }
                }
            }
        }
        let mut inf = Self {
            sections,
            sections_by_name,
            strings: HashMap::new(),
            file_name: "driver.inf".to_owned(),
            fingerprint: fingerprint(bytes),
        };
        inf.strings = inf.read_strings()?;
        Ok(inf)
    }

    /// Gives the file its name, which the path of the driver store directory contains.
    #[must_use]
    pub fn with_file_name(mut self, file_name: &str) -> Self {
        self.file_name = file_name.to_owned();
        self
    }

    /// The directory that DIRID 13 stands for, as the kernel names it.
    pub(super) fn driver_store_directory(&self, architecture: &str) -> String {
        format!(
            r"\SystemRoot\System32\DriverStore\FileRepository\{}_{architecture}_{:016x}",
            self.file_name, self.fingerprint
        )
    }

    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections_by_name
            .get(&fold(name))
            .and_then(|index| self.sections.get(*index))
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    pub(super) fn string(&self, name: &str) -> Option<&str> {
        self.strings.get(&fold(name)).map(String::as_str)
    }

    /// *INF Strings Section*: one section serves all tokens, that of the system's language first.
    /// The simulated system is an English one.
    fn read_strings(&self) -> Result<HashMap<String, String>, InfError> {
        let names = ["Strings.0409", "Strings.0009", "Strings"];
        let mut strings = HashMap::new();
        let Some(section) = names.iter().find_map(|name| self.section(name)) else {
            return Ok(strings);
        };
        for line in &section.lines {
            let Some(key) = &line.key else {
                return Err(InfError::at(
                    line.position,
                    format!("expected 'name = \"text\"' in [{}]", section.name),
                ));
            };
            if let Some(second) = line.fields.get(1) {
                return Err(InfError::at(
                    second.position,
                    "a string with a comma has to be quoted",
                ));
            }
            let value = line.fields.first().map_or("", |field| &field.text);
            strings
                .entry(fold(&key.text))
                .or_insert_with(|| value.to_owned());
        }
        Ok(strings)
    }
}

/// The form under which names are compared: section names, entries and directives are
/// case-insensitive (*General Syntax Rules for INF Files*, "Case Sensitivity").
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// FNV-1a, which tells one driver package from another in the driver store's directory names.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
