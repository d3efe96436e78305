//! The files of the repository, and what a Rust file is made of.

use proc_macro2::{Span, TokenStream, TokenTree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files of the repository.
pub fn sources() -> Vec<Source> {
    let paths = files().into_iter().filter(|path| path.ends_with(".rs"));
    let sources: Vec<_> = paths
        .map(|path| {
            let text = fs::read_to_string(root().join(&path));
            let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
            Source::new(path, text)
        })
        .collect();
    assert!(!sources.is_empty(), "no sources in {}", root().display());
    sources
}

/// Every file that belongs to the repository, as a path below its root: what git does not ignore,
/// or, where there is no git, everything but build output and hidden files.
pub fn files() -> Vec<String> {
    let git = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output();
    if let Ok(output) = git
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
        let names = names.split_terminator('\0').map(str::to_owned);
        // A file that was deleted but not yet committed is still listed.
        return names.filter(|name| root().join(name).is_file()).collect();
    }
    let mut files = Vec::new();
    collect_files(root(), &mut files);
    let relative = |path: PathBuf| {
        path.strip_prefix(root())
            .map(|path| path.display().to_string())
    };
    files
        .into_iter()
        .map(|path| relative(path).expect("below the root"))
        .collect()
}

fn collect_files(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).expect("a directory of the repository is readable");
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            collect_files(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A Rust file of the repository.
pub struct Source {
    pub path: String,
    text: String,
    tokens: TokenStream,
    syntax: syn::File,
}

/// A function with a body.
pub struct Function {
    pub name: String,
    pub line: usize,
    /// From its signature to its closing brace.
    pub lines: usize,
}

impl Source {
    pub fn new(path: String, text: String) -> Self {
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let tokens = text
            .parse()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        Self {
            path,
            text,
            tokens,
            syntax,
        }
    }

    /// Whether the whole file is a test of its crate from outside.
    pub fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "benches")
    }

    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    pub fn lines_of_tests(&self) -> usize {
        self.test_items().map(lines_of).sum()
    }

    /// Items that are compiled for unit tests only.
    fn test_items(&self) -> impl Iterator<Item = &syn::Item> {
        self.syntax
            .items
            .iter()
            .filter(|item| attributes(item).iter().any(is_cfg_test))
    }

    /// The files that hold this file's `#[cfg(test)] mod name;`, as far as a name can tell.
    pub fn test_modules(&self) -> Vec<String> {
        let directory = Path::new(&self.path).parent().unwrap_or(Path::new(""));
        let below = Path::new(&self.path).with_extension("");
        let modules = self.test_items().filter_map(|item| match item {
            syn::Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
            _ => None,
        });
        modules
            .flat_map(|name| [directory, &below].map(|place| place.join(format!("{name}.rs"))))
            .map(|path| path.display().to_string())
            .collect()
    }

    /// The lines that have `extern` before a string, in the code and in the bodies of macros, with
    /// that string: a calling convention.
    pub fn conventions(&self) -> Vec<(usize, String)> {
        conventions_in(self.tokens.clone())
    }

    pub fn functions(&self) -> Vec<Function> {
        let mut functions = Functions(Vec::new());
        functions.visit_file(&self.syntax);
        functions.0
    }
}

/// Collects the functions of a file, nested ones and those of traits and impls too.
struct Functions(Vec<Function>);

impl Functions {
    fn push(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.span().start().line;
        let lines = block.span().end().line - line + 1;
        self.0.push(Function {
            name: signature.ident.to_string(),
            line,
            lines,
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.push(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|condition| condition.is_ident("test"))
}

fn lines_of(item: &syn::Item) -> usize {
    let span: Span = item.span();
    span.end().line - span.start().line + 1
}

fn conventions_in(tokens: TokenStream) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut previous = None;
    for token in tokens {
        match (&previous, &token) {
            (_, TokenTree::Group(group)) => found.extend(conventions_in(group.stream())),
            (Some(TokenTree::Ident(ident)), TokenTree::Literal(convention))
                if ident == "extern" =>
            {
                let convention = convention.to_string().trim_matches('"').to_owned();
                found.push((ident.span().start().line, convention));
            }
            _ => {}
        }
        previous = Some(token);
    }
    found
}
