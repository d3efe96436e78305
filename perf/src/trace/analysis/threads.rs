//! The threads that work for the driver.

use super::{Parts, ThreadRow};
use crate::trace::survey::ThreadInfo;

/// The process that the kernel's own threads belong to.
const SYSTEM_PROCESS: u32 = 4;

/// Rows at most, the longest run time first.
const ROWS_MAX: usize = 200;

/// The threads that started in the module in focus, and those that wrote events of the driver.
pub(super) fn rows(parts: &Parts<'_>) -> Vec<ThreadRow> {
    let mut rows = Vec::new();
    for (thread_id, times) in parts.measured.threads.all() {
        let Some(info) = parts.survey.threads.get(thread_id) else {
            continue;
        };
        let Some(reason) = reason(parts, info) else {
            continue;
        };
        let process = parts.survey.processes.get(&info.process_id);
        rows.push(ThreadRow {
            process: process.cloned().unwrap_or_default(),
            process_id: info.process_id,
            thread_id: *thread_id,
            name: info.name.clone(),
            reason,
            count: times.switch_ins,
            waits: times.waits,
            preemptions: times.preemptions,
            run_ns: times.run_ns,
            ready_ns: times.ready.total_ns,
            ready_p99_ns: times.ready.percentile_ns(99.0),
            ready_max_ns: times.ready.max_ns,
            ready_over_1_ms: times.ready.over,
        });
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.run_ns), row.thread_id));
    rows.truncate(ROWS_MAX);
    rows
}

/// Why a thread is the driver's; `None` if it is not.
fn reason(parts: &Parts<'_>, info: &ThreadInfo) -> Option<&'static str> {
    if starts_in_focus(parts, info) {
        return Some("started in the module");
    }
    info.writes_driver_events
        .then_some("wrote the driver's events")
}

fn starts_in_focus(parts: &Parts<'_>, info: &ThreadInfo) -> bool {
    let Some(focus) = parts.focus.filter(|_| info.process_id == SYSTEM_PROCESS) else {
        return false;
    };
    let images = &parts.survey.images;
    let found = images.find(info.start_address, parts.survey.span.1);
    found.is_some_and(|number| images.modules()[number].name.eq_ignore_ascii_case(focus))
}
