//! The PCI function as its host sees it: configuration space, BARs, messages, the device thread.

mod bars;

use crate::config::{ConfigError, VirtioNetConfig};
use crate::counters::Counters;
use crate::ledger::Ledger;
use crate::msix::{MessageSink, Msix};
use crate::pci::{Bar, ConfigSpace, touches_window};
use crate::queue::DriverFault;
use crate::receive::Next;
use crate::registers::{bar0, common, isr, pci};
use crate::state::{Event, State};
use crate::sync::lock;
use crate::wake::{Doorbells, Waker, Wakeup};
use crate::wire::Wire;
use bars::all_ones;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use vm_memory::GuestMemoryMmap;

/// A virtio-net function in its slot.
///
/// All methods may be called from any thread. A register write has taken full effect when it
/// returns: after a reset of the device or of a queue, no memory of it is touched any more.
pub struct VirtioNet {
    function: Arc<Function>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Function {
    config: VirtioNetConfig,
    /// Whether it is in its slot.
    present: AtomicBool,
    bars: [Bar; 2],
    queue_count: u16,
    ledger: Arc<Ledger>,
    config_space: Mutex<ConfigSpace>,
    memory_space: AtomicBool,
    bus_master: AtomicBool,
    isr: AtomicU8,
    msix: Msix,
    state: Mutex<State>,
    /// Register accesses that wait for `state`; the device thread lets them go first.
    waiting: AtomicUsize,
    doorbells: Doorbells,
    wakeup: Arc<Wakeup>,
    stopping: AtomicBool,
    made_at: Instant,
    messages: AtomicU64,
    doorbells_rung: AtomicU64,
    bad_accesses: AtomicU64,
}

impl VirtioNet {
    /// Plugs a function in: `memory` is what it can reach by DMA, `messages` takes its
    /// interrupts, `wire` is what its cable leads to. The device thread does not run yet.
    ///
    /// # Errors
    ///
    /// `config` describes no possible function.
    pub fn new(
        config: VirtioNetConfig,
        memory: GuestMemoryMmap,
        messages: Arc<dyn MessageSink>,
        wire: Box<dyn Wire>,
    ) -> Result<Arc<Self>, ConfigError> {
        config.validate()?;
        let config_space = ConfigSpace::new(&config);
        let mut state = State::new(&config, memory, wire);
        let wakeup = Arc::new(Wakeup::default());
        state.path.wire().connect(Waker::new(&wakeup));
        let function = Arc::new(Function {
            config: config.clone(),
            present: AtomicBool::new(true),
            bars: config_space.bars(),
            queue_count: config.queue_count(),
            ledger: state.path.ledger().clone(),
            config_space: Mutex::new(config_space),
            memory_space: AtomicBool::new(false),
            bus_master: AtomicBool::new(false),
            isr: AtomicU8::new(0),
            msix: Msix::new(config.msix_vectors, messages),
            state: Mutex::new(state),
            waiting: AtomicUsize::new(0),
            doorbells: Doorbells::new(config.queue_count()),
            wakeup,
            stopping: AtomicBool::new(false),
            made_at: Instant::now(),
            messages: AtomicU64::new(0),
            doorbells_rung: AtomicU64::new(0),
            bad_accesses: AtomicU64::new(0),
        });
        Ok(Arc::new(Self {
            function,
            thread: Mutex::new(None),
        }))
    }

    /// The memory BARs.
    pub fn bars(&self) -> Vec<Bar> {
        self.function.bars.to_vec()
    }

    /// Reads PCI configuration space. Bytes outside it read as all ones.
    pub fn config_read(&self, offset: usize, data: &mut [u8]) {
        let function = &self.function;
        if !function.present.load(Ordering::Acquire) {
            data.fill(0xff);
            return;
        }
        let mut space = lock(&function.config_space);
        let window = touches_window(offset, data.len()).then(|| space.window());
        if let Some(access) = window.flatten() {
            drop(space);
            let value = function.read(access.bar, access.offset, access.size);
            space = lock(&function.config_space);
            space.set_window_data(value as u32);
        }
        if space.read(offset, data).is_none() {
            data.fill(0xff);
            function.count_bad_access();
        }
    }

