//! Names of functions, from PDBs that the user has.

use super::analysis::Severity;
use super::driver_events::MODULE;
use super::images::Module;
use crate::bundled;
use netadapter_host::image::{DebugIdentity, Symbols as Pdb};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the PDB of a module said, and what is to be said of it.
#[derive(Debug, Default)]
pub struct Symbols {
    places: Vec<PathBuf>,
    names: HashMap<(u64, i64), HashMap<u32, String>>,
    notes: Vec<(Severity, String)>,
}

impl Symbols {
    /// Symbols from PDB files and folders. A folder holds PDBs, or is the cache of a symbol server.
    pub fn new(places: &[PathBuf]) -> Self {
        Self {
            places: places.to_vec(),
            ..Self::default()
        }
    }

    /// What did not work.
    pub fn notes(&self) -> &[(Severity, String)] {
        &self.notes
    }

    /// Looks up the functions at `offsets` of a module, if there is a PDB for it.
    pub fn resolve(&mut self, module: &Module, offsets: &[u32]) {
        let Some(path) = self.places.iter().find_map(|place| find(place, module)) else {
            self.resolve_bundled(module, offsets);
            return;
        };
        let bytes = fs::read(&path).map_err(|error| error.to_string());
        match bytes.and_then(|bytes| names(bytes, module, offsets)) {
            Ok(found) => {
                if module.debug_id.is_none() {
                    self.note(
                        Severity::Note,
                        &path,
                        format!(
                            "the trace does not say whether it belongs to {}",
                            module.name
                        ),
                    );
                }
                self.names.insert((module.base, module.from), found);
            }
            Err(error) => self.note(Severity::Warning, &path, error),
        }
    }

    /// The symbols of the driver that was built together with this command, if the trace is of that
    /// very build.
    fn resolve_bundled(&mut self, module: &Module, offsets: &[u32]) {
        let is_ours = module.name.eq_ignore_ascii_case(MODULE) && module.debug_id.is_some();
        if is_ours && let Ok(found) = names(bundled::SYMBOLS.to_vec(), module, offsets) {
            self.names.insert((module.base, module.from), found);
        }
    }

    fn note(&mut self, severity: Severity, path: &Path, text: String) {
        self.notes
            .push((severity, format!("{}: {text}", path.display())));
    }

    /// The function at an offset of a module that has been resolved.
    pub fn name(&self, module: &Module, offset: u64) -> Option<&str> {
        let names = self.names.get(&(module.base, module.from))?;
        names.get(&u32::try_from(offset).ok()?).map(String::as_str)
    }
}

/// The PDB of a module in one place.
fn find(place: &Path, module: &Module) -> Option<PathBuf> {
    let names = pdb_names(module);
    let is_named = |path: &Path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| {
            names
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(&name))
        })
    };
    if !place.is_dir() {
        return is_named(place).then(|| place.to_owned());
    }
    // A folder that cannot be read has no PDB.
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let found = entries
        .map(|entry| entry.path())
        .find(|path| is_named(path))?;
    if !found.is_dir() {
        return Some(found);
    }
    // A symbol server's cache: NAME/GUID AGE/NAME.
    let id = module.debug_id.as_ref()?;
    let key = format!(
        "{}{:x}",
        id.guid.simple().to_string().to_uppercase(),
        id.age
    );
    let file = found.join(key).join(found.file_name()?);
    file.is_file().then_some(file)
}

/// What the PDB of a module can be called.
fn pdb_names(module: &Module) -> Vec<String> {
    let id = module.debug_id.iter();
    let told = id.filter_map(|id| id.pdb_file_name.rsplit(['\\', '/']).next());
    let stem = module
        .name
        .rsplit_once('.')
        .map_or(&module.name[..], |(stem, _)| stem);
    let usual = format!("{stem}.pdb");
    told.map(str::to_owned).chain([usual]).collect()
}

fn names(bytes: Vec<u8>, module: &Module, offsets: &[u32]) -> Result<HashMap<u32, String>, String> {
    let pdb = match &module.debug_id {
        Some(id) => {
            let identity = DebugIdentity {
                guid: id.guid.to_bytes_le(),
                age: id.age,
                path: id.pdb_file_name.clone(),
            };
            Pdb::for_image(bytes, Some(&identity))
        }
        None => Pdb::from_pdb(bytes),
    };
    let functions = pdb.and_then(|pdb| pdb.functions(offsets));
    let functions = functions.map_err(|error| error.to_string())?;
    let named = offsets.iter().zip(functions);
    Ok(named
        .filter_map(|(offset, name)| Some((*offset, name?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use etl::Uuid;
    use etl::kernel::DebugId;

    fn module(debug_id: Option<DebugId>) -> Module {
        Module {
            name: "nic.sys".into(),
            base: 0,
            size: 1,
            from: 0,
            to: 1,
            debug_id,
        }
    }

    #[test]
    fn a_pdb_is_found_by_the_name_that_the_trace_gives() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = DebugId {
            guid: Uuid::from_u128(0xAB),
            age: 10,
            pdb_file_name: "D:\\build\\virtio_nic.pdb".into(),
            ..DebugId::default()
        };
        let module = module(Some(id));
        assert_eq!(find(folder.path(), &module), None);
        let cached = folder
            .path()
            .join("virtio_nic.pdb/000000000000000000000000000000ABa");
        fs::create_dir_all(&cached).expect("the folder is writable");
        let file = cached.join("virtio_nic.pdb");
        fs::write(&file, "").expect("the folder is writable");
        assert_eq!(find(folder.path(), &module), Some(file));
    }

    #[test]
    fn without_a_name_in_the_trace_the_image_s_own_counts() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("NIC.pdb");
        fs::write(&file, "no PDB").expect("the folder is writable");
        assert_eq!(find(&file, &module(None)), Some(file.clone()));
        let mut symbols = Symbols::new(&[folder.path().to_owned()]);
        symbols.resolve(&module(None), &[0]);
        assert_eq!(symbols.notes().len(), 1);
        assert_eq!(symbols.name(&module(None), 0), None);
    }
}
