//! The tables as files of comma-separated values.

use super::table::{Cell, Table};
use crate::failure::Failure;
use std::fs;
use std::path::Path;

/// Writes each table into a file of its own in `folder`, which is made if it is not there.
///
/// # Errors
/// If a file cannot be written.
pub fn write(tables: &[Table], folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Input(format!(
            "--csv {}: cannot be written: {error}",
            path.display()
        ))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for table in tables {
        let path = folder.join(format!("{}.csv", table.id));
        write_table(table, &path).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

fn write_table(table: &Table, path: &Path) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(table.columns.iter().map(|name| name.as_ref()))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(Cell::for_programs))?;
    }
    writer.flush()?;
    Ok(())
}