    /// Writes PCI configuration space. Read-only bits keep their value.
    pub fn config_write(&self, offset: usize, data: &[u8]) {
        let function = &self.function;
        if !function.present.load(Ordering::Acquire) {
            return;
        }
        let mut space = lock(&function.config_space);
        let Some(changed) = space.write(offset, data) else {
            function.count_bad_access();
            return;
        };
        let (command, control) = (space.command(), space.msix_control());
        let window = changed.pci_cfg_data.then(|| space.window()).flatten();
        let window_data = space.window_data();
        drop(space);
        if changed.command || changed.msix_control {
            function.follow_config_space(command, control);
        }
        if let Some(access) = window {
            function.write(access.bar, access.offset, access.size, window_data.into());
        }
    }

    /// Reads `size` bytes (1, 2, 4 or 8) of a BAR. A register that does not exist, an access that
    /// it does not allow, and a function whose memory space is off read as all ones.
    pub fn bar_read(&self, bar: u8, offset: u64, size: usize) -> u64 {
        if !self.function.present.load(Ordering::Acquire) {
            return all_ones(size);
        }
        if !self.function.memory_space.load(Ordering::Acquire) {
            self.function.count_bad_access();
            return all_ones(size);
        }
        self.function.read(bar, offset, size)
    }

    /// Writes `size` bytes (1, 2, 4 or 8) of a BAR. A write that reading would answer with all
    /// ones is ignored and counted.
    pub fn bar_write(&self, bar: u8, offset: u64, size: usize, value: u64) {
        if !self.function.present.load(Ordering::Acquire) {
            return;
        }
        if !self.function.memory_space.load(Ordering::Acquire) {
            self.function.count_bad_access();
            return;
        }
        self.function.write(bar, offset, size, value);
    }

    /// Plugs the cable in or out: `status` of the device configuration, with its interrupt.
    pub fn set_link(&self, up: bool) {
        let mut events = Vec::new();
        self.function.access().set_link(up, &mut events);
        self.function.raise(&events);
        self.function.wakeup.wake();
    }

    /// Pulls the function out of its slot while it runs: from now on it touches no memory and
    /// sends no message, reads of it answer with all ones, and writes to it go nowhere.
    pub fn unplug(&self) {
        self.function.present.store(false, Ordering::Release);
        self.function.reset();
    }

    /// Whether it is in its slot.
    pub fn is_plugged_in(&self) -> bool {
        self.function.present.load(Ordering::Acquire)
    }

    /// Plugs it in again, as it was when it was new.
    pub fn plug_in(&self) {
        self.function.reset();
        self.function.present.store(true, Ordering::Release);
    }

    /// The account of received frames.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.function.ledger.clone()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        let function = &self.function;
        Counters {
            messages: function.messages.load(Ordering::Relaxed),
            doorbells: function.doorbells_rung.load(Ordering::Relaxed),
            bad_accesses: function.bad_accesses.load(Ordering::Relaxed),
            ..function.access().path.counters.clone()
        }
    }

    /// Receive buffers that the driver has provided: the most that each queue in use held at once.
    pub fn receive_buffers(&self) -> u64 {
        self.function.access().path.receive_buffers()
    }

    /// Frames that left the wire and did not come out of the driver yet. Between two rounds of the
    /// device, so that 0 is final once the wire is paused.
    pub fn frames_under_way(&self) -> u64 {
        self.function.access().path.frames_under_way()
    }

    /// Why the device set DEVICE_NEEDS_RESET; `None` while it did not.
    pub fn fault(&self) -> Option<DriverFault> {
        self.function.access().fault.clone()
    }

    /// Starts the device thread, if it does not run.
    ///
    /// # Panics
    ///
    /// If the system has no thread to give.
    pub fn start(&self) {
        let mut thread = lock(&self.thread);
        if thread.is_some() {
            return;
        }
        self.function.stopping.store(false, Ordering::Release);
        let function = self.function.clone();
        let started = thread::Builder::new()
            .name("virtio-net".to_owned())
            .spawn(move || function.run());
        *thread = Some(started.expect("the system has no thread for the device"));
    }

