//! The probe runs: it calls the host, accesses registers, and faults.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::{
    CallSite, DriverFrame, ImportResolver, LoadedImage, Symbols, driver_call_site, driver_frames,
};
use super::{PROBE, PROBE_PDB};
use crate::trap::{
    Access, Fault, FaultKind, FaultSink, Region, RegisterFile, prepare_thread, register_image,
};
use netadapter_abi::{nt_export, nt_fn};

const CALL_HOST: u64 = 0;
const STORE: u64 = 1;
const READ_REGISTER: u64 = 2;
const JUMP: u64 = 3;

thread_local! {
    /// The image whose calls `probe_call` looks at, and what it saw.
    static WATCHED: RefCell<Option<(Arc<LoadedImage>, Vec<DriverFrame>)>> = const { RefCell::new(None) };
}

fn watch() {
    WATCHED.with_borrow_mut(|watched| {
        if let Some((image, frames)) = watched {
            *frames = driver_call_site(image);
        }
    });
}

nt_export! {
    fn probe_call(value: u64) -> u64 {
        watch();
        value * 2
    }

    fn probe_version() -> u64 {
        1000
    }
}

struct Host;

impl ImportResolver for Host {
    fn resolve(&self, module: &str, name: &str) -> Option<*const c_void> {
        let is = |m: &str, n: &str| module.eq_ignore_ascii_case(m) && name == n;
        let call: nt_fn!(fn(u64) -> u64) = probe_call;
        let version: nt_fn!(fn() -> u64) = probe_version;
        if is("NTOSKRNL.exe", "ProbeCall") {
            Some(call as *const c_void)
        } else if is("wdfldr.sys", "ProbeVersion") {
            Some(version as *const c_void)
        } else {
            None
        }
    }
}

fn probe() -> Arc<LoadedImage> {
    Arc::new(LoadedImage::load(PROBE, &Host).expect("the probe is loaded"))
}

fn symbols(image: &LoadedImage) -> Symbols {
    Symbols::for_image(PROBE_PDB.to_vec(), image.debug_identity()).expect("the probe's PDB")
}

fn run(image: &LoadedImage, action: u64, argument: u64) -> u64 {
    // SAFETY: the probe's entry point is a function of the Microsoft x64 convention with two
    // integer arguments and an integer result (fixtures/driver/probe.rs).
    let entry: nt_fn!(fn(u64, u64) -> u64) = unsafe { std::mem::transmute(image.entry_point()) };
    // SAFETY: the probe takes any action and argument.
    unsafe { entry(action, argument) }
}

fn watched(image: &Arc<LoadedImage>, action: u64, argument: u64) -> (u64, Vec<DriverFrame>) {
    WATCHED.set(Some((Arc::clone(image), Vec::new())));
    let answer = run(image, action, argument);
    let (_, frames) = WATCHED.take().expect("set above");
    (answer, frames)
}

/// The chain of calls as it is printed.
fn functions(site: &CallSite) -> Vec<String> {
    let text = site.to_string();
    text.lines()
        .skip(1)
        .map(|line| line.split_once(": ").expect("numbered").1.to_owned())
        .collect()
}

#[test]
fn the_image_runs_relocated_and_bound() {
    let image = probe();
    assert_eq!(run(&image, CALL_HOST, 5), 5 * 2 + 1 + 5 + 1 + 1000);
    assert!(image.contains(image.entry_point() as u64));
    assert!(!image.contains(image.base() + image.size()));
    let imports: Vec<_> = image
        .imports()
        .iter()
        .map(|i| (&*i.module, &*i.name))
        .collect();
    assert_eq!(
        imports,
        [
            ("ntoskrnl.exe", "ProbeCall"),
            ("WDFLDR.SYS", "ProbeVersion")
        ]
    );
    let section = image
        .section_at(image.entry_point() as u64)
        .expect("the entry is in a section");
    assert_eq!(
        (
            section.name.as_str(),
            section.is_executable,
            section.is_discardable
        ),
        ("INIT", true, true)
    );
}

#[test]
fn a_call_of_the_host_is_found_with_its_whole_chain() {
    let image = probe();
    let (_, frames) = watched(&image, CALL_HOST, 5);
    assert!(frames.iter().all(|frame| frame.is_return_address));
    let site = CallSite::describe(&frames, Some(&symbols(&image)));
    assert_eq!(
        functions(&site),
        [
            "probe::wrapper::call, /probe/driver/../netadapter-shim/wrapper.rs:15",
            "probe::call_host, /probe/driver/probe.rs:36",
            "probe::run, /probe/driver/probe.rs:59",
            "probe::DriverEntry, /probe/driver/probe.rs:65",
        ]
    );
    let own = site.in_driver_source().expect("the driver's own function");
    assert_eq!(
        (own.function.as_deref(), own.line),
        (Some("probe::call_host"), Some(36))
    );
    assert!(
        site.to_string()
            .starts_with("probe::call_host, /probe/driver/probe.rs:36\n")
    );
}

