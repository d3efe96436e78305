//! Claim: every rule that the host checks is in the registry once, is used, and has a broken variant
//! that it catches.

#[path = "repository/source.rs"]
#[allow(dead_code, reason = "this test needs the list of files only")]
mod source;
#[path = "rulebreaker/src/deeds.rs"]
mod table;

use netadapter_host::verifier::registry;
use proc_macro2::{TokenStream, TokenTree};
use source::{files, root};
use std::collections::BTreeSet;
use std::fs;
use table::deeds;

macro_rules! rows {
    ($($moment:ident $deed:ident $rule:ident;)*) => {
        /// The rules that the driver of the tests breaks.
        const BROKEN: &[&str] = &[$(stringify!($rule)),*];
    };
}
deeds!(rows);

/// Rules without a broken variant yet. A rule that gets one leaves the list; none may join it.
const LACKING: &[&str] = &[
    "TRANSMIT_BUFFER_WRITTEN_AFTER_COMPLETION",
    "TRANSMIT_BUFFER_OVERRUN",
    "DATA_BUFFER_LOST",
    "UNHANDLED_EXCEPTION",
    "BAD_IO_SPACE_MAPPING",
    "IRQL_NOT_GREATER_OR_EQUAL",
    "DPC_NOT_INITIALIZED",
    "DPC_INITIALIZED_WHILE_QUEUED",
    "NOTIFICATION_FAILED",
    "OPERATION_STATUS_SET",
    "NOT_A_PROCESSOR_CALLBACK",
    "CORRUPTED_PRIVATE_GLOBALS",
    "IRQL_NOT_LESS_OR_EQUAL_DISPATCH",
    "PARAMETER_CANT_BE_NULL",
    "INVALID_STRUCT_TYPE_SIZE",
    "INVALID_NET_ADAPTER_INIT_SIGNATURE",
    "NET_ADAPTER_INIT_ALREADY_USED",
    "INVALID_DATAPATH_CALLBACKS",
    "PARENT_OBJECT_NOT_NULL",
    "CREATING_NET_QUEUE_FROM_WRONG_THREAD",
    "NET_QUEUE_INVALID_CONFIGURATION",
    "INVALID_NET_EXTENSION_NAME",
    "INVALID_NET_EXTENSION_VERSION",
    "INVALID_NET_EXTENSION_TYPE",
    "INVALID_ADAPTER_TX_CAPABILITIES",
    "INVALID_ADAPTER_RX_CAPABILITIES",
    "NOT_POWER_OF_TWO",
    "INVALID_RECEIVE_SCALING_HASH_TYPE",
    "INVALID_RECEIVE_SCALING_PROTOCOL_TYPE",
    "INVALID_RECEIVE_SCALING_ENCAPSULATION_TYPE",
    "INVALID_RSS_CONFIGURATION",
    "INVALID_RECEIVE_FILTER_CAPABILITIES",
    "INVALID_SET_RECEIVE_FILTER_CALL_BACK",
    "MAC_ADDRESS_LENGTH_TOO_LONG",
    "MTU_MUST_BE_GREATER_THAN_ZERO",
    "INVALID_LINK_STATE",
    "INVALID_QUERY_ULONG_FLAG",
    "RESET_DIAGNOSTICS_SIZE_TOO_LARGE",
    "IS_NOT_COLLECTING_RESET_DIAGNOSTICS",
    "REMOVING_DEVICE_WITH_ADAPTERS",
    "QUEUE_NEVER_DRAINED",
    "INVALID_RING_MODIFIED_RX_PACKET",
    "INVALID_RING_RX_PACKET_FRAGMENT_COUNT_OUT_OF_PRE_RANGE",
    "INVALID_RING_RX_PACKET_LAYER3_TYPE",
    "INVALID_RING_RX_PACKET_LAYER4_TYPE",
];

/// Where the host's own sources lie.
const HOST: &str = "netadapter-shim/host/src/";

/// This file, which names rules that lack a variant.
const THIS: &str = "tests/rules.rs";

