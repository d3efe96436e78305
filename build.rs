//! Builds the driver images for Windows and stamps the INF, so that `dhpnic` can carry them.
//!
//! The images come from a nested cargo with its own target directory. Environment variables tell
//! this package's sources where the results lie: `DHPNIC_SYS`, `DHPNIC_PDB` and `DHPNIC_INF`, and
//! `RULEBREAKER_SYS` and `RULEBREAKER_PDB` for the tests.
//!
//! `DHPNIC_OFFLINE` keeps rustup from looking for the Windows target on the network, and
//! `SOURCE_DATE_EPOCH` sets the date in the INF.

#[path = "build/identity.rs"]
mod identity;
#[path = "build/image.rs"]
mod image;
#[path = "build/inf.rs"]
mod inf;
#[path = "build/toolchain.rs"]
mod toolchain;

use image::Image;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Every image that this workspace builds, in one nested call.
const IMAGES: &[Image] = &[
    Image {
        package: "dhpnic-driver",
        name: "dhpnic",
    },
    Image {
        package: "rulebreaker",
        name: "rulebreaker",
    },
];

/// What an image or the INF is made of; nothing is built again until one of these changes.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "driver",
    "inf",
    "netadapter-shim/abi/Cargo.toml",
    "netadapter-shim/abi/src",
    "netadapter-shim/client/Cargo.toml",
    "netadapter-shim/client/src",
    "tests/rulebreaker",
];

fn main() {
    if let Err(message) = build() {
        eprintln!("{message}");
        std::process::exit(1);
    }
}

/// The C driver of the tests is checked in as an image; a compiler builds it again.
fn tell_of_mingw() {
    let compiler = "x86_64-w64-mingw32-gcc";
    if Command::new(compiler).arg("--version").output().is_err() {
        println!(
            "cargo::warning={compiler} is not installed: the tests take the C driver's checked-in \
             image only, and do not build tests/cdriver again"
        );
    }
}

fn build() -> Result<(), String> {
    tell_of_mingw();
    let workspace = directory("CARGO_MANIFEST_DIR")?;
    let out = directory("OUT_DIR")?;
    for input in INPUTS {
        println!("cargo::rerun-if-changed={input}");
    }
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");

    let inf = out.join("dhpnic.inf");
    stamp(&workspace.join("inf/dhpnic.inx"), &inf)?;
    export("DHPNIC_INF", &inf);

    let toolchain = toolchain::find(&out)?;
    for built in image::build(&toolchain, &workspace, &out, IMAGES)? {
        let variable = built.name.to_uppercase();
        export(&format!("{variable}_SYS"), &built.sys);
        export(&format!("{variable}_PDB"), &built.pdb);
    }
    Ok(())
}

/// Makes an INF of the INX, which is an INF with stamps.
fn stamp(inx: &Path, inf: &Path) -> Result<(), String> {
    let text = fs::read_to_string(inx)
        .map_err(|error| format!("cannot read {} as UTF-8: {error}", inx.display()))?;
    let epoch = env::var("SOURCE_DATE_EPOCH").ok();
    let date = inf::driver_date(epoch.as_deref())?;
    let stamped = inf::stamp(&text, &date, env!("CARGO_PKG_VERSION"))
        .map_err(|problem| format!("{}: {problem}", inx.display()))?;
    fs::write(inf, stamped).map_err(|error| format!("cannot write {}: {error}", inf.display()))
}

fn directory(variable: &str) -> Result<PathBuf, String> {
    env::var_os(variable)
        .map(PathBuf::from)
        .ok_or_else(|| format!("cargo did not set {variable}; this script runs under cargo only"))
}

fn export(variable: &str, path: &Path) {
    println!("cargo::rustc-env={variable}={}", path.display());
}
