//! Builds the driver images by a nested cargo.

use crate::identity;
use crate::toolchain::{self, TARGET, Toolchain};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// A driver that this workspace builds for Windows.
pub struct Image {
    /// The package whose `cdylib` is the driver.
    pub package: &'static str,
    /// The file name of the image and its PDB, without extension.
    pub name: &'static str,
}

/// An image that was built.
pub struct Built {
    pub name: &'static str,
    pub sys: PathBuf,
    pub pdb: PathBuf,
}

/// What the nested cargo takes from the environment only as far as it is set here. It inherits this
/// build's environment, which the user and cargo (and clippy) have filled for another target.
const NOT_INHERITED: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_ENCODED_",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "CLIPPY_",
    "RUSTC",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// The release profile as a kernel driver needs it: nothing unwinds in the kernel, findings are
/// reported with source lines, and the data path crosses three crates.
const PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "full"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
];

/// Builds all `images` of `workspace` in one call, and leaves them in `out`.
pub fn build(
    toolchain: &Toolchain,
    workspace: &Path,
    out: &Path,
    images: &[Image],
) -> Result<Vec<Built>, String> {
    let target_dir = out.join("image");
    let mut cargo = command(toolchain, workspace, &target_dir, images);
    // Cargo keeps a build script's output and shows it when the script fails.
    let status = cargo
        .status()
        .map_err(|error| format!("cannot run {}: {error}", toolchain.cargo.display()))?;
    if !status.success() {
        return Err(format!(
            "building the driver for {TARGET} failed ({status}); the errors stand above"
        ));
    }
    let built = target_dir.join(TARGET).join("release");
    images
        .iter()
        .map(|image| collect(image, &built, out))
        .collect()
}

fn command(
    toolchain: &Toolchain,
    workspace: &Path,
    target_dir: &Path,
    images: &[Image],
) -> Command {
    let mut cargo = Command::new(&toolchain.cargo);
    for (variable, _) in env::vars_os() {
        if NOT_INHERITED
            .iter()
            .any(|start| variable.as_encoded_bytes().starts_with(start.as_bytes()))
        {
            cargo.env_remove(variable);
        }
    }
    cargo
        .current_dir(workspace)
        .stdin(Stdio::null())
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(target_dir)
        .args(images.iter().flat_map(|image| ["--package", image.package]))
        .env("RUSTC", &toolchain.rustc)
        // Empty means none, also where the configuration names one.
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            flags(toolchain, workspace, target_dir),
        )
        .env(
            "CARGO_TARGET_X86_64_PC_WINDOWS_MSVC_LINKER",
            &toolchain.linker,
        )
        .envs(PROFILE.iter().copied());
    if workspace.join("Cargo.lock").is_file() {
        cargo.arg("--locked");
    }
    if toolchain.builds_core {
        // Not the memory routines: they come from the kernel, as where `core` is installed.
        cargo
            .arg("-Zbuild-std=core,alloc,compiler_builtins")
            .env("RUSTC_BOOTSTRAP", "1");
    }
    cargo
}

/// Compiler flags, in the form that leaves spaces in paths alone.
fn flags(toolchain: &Toolchain, workspace: &Path, target_dir: &Path) -> OsString {
    let mut flags: Vec<OsString> = vec![
        "-Clinker-flavor=lld-link".into(),
        // Source paths in the PDB are relative to the workspace, with this before them.
        "-Clink-arg=/PDBSOURCEPATH:.".into(),
    ];
    for (from, to) in renamed_paths(toolchain, workspace, target_dir) {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    }
    flags.join("\x1f".as_ref())
}

/// Directories of this machine and what the image and its PDB say instead, so that they are the
/// same wherever they are built. Of two that match, the later one counts.
fn renamed_paths(
    toolchain: &Toolchain,
    workspace: &Path,
    target_dir: &Path,
) -> Vec<(PathBuf, String)> {
    let mut renamed = vec![
        (workspace.to_owned(), ".".to_owned()),
        (target_dir.to_owned(), "target".to_owned()),
    ];
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries = cargo_home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    for registry in registries.into_iter().flatten().flatten() {
        renamed.push((registry.path(), "registry".to_owned()));
    }
    let library = toolchain::sources(&toolchain.sysroot);
    for sources in [library.canonicalize().ok(), Some(library)]
        .into_iter()
        .flatten()
    {
        renamed.push((sources, format!("/rustc/{}", toolchain.commit)));
    }
    renamed
}

/// Copies what cargo built for `image` from `built` to `out`, under its own name.
fn collect(image: &Image, built: &Path, out: &Path) -> Result<Built, String> {
    let library = image.package.replace('-', "_");
    let mut sys = read(&built.join(format!("{library}.dll")))?;
    let mut pdb = read(&built.join(format!("{library}.pdb")))?;
    identity::settle(&mut sys, &mut pdb).map_err(|fault| format!("{}: {fault}", image.package))?;
    let files = Built {
        name: image.name,
        sys: out.join(format!("{}.sys", image.name)),
        pdb: out.join(format!("{}.pdb", image.name)),
    };
    for (path, bytes) in [(&files.sys, sys), (&files.pdb, pdb)] {
        fs::write(path, bytes)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
