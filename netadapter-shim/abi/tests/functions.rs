//! Function tables, their functions, imports and callback types.

mod common;

use common::{assert_none, by_name, facts, number, text};
use netadapter_abi::{Import, Prototype, binding, net, nt, wdf};
use serde_json::Value;
use std::collections::BTreeMap;

/// The sizes in bytes of the C types that the facts name.
struct TypeSizes(BTreeMap<String, usize>);

impl TypeSizes {
    fn new() -> Self {
        let mut sizes = BTreeMap::new();
        for (module, _) in common::FACTS {
            let facts = facts(module);
            for list in ["scalars", "typedefs", "structs", "enums"] {
                for item in facts[list].as_array().into_iter().flatten() {
                    if let Ok(size) = usize::try_from(number(&item["size"])) {
                        sizes.insert(text(&item["name"]).to_owned(), size);
                    }
                }
            }
            for handle in facts["handles"].as_array().into_iter().flatten() {
                sizes.insert(text(handle).to_owned(), 8);
            }
        }
        // Plain C names, and types of headers that are not recorded.
        for (name, size) in [
            ("void", 0),
            ("size_t", 8),
            ("LONG_PTR", 8),
            ("UINT8", 1),
            ("ULONG64", 8),
            ("NET_LUID", 8),
        ] {
            sizes.insert(name.to_owned(), size);
        }
        Self(sizes)
    }

    /// Pointer types end with `*`, or begin with a `P` (`LP`) that makes another name a pointer.
    fn of(&self, c_type: &str) -> usize {
        match self.0.get(c_type) {
            _ if c_type.ends_with('*') => 8,
            Some(size) => *size,
            None if c_type.starts_with('P') || c_type.starts_with("LP") => 8,
            None => panic!("the size of {c_type} is known"),
        }
    }
}

/// The recorded parameters of a function, in the form of our tables.
fn recorded_parameters(sizes: &TypeSizes, function: &Value) -> Vec<(String, usize)> {
    function["params"]
        .as_array()
        .expect("parameters are a list")
        .iter()
        .map(|parameter| {
            (
                text(&parameter["name"]).to_owned(),
                sizes.of(text(&parameter["type"])),
            )
        })
        .collect()
}

fn ours(parameters: &[(&str, usize)]) -> Vec<(String, usize)> {
    parameters
        .iter()
        .map(|(name, size)| ((*name).to_owned(), *size))
        .collect()
}

fn check_table(module: &str, names: &[&str], prototypes: &[&[Prototype]]) {
    let facts = facts(module);
    let recorded = facts["functions"].as_array().expect("functions are a list");
    assert_eq!(names.len() as i128, number(&facts["counts"]["functions"]));
    for (table_index, function) in recorded.iter().enumerate() {
        assert_eq!(number(&function["index"]), table_index as i128);
        assert_eq!(names[table_index], text(&function["name"]));
    }
    let sizes = TypeSizes::new();
    let mut differences = Vec::new();
    for prototype in prototypes.iter().copied().flatten() {
        let function = &recorded[prototype.table_index];
        let expected = recorded_parameters(&sizes, function);
        let result_size = sizes.of(text(&function["returns"]));
        if text(&function["name"]) != prototype.name
            || expected != ours(prototype.parameters)
            || result_size != prototype.result_size
        {
            differences.push(format!(
                "{}: {:?}, recorded {function}",
                prototype.name, prototype.parameters
            ));
        }
    }
    assert_none(&differences);
}

#[test]
fn the_kmdf_table_has_the_recorded_order_and_its_prototypes_the_recorded_parameters() {
    check_table("wdf", &wdf::FUNCTION_NAMES, wdf::PROTOTYPES);
    assert_eq!(wdf::index::WdfDriverMiniportUnload, 201);
}

#[test]
fn the_netadaptercx_table_has_the_recorded_order_and_its_prototypes_the_recorded_parameters() {
    check_table("net", &net::FUNCTION_NAMES, &[net::PROTOTYPES]);
    assert_eq!(net::index::NetAdapterLightweightInitAllocate, 124);
}

fn check_imports(recorded: &BTreeMap<String, Value>, imports: &[Import]) {
    let sizes = TypeSizes::new();
    let mut differences = Vec::new();
    for Import {
        image,
        name,
        parameters,
    } in imports
    {
        let Some(function) = recorded.get(*name) else {
            differences.push(format!("{name} is not recorded"));
            continue;
        };
        // A module of the form "a or b" allows both.
        if !text(&function["module"])
            .split(' ')
            .any(|module| module == *image)
        {
            differences.push(format!(
                "{name} comes from {image}, recorded {}",
                function["module"]
            ));
        }
        if recorded_parameters(&sizes, function) != ours(parameters) {
            differences.push(format!(
                "{name}: {parameters:?}, recorded {}",
                function["params"]
            ));
        }
    }
    assert_none(&differences);
}

#[test]
fn kernel_imports_have_the_recorded_image_and_parameters() {
    check_imports(&by_name(facts("nt"), "functions"), nt::KERNEL_IMPORTS);
}

#[test]
fn loader_imports_have_the_recorded_image_and_parameters() {
    check_imports(
        &by_name(facts("binding"), "exports"),
        binding::LOADER_IMPORTS,
    );
}

#[test]
fn callback_types_have_the_recorded_parameters() {
    let mut differences = Vec::new();
    for (module, callbacks) in [
        ("nt", nt::CALLBACKS),
        ("wdf", wdf::CALLBACKS),
        ("net", net::CALLBACKS),
        ("binding", binding::CALLBACKS),
    ] {
        let facts = facts(module);
        let recorded = facts["callbacks"].as_array().expect("callbacks are a list");
        for (name, parameters) in callbacks {
            let fact = recorded.iter().find(|callback| {
                let pointers = callback["pointer_types"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                pointers
                    .iter()
                    .chain([&callback["pointer_type"], &callback["name"]])
                    .any(|pointer| pointer == name)
            });
            let Some(fact) = fact else {
                differences.push(format!("{name} is not recorded"));
                continue;
            };
            let names: Vec<_> = fact["params"]
                .as_array()
                .expect("parameters are a list")
                .iter()
                .map(|p| text(&p["name"]))
                .collect();
            // One recorded parameter has no name in the headers.
            let same = names.len() == parameters.len()
                && names
                    .iter()
                    .zip(*parameters)
                    .all(|(recorded, ours)| recorded.is_empty() || recorded == ours);
            if !same {
                differences.push(format!("{name}: {parameters:?}, recorded {names:?}"));
            }
        }
    }
    assert_none(&differences);
}