#[test]
fn without_symbols_a_call_site_is_a_list_of_addresses() {
    let image = probe();
    let (_, frames) = watched(&image, CALL_HOST, 5);
    let site = CallSite::describe(&frames, None);
    assert_eq!(site.to_string().lines().next(), Some("image + 0x107a"));
    assert_eq!(functions(&site).len(), 4);
}

#[test]
fn without_a_driver_on_the_stack_there_is_no_call_site() {
    let frames = driver_call_site(&probe());
    assert!(CallSite::describe(&frames, None).is_empty());
    assert_eq!(CallSite::default().to_string(), "no driver function");
}

/// Answers 20 and notes who asks.
struct Watching;

impl RegisterFile for Watching {
    fn read(&self, _offset: u64, _size: u8) -> u64 {
        watch();
        20
    }

    fn write(&self, _offset: u64, _size: u8, _value: u64) {}
}

#[test]
fn a_register_access_is_found_at_its_instruction() {
    let image = probe();
    let region = Region::map(4096, Arc::new(Watching)).expect("mapped");
    let (answer, frames) = watched(&image, READ_REGISTER, region.base().as_ptr() as u64);
    assert_eq!(answer, 20 + 1 + 1 + 1000);
    assert_eq!(
        frames[0],
        DriverFrame {
            rva: 0x1000,
            is_return_address: false
        }
    );
    let site = CallSite::describe(&frames, Some(&symbols(&image)));
    let own = site.in_driver_source().expect("the driver's own function");
    assert_eq!(
        (own.function.as_deref(), own.line),
        (Some("probe::read_register"), Some(47))
    );
    assert!(functions(&site).iter().any(|place| {
        place == "probe::wrapper::read, /probe/driver/../netadapter-shim/wrapper.rs:20 (inlined)"
    }));
    assert!(functions(&site).contains(&"probe::DriverEntry, /probe/driver/probe.rs:65".to_owned()));
}

struct Messenger {
    to: Mutex<Sender<Fault>>,
}

impl FaultSink for Messenger {
    fn fault(&self, fault: Fault) -> ! {
        self.to
            .lock()
            .expect("one fault")
            .send(fault)
            .expect("the test waits");
        loop {
            thread::park();
        }
    }
}

fn fault_of(image: &Arc<LoadedImage>, action: u64, argument: u64) -> Fault {
    let (sender, receiver) = channel();
    let sink = Arc::new(Messenger {
        to: Mutex::new(sender),
    });
    let registration = register_image(image.base(), image.size(), sink).expect("registered");
    let running = Arc::clone(image);
    thread::spawn(move || {
        let _prepared = prepare_thread().expect("stacks can be mapped");
        run(&running, action, argument);
        unreachable!("the probe faults");
    });
    let fault = receiver.recv().expect("the probe faults");
    drop(registration);
    fault
}

#[test]
fn a_fault_is_found_with_function_and_line() {
    let image = probe();
    let fault = fault_of(&image, STORE, 0x20);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: 0x20,
            access: Access::Write
        }
    );
    let frames = driver_frames(&image, &fault.registers);
    let site = CallSite::describe(&frames, Some(&symbols(&image)));
    let own = site.in_driver_source().expect("the driver's own function");
    assert_eq!(
        (own.function.as_deref(), own.line),
        (Some("probe::store"), Some(41))
    );
    let places = functions(&site);
    assert_eq!(
        places[places.len() - 2..],
        [
            "probe::run, /probe/driver/probe.rs:59",
            "probe::DriverEntry, /probe/driver/probe.rs:65"
        ]
    );
}

#[test]
fn a_jump_to_nowhere_is_found_at_its_caller() {
    let image = probe();
    let fault = fault_of(&image, JUMP, 0x40);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: 0x40,
            access: Access::Execute
        }
    );
    let frames = driver_frames(&image, &fault.registers);
    let site = CallSite::describe(&frames, Some(&symbols(&image)));
    assert_eq!(
        functions(&site)[0],
        "probe::jump, /probe/driver/probe.rs:53"
    );
    assert_eq!(functions(&site).len(), 3);
}

#[test]
fn code_that_was_discarded_faults() {
    let image = probe();
    run(&image, CALL_HOST, 1);
    image.discard_init().expect("pages can be protected");
    assert!(image.is_init_discarded());
    let entry = image.entry_point() as u64;
    let fault = fault_of(&image, CALL_HOST, 1);
    assert_eq!(
        fault.kind,
        FaultKind::AccessViolation {
            address: entry,
            access: Access::Execute
        }
    );
    let section = image.section_at(fault.registers.rip).expect("in a section");
    assert!(section.is_discardable);
}
