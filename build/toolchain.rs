//! Finds a Rust toolchain that can compile `core` and `alloc` for the Windows target, and a linker.

use std::collections::BTreeSet;
use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The target of the images.
pub const TARGET: &str = "x86_64-pc-windows-msvc";

/// How long `rustup target add` may take. It downloads some 30 MB.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// A compiler and its cargo.
pub struct Toolchain {
    pub cargo: PathBuf,
    pub rustc: PathBuf,
    pub sysroot: PathBuf,
    /// The commit the compiler was built from: the standard library's paths carry it.
    pub commit: String,
    /// Whether `core` and `alloc` must be built from the toolchain's own sources.
    pub builds_core: bool,
    /// An lld that links for Windows.
    pub linker: PathBuf,
}

/// Finds a toolchain: the current one with the target installed; else the current one after rustup
/// has brought the target; else any that has the target or the sources of `core`.
///
/// `out` is where it is remembered that rustup could not bring the target, so that a closed network
/// costs time once and not at every build.
pub fn find(out: &Path) -> Result<Toolchain, String> {
    let current = Candidate::current()?;
    if current.has_target() {
        return current.settle(&[]);
    }
    let all = Candidate::all(&current);
    let fallback = all.iter().find(|candidate| candidate.serves());
    let rustup_failed = out.join("rustup-target-add.failed");

    let mut rustup_says = "tried before without success".to_owned();
    if fallback.is_none() || !rustup_failed.exists() {
        match rustup_toolchain().map(|toolchain| add_target(&toolchain)) {
            Ok(Ok(())) if current.has_target() => return current.settle(&all),
            Ok(outcome) => {
                rustup_says = outcome
                    .err()
                    .unwrap_or_else(|| "tried, but the target is still missing".to_owned());
                fs::write(&rustup_failed, &rustup_says).map_err(|error| {
                    format!("cannot write {}: {error}", rustup_failed.display())
                })?;
            }
            Err(reason) => rustup_says = format!("not tried, because {reason}"),
        }
    }
    match fallback {
        Some(candidate) => candidate.settle(&all),
        None => Err(no_toolchain(&rustup_says, &all)),
    }
}

/// A toolchain on this machine, not yet known to serve.
#[derive(Clone)]
struct Candidate {
    cargo: PathBuf,
    rustc: PathBuf,
    sysroot: PathBuf,
    release: String,
    commit: String,
}

impl Candidate {
    /// The toolchain that this build itself runs under.
    fn current() -> Result<Self, String> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(cargo.into(), rustc.clone().into())
            .ok_or_else(|| format!("cannot run `{} -vV`", rustc.display()))
    }

    /// The current toolchain, then every other that rustup or the system's packages have put on this
    /// machine.
    fn all(current: &Self) -> Vec<Self> {
        let rustup_home = env::var_os("RUSTUP_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(env::home_dir()?.join(".rustup")));
        let of_rustup = rustup_home
            .and_then(|home| fs::read_dir(home.join("toolchains")).ok())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .collect::<BTreeSet<_>>();
        let path = env::var_os("PATH").unwrap_or_default();
        let of_system = env::split_paths(&path).chain([PathBuf::from("/usr/bin")]);

        let mut seen = BTreeSet::new();
        let installed = of_rustup
            .into_iter()
            .chain(of_system)
            .map(|bin| ["cargo", "rustc"].map(|tool| bin.join(format!("{tool}{EXE_SUFFIX}"))))
            .filter(|tools| tools.iter().all(|tool| tool.is_file()))
            .filter_map(|[cargo, rustc]| Self::new(cargo, rustc));
        [current.clone()]
            .into_iter()
            .chain(installed)
            .filter(|candidate| seen.insert(candidate.sysroot.clone()))
            .collect()
    }

    fn new(cargo: PathBuf, rustc: PathBuf) -> Option<Self> {
        let version = output_of(Command::new(&rustc).arg("-vV"))?;
        let field = |name| {
            version
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|text| text.trim().to_owned())
        };
        let sysroot = output_of(Command::new(&rustc).args(["--print", "sysroot"]))?;
        let sysroot = PathBuf::from(sysroot.trim_end());
        // Not the proxy of rustup, which may choose another toolchain when it is called again.
        let own = sysroot.join(format!("bin/rustc{EXE_SUFFIX}"));
        Some(Self {
            rustc: if own.is_file() { own } else { rustc },
            release: field("release:")?,
            commit: field("commit-hash:").unwrap_or_else(|| "unknown".to_owned()),
            sysroot,
            cargo,
        })
    }

    fn serves(&self) -> bool {
        self.is_recent() && (self.has_target() || self.has_sources())
    }

    fn has_target(&self) -> bool {
        let libraries = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        fs::read_dir(libraries).is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                entry
                    .file_name()
                    .as_encoded_bytes()
                    .starts_with(b"libcore-")
            })
        })
    }

    fn has_sources(&self) -> bool {
        sources(&self.sysroot).join("library/Cargo.lock").is_file()
    }

    /// Whether this compiler is at least the workspace's `rust-version`.
    fn is_recent(&self) -> bool {
        let parts = |version: &str| -> Vec<u32> {
            version
                .split(['.', '-'])
                .map_while(|part| part.parse().ok())
                .collect()
        };
        parts(&self.release) >= parts(env!("CARGO_PKG_RUST_VERSION"))
    }

    /// Settles on this candidate. If it has no lld of its own, one of `lenders` may have.
    fn settle(&self, lenders: &[Self]) -> Result<Toolchain, String> {
        Ok(Toolchain {
            cargo: self.cargo.clone(),
            rustc: self.rustc.clone(),
            sysroot: self.sysroot.clone(),
            commit: self.commit.clone(),
            builds_core: !self.has_target(),
            linker: linker(self, lenders)?,
        })
    }

    fn describe(&self) -> String {
        let fault = if self.is_recent() {
            "has neither the target nor rust-src"
        } else {
            concat!("is older than ", env!("CARGO_PKG_RUST_VERSION"))
        };
        format!(
            "rustc {} in {} {fault}",
            self.release,
            self.sysroot.display()
        )
    }
}

