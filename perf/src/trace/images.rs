//! Which module an address of the kernel belongs to, at which time.

use etl::kernel::{Action, DebugId, Image};
use std::collections::HashMap;

/// Images that are kept track of; a machine has a few hundred drivers.
const IMAGES_MAX: usize = 1 << 16;

/// Images that may lie over each other at one address, over time.
const OVERLAPS_MAX: usize = 64;

/// Where the kernel's addresses begin, on 64-bit and 32-bit systems.
const KERNEL_BASE_64: u64 = 0x8000_0000_0000_0000;
const KERNEL_BASES_32: std::ops::Range<u64> = 0x8000_0000..0x1_0000_0000;

/// A driver, or the kernel itself, from its load to its unload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file's name, without its folder.
    pub name: String,
    /// Where it begins.
    pub base: u64,
    /// Bytes that it takes.
    pub size: u64,
    /// When it was loaded, in ticks; the smallest number if it was there already.
    pub from: i64,
    /// When it was unloaded, in ticks; the largest number if it was not.
    pub to: i64,
    /// Which PDB belongs to it.
    pub debug_id: Option<DebugId>,
}

impl Module {
    fn contains(&self, address: u64, at: i64) -> bool {
        let offset = address.wrapping_sub(self.base);
        offset < self.size && (self.from..self.to).contains(&at)
    }
}

/// The kernel's modules over the time of a trace.
#[derive(Clone, Debug, Default)]
pub struct Images {
    modules: Vec<Module>,
    /// The module at each base that has not been unloaded.
    open: HashMap<u64, usize>,
    /// When the last module at each base was unloaded.
    closed: HashMap<u64, i64>,
    debug_ids: HashMap<u64, DebugId>,
}

impl Images {
    /// Takes note of an image event. Images of programs are left out.
    pub fn add(&mut self, action: Action, image: &Image, at: i64) {
        let is_kernel = image.base >= KERNEL_BASE_64
            || image.process_id == 0 && KERNEL_BASES_32.contains(&image.base);
        if !is_kernel || image.size == 0 {
            return;
        }
        match action {
            Action::Start => {
                self.close(image.base, at);
                self.open(image, at);
            }
            Action::End => {
                if !self.open.contains_key(&image.base) {
                    self.open_as_old(image);
                }
                self.close(image.base, at);
            }
            // A rundown says what is there all the time, unless it came or went.
            Action::RundownStart | Action::RundownEnd => {
                if !self.open.contains_key(&image.base) {
                    self.open_as_old(image);
                }
            }
        }
    }

    /// Takes note of the PDB of the module at `id.base`.
    pub fn add_debug_id(&mut self, id: DebugId) {
        if self.debug_ids.len() < IMAGES_MAX {
            self.debug_ids.insert(id.base, id);
        }
    }

    fn open_as_old(&mut self, image: &Image) {
        let from = self.closed.get(&image.base).copied().unwrap_or(i64::MIN);
        self.open(image, from);
    }

    fn open(&mut self, image: &Image, from: i64) {
        if self.modules.len() == IMAGES_MAX {
            return;
        }
        self.open.insert(image.base, self.modules.len());
        self.modules.push(Module {
            name: image.module().to_owned(),
            base: image.base,
            size: image.size,
            from,
            to: i64::MAX,
            debug_id: None,
        });
    }

    fn close(&mut self, base: u64, at: i64) {
        if let Some(number) = self.open.remove(&base) {
            self.modules[number].to = at;
            self.closed.insert(base, at);
        }
    }

    /// Makes the modules ready to be looked up.
    pub fn finish(&mut self) {
        self.open.clear();
        for module in &mut self.modules {
            module.debug_id = self.debug_ids.get(&module.base).cloned();
        }
        self.modules
            .sort_by_key(|module| (module.base, module.from));
    }

    /// All modules.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The number of the module that an address belongs to.
    pub fn find(&self, address: u64, at: i64) -> Option<usize> {
        let end = self
            .modules
            .partition_point(|module| module.base <= address);
        let start = end.saturating_sub(OVERLAPS_MAX);
        let found = self.modules[start..end]
            .iter()
            .rposition(|module| module.contains(address, at))?;
        Some(start + found)
    }

    /// Whether a module of this name was ever there; case does not matter.
    pub fn has(&self, name: &str) -> bool {
        self.modules
            .iter()
            .any(|module| module.name.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0xFFFF_F800_0000_0000;

    fn image(number: u64, name: &str) -> Image {
        Image {
            base: BASE + number * 0x1_0000,
            size: 0x1_0000,
            file_name: format!("\\SystemRoot\\System32\\drivers\\{name}"),
            ..Image::default()
        }
    }

    fn name_at(images: &Images, address: u64, at: i64) -> Option<&str> {
        let number = images.find(address, at)?;
        Some(&images.modules()[number].name)
    }

    #[test]
    fn a_rundown_at_the_end_counts_for_the_whole_trace() {
        let mut images = Images::default();
        images.add(Action::RundownEnd, &image(1, "a.sys"), 1000);
        images.finish();
        assert_eq!(name_at(&images, BASE + 0x1_0010, 5), Some("a.sys"));
        assert_eq!(name_at(&images, BASE + 0x2_0000, 5), None);
        assert!(images.has("A.SYS"));
    }

    #[test]
    fn an_address_belongs_to_the_module_that_was_there_then() {
        let mut images = Images::default();
        images.add(Action::RundownStart, &image(1, "old.sys"), 0);
        images.add(Action::End, &image(1, "old.sys"), 100);
        images.add(Action::Start, &image(1, "new.sys"), 200);
        images.add(Action::RundownEnd, &image(1, "new.sys"), 900);
        images.finish();
        assert_eq!(images.modules().len(), 2);
        assert_eq!(name_at(&images, BASE + 0x1_0000, 50), Some("old.sys"));
        assert_eq!(name_at(&images, BASE + 0x1_0000, 150), None);
        assert_eq!(name_at(&images, BASE + 0x1_0000, 250), Some("new.sys"));
    }

    #[test]
    fn programs_are_left_out() {
        let mut images = Images::default();
        let program = Image {
            base: 0x7FF6_0000_0000,
            process_id: 77,
            ..image(0, "a.exe")
        };
        images.add(Action::RundownEnd, &program, 0);
        images.finish();
        assert_eq!(images.modules().len(), 0);
    }
}