/// The one file that makes a `Rule` by its members.
const VERIFIER: &str = "netadapter-shim/host/src/verifier/mod.rs";

#[test]
fn every_rule_is_in_the_registry_once() {
    let mut names = BTreeSet::new();
    let doubles: Vec<_> = registry()
        .map(|rule| rule.name)
        .filter(|&name| !names.insert(name))
        .collect();
    assert!(doubles.is_empty(), "rules with the same name: {doubles:?}");
    for (path, tokens) in host_sources() {
        if path != VERIFIER {
            let text = without_spaces(&tokens);
            assert!(
                !text.contains("Rule{name:"),
                "{path}: a rule outside of a table"
            );
        }
    }
    let declared: BTreeSet<String> = host_sources()
        .iter()
        .flat_map(|(_, tokens)| declared_in(tokens))
        .collect();
    let registered: BTreeSet<String> = names.into_iter().map(str::to_owned).collect();
    assert_eq!(declared, registered, "a table is not in the registry");
}

#[test]
fn every_rule_says_what_it_demands_and_where_that_is_written() {
    for rule in registry() {
        assert!(
            rule.demand.ends_with('.') && !rule.page.is_empty(),
            "{}",
            rule.name
        );
    }
}

#[test]
fn every_rule_is_used() {
    let text: String = host_sources()
        .iter()
        .map(|(_, tokens)| without_spaces(tokens))
        .collect();
    let unused: Vec<_> = registry()
        .map(|rule| rule.name)
        .filter(|name| !mentions(&text, &format!("rules::{name}")))
        .collect();
    assert!(unused.is_empty(), "rules that nothing checks: {unused:?}");
}

#[test]
fn every_rule_has_a_broken_variant_that_it_catches() {
    // Names of rules are written as text in tests only: the tables give them as identifiers.
    let in_tests = |path: &str| path.starts_with("tests/") && path != THIS;
    let text: String = sources_where(|path| path.starts_with(HOST) || in_tests(path))
        .iter()
        .map(|(_, tokens)| without_spaces(tokens))
        .collect();
    let lacking: Vec<_> = registry()
        .map(|rule| rule.name)
        .filter(|name| !BROKEN.contains(name) && !text.contains(&format!("\"{name}\"")))
        .collect();
    let only = |left: &[&str], right: &[&str]| {
        let only = left.iter().filter(|name| !right.contains(name));
        only.map(|name| format!("    \"{name}\",\n"))
            .collect::<String>()
    };
    let (new, done) = (only(&lacking, LACKING), only(LACKING, &lacking));
    assert!(new.is_empty(), "rules without a broken variant:\n{new}");
    assert!(done.is_empty(), "these have one and leave LACKING:\n{done}");
}

fn host_sources() -> Vec<(String, TokenStream)> {
    sources_where(|path| path.starts_with(HOST))
}

/// The Rust files that `wanted` names, as tokens.
fn sources_where(wanted: impl Fn(&str) -> bool) -> Vec<(String, TokenStream)> {
    let paths = files().into_iter();
    let paths = paths.filter(|path| wanted(path) && path.ends_with(".rs"));
    let sources: Vec<_> = paths
        .map(|path| {
            let text = fs::read_to_string(root().join(&path));
            let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
            let tokens = text.parse();
            let tokens = tokens.unwrap_or_else(|error| panic!("{path}: {error}"));
            (path, tokens)
        })
        .collect();
    assert!(!sources.is_empty(), "no sources");
    sources
}

/// The names in the `rules!` tables of a file.
fn declared_in(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let tables = tokens.windows(3).filter_map(|window| match window {
        [
            TokenTree::Ident(name),
            TokenTree::Punct(bang),
            TokenTree::Group(body),
        ] if name == "rules" && bang.as_char() == '!' => Some(body.stream()),
        _ => None,
    });
    tables
        .flatten()
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .filter(|name| !name.starts_with(char::is_lowercase))
        .collect()
}

fn without_spaces(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Whether `text` has `path` with no further letters after it.
fn mentions(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let next = text[at + path.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