/// Where a sysroot keeps the sources of the standard library, if it has them.
pub fn sources(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust")
}

/// The lld that comes with a rustup toolchain, else one on the search path.
fn linker(chosen: &Candidate, lenders: &[Candidate]) -> Result<PathBuf, String> {
    let host = env::var("HOST").unwrap_or_default();
    let of_toolchain = [chosen].into_iter().chain(lenders).map(|candidate| {
        let tools = candidate
            .sysroot
            .join("lib/rustlib")
            .join(&host)
            .join("bin");
        tools.join(format!("rust-lld{EXE_SUFFIX}"))
    });
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|bin| bin.join(format!("lld-link{EXE_SUFFIX}")));
    of_toolchain
        .chain(on_path)
        .find(|file| file.is_file())
        .ok_or_else(|| {
            "dhpnic.sys cannot be linked: there is no lld. Either of these is enough:\n  \
         * a toolchain of rustup, which brings rust-lld (https://rustup.rs)\n  \
         * lld-link on the search path, for instance by `apt-get install lld`"
                .to_owned()
        })
}

/// The toolchain of rustup that this build runs under, or why rustup cannot be asked to add to it.
fn rustup_toolchain() -> Result<OsString, &'static str> {
    if env::var_os("DHPNIC_OFFLINE").is_some() {
        return Err("DHPNIC_OFFLINE is set");
    }
    // The proxies of rustup set it.
    env::var_os("RUSTUP_TOOLCHAIN").ok_or("this build does not run under rustup")
}

/// Lets rustup install the target for `toolchain`.
fn add_target(toolchain: &OsStr) -> Result<(), String> {
    let mut rustup = Command::new("rustup")
        .args(["target", "add", TARGET, "--toolchain"])
        .arg(toolchain)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("tried, but rustup does not start: {error}"))?;
    let started = Instant::now();
    while started.elapsed() < RUSTUP_LIMIT {
        match rustup.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("tried, failed: {status}")),
            Ok(None) => sleep(Duration::from_millis(50)),
            Err(error) => return Err(format!("tried, cannot be waited for: {error}")),
        }
    }
    // A process that ended meanwhile cannot be killed, and there is nothing to do about it.
    let _ = rustup.kill();
    let _ = rustup.wait();
    Err(format!(
        "tried, given up after {} s",
        RUSTUP_LIMIT.as_secs()
    ))
}

fn no_toolchain(rustup_says: &str, all: &[Candidate]) -> String {
    let found: String = all
        .iter()
        .map(|candidate| format!("\n  - {}", candidate.describe()))
        .collect();
    format!(
        "dhpnic.sys cannot be built: no Rust toolchain here can compile for {TARGET}.\n\
         Any one of these is enough, then build again:\n  \
         * rustup target add {TARGET}  ({rustup_says})\n  \
         * rustup component add rust-src  (core is then built from source)\n  \
         * apt-get install rustc-web cargo-web rust-web-src  (Debian 12; the same)\n\
         Found so far:{found}"
    )
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}
