//! Results for programs, as files.

use crate::failure::Failure;
use serde_json::Value;
use std::io::Write;
use std::path::Path;

/// Writes `value` to `path`: all of it, or nothing.
///
/// # Errors
/// If the file cannot be written.
pub fn write(value: &Value, path: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Input(format!(
            "--json {}: cannot be written: {error}",
            path.display()
        ))
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    let text = format!("{:#}\n", value);
    file.write_all(text.as_bytes())
        .map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
