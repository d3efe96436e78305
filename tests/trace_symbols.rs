//! Claim: `dhpnic trace` names the functions of an image by its PDB, and by no other.

#[path = "trace/driver.rs"]
mod driver;
#[path = "trace/scene.rs"]
mod scene;

use dhpnic::bundled::SYMBOLS;
use etl::Uuid;
use pdb2::FallibleIterator;
use scene::Scene;
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// The identity of the driver's PDB, and the name and place of one of its functions.
fn one_function() -> (Uuid, u32, String, u32) {
    let mut pdb = pdb2::PDB::open(Cursor::new(SYMBOLS)).expect("the PDB is well formed");
    let information = pdb
        .pdb_information()
        .expect("it has its information stream");
    let guid = Uuid::from_bytes_le(information.guid.to_bytes_le());
    let debug = pdb.debug_information().expect("it has debug information");
    let age = debug.age().unwrap_or(information.age);
    let addresses = pdb.address_map().expect("it has addresses");
    let mut modules = debug.modules().expect("it has modules");
    while let Some(module) = modules.next().expect("its modules are well formed") {
        let Some(info) = pdb
            .module_info(&module)
            .expect("its modules are well formed")
        else {
            continue;
        };
        let mut symbols = info.symbols().expect("it has symbols");
        while let Some(symbol) = symbols.next().expect("its symbols are well formed") {
            let Ok(pdb2::SymbolData::Procedure(procedure)) = symbol.parse() else {
                continue;
            };
            let name = procedure.name.to_string().into_owned();
            if let Some(rva) = procedure.offset.to_rva(&addresses)
                && name.contains("dhpnic_driver")
                && procedure.len > 4
            {
                return (guid, age, name, rva.0);
            }
        }
    }
    panic!("the driver has no functions");
}

/// The name of the DPC's function, and the warnings.
fn analyse(scene: Scene, symbols: Option<&Path>) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (trace, json) = (folder.path().join("t.etl"), folder.path().join("t.json"));
    scene.write(&trace);
    let mut command = Command::new(env!("CARGO_BIN_EXE_dhpnic"));
    command.args(["trace", text(&trace), "--json", text(&json)]);
    if let Some(symbols) = symbols {
        command.args(["--symbols", text(symbols)]);
    }
    let output = command.output().expect("the command runs");
    assert_eq!(output.status.code(), Some(0));
    let value: Value =
        serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("it is JSON");
    let functions = value["functions"].as_array().expect("it is a list");
    let dpc = functions
        .iter()
        .find(|row| row["type"] == "DPC")
        .expect("there are DPCs");
    let warnings = value["warnings"].as_array().expect("it is a list");
    let warnings = warnings
        .iter()
        .filter_map(|warning| warning["text"].as_str());
    (
        dpc["function"].as_str().expect("it is text").to_owned(),
        warnings.map(str::to_owned).collect(),
    )
}

/// A folder with the driver's PDB in it.
fn folder_with_pdb() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("dhpnic.pdb"), SYMBOLS).expect("the folder is writable");
    folder
}

fn scene(rva: u32, pdb: Option<(Uuid, u32)>) -> Scene {
    Scene {
        dpc_offset: rva.into(),
        pdb,
        has_driver_events: false,
        ..Scene::default()
    }
}

#[test]
fn a_routine_in_the_middle_of_a_function_has_the_function_s_name() {
    let (guid, age, name, rva) = one_function();
    let folder = folder_with_pdb();
    let (function, warnings) = analyse(scene(rva + 1, Some((guid, age))), Some(folder.path()));
    assert!(
        function.contains(last_part(&name)),
        "{function} is not {name}"
    );
    assert!(
        !warnings.iter().any(|text| text.contains("dhpnic.pdb")),
        "{warnings:?}"
    );
}

#[test]
fn the_driver_built_with_the_command_needs_no_file() {
    let (guid, age, name, rva) = one_function();
    let (function, _) = analyse(scene(rva, Some((guid, age))), None);
    assert!(
        function.contains(last_part(&name)),
        "{function} is not {name}"
    );
    let (function, _) = analyse(scene(rva, None), None);
    assert_eq!(function, format!("+{rva:#x}"));
}

#[test]
fn a_pdb_of_another_build_names_nothing() {
    let (_, age, _, rva) = one_function();
    let folder = folder_with_pdb();
    let other = Some((Uuid::from_u128(1), age));
    let (function, warnings) = analyse(scene(rva, other), Some(folder.path()));
    assert_eq!(function, format!("+{rva:#x}"));
    let found = warnings
        .iter()
        .any(|text| text.contains("does not belong to the image"));
    assert!(found, "{warnings:?}");
}

#[test]
fn where_the_trace_does_not_name_the_pdb_that_is_said() {
    let (_, _, name, rva) = one_function();
    let folder = folder_with_pdb();
    let (function, warnings) = analyse(scene(rva, None), Some(folder.path()));
    assert!(
        function.contains(last_part(&name)),
        "{function} is not {name}"
    );
    let found = warnings
        .iter()
        .any(|text| text.contains("does not say whether it belongs"));
    assert!(found, "{warnings:?}");
}

fn last_part(name: &str) -> &str {
    let path = name.split('<').next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default()
}