    /// Stops the device thread, if it runs, and waits for it. Registers still work, and
    /// [`VirtioNet::step`] still does what the thread did.
    ///
    /// # Panics
    ///
    /// If the device thread panicked, with its panic.
    pub fn stop(&self) {
        if let Some(Err(panic)) = self.join() {
            std::panic::resume_unwind(panic);
        }
    }

    /// Does one round of the device thread's work on the calling thread. True if there is more to
    /// do at once.
    pub fn step(&self) -> bool {
        self.step_at(self.function.made_at.elapsed()) == Next::Now
    }

    /// As [`VirtioNet::step`], for a host that decides itself when its device runs and what time
    /// it is: `now`, since any fixed moment. When to call again.
    pub fn step_at(&self, now: Duration) -> Next {
        self.function.wakeup.take_request();
        self.function.step(now, &mut Vec::new())
    }

    /// Whether something happened since the last step that gives the device work.
    pub fn is_woken(&self) -> bool {
        self.function.wakeup.is_requested()
    }

    fn join(&self) -> Option<thread::Result<()>> {
        let thread = lock(&self.thread).take()?;
        self.function.stopping.store(true, Ordering::Release);
        self.function.wakeup.wake();
        Some(thread.join())
    }
}

impl Drop for VirtioNet {
    fn drop(&mut self) {
        // A panic of the thread has been printed; a second one from here would abort.
        let _ = self.join();
    }
}

impl Function {
    fn run(&self) {
        self.wakeup.adopt_current_thread();
        let mut events = Vec::new();
        while !self.stopping.load(Ordering::Acquire) {
            match self.step(self.made_at.elapsed(), &mut events) {
                Next::Now => {}
                Next::After(time) => self.wakeup.sleep(Some(time)),
                Next::WhenWoken => self.wakeup.sleep(None),
            }
        }
    }

    fn step(&self, now: Duration, events: &mut Vec<Event>) -> Next {
        // The lock is not fair, and a busy device would take it again and again.
        while self.waiting.load(Ordering::Acquire) != 0 {
            thread::yield_now();
        }
        events.clear();
        let next = {
            let mut state = lock(&self.state);
            self.doorbells.take(|queue| state.path.doorbell(queue));
            let bus_master = self.bus_master.load(Ordering::Acquire);
            state.round(now, bus_master, events)
        };
        self.raise(events);
        next
    }

    /// Forgets all that a driver has set up.
    fn reset(&self) {
        *lock(&self.config_space) = ConfigSpace::new(&self.config);
        self.follow_config_space(0, 0);
        self.write(bar0::INDEX, bar0::COMMON + common::DEVICE_STATUS, 1, 0);
    }

    /// The state, for a register access.
    fn access(&self) -> MutexGuard<'_, State> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let state = lock(&self.state);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        state
    }

    /// Interrupts the driver. Without MSI-X the reason stays in the ISR status only, for the
    /// function has no interrupt pin.
    fn raise(&self, events: &[Event]) {
        for event in events {
            let bit = match event {
                Event::Configuration(_) => isr::CONFIGURATION,
                Event::Queue(_) if self.msix.enabled() => 0,
                Event::Queue(_) => isr::QUEUE,
            };
            self.isr.fetch_or(bit, Ordering::AcqRel);
            if event.vector().is_some_and(|vector| self.msix.raise(vector)) {
                self.messages.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn follow_config_space(&self, command: u16, msix_control: u16) {
        let bus_master = command & pci::COMMAND_BUS_MASTER != 0;
        let memory_space = command & pci::COMMAND_MEMORY_SPACE != 0;
        self.memory_space.store(memory_space, Ordering::Release);
        self.bus_master.store(bus_master, Ordering::Release);
        // Whatever the device thread is doing under the old setting ends before this returns.
        drop(self.access());
        self.msix.configure(
            msix_control & pci::MSIX_CONTROL_ENABLE != 0,
            msix_control & pci::MSIX_CONTROL_FUNCTION_MASK != 0,
            bus_master,
        );
        self.wakeup.wake();
    }
}
