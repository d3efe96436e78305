//! What is claimed of a machine on which nothing strikes any more.

use super::world::{Verdict, World};
use netadapter_host::upper_edge::Snapshot;

/// What stands where something should go on.
pub(super) fn standstill(world: &World) -> String {
    let nic = world.machine.nic();
    let totals = nic.ledger().totals();
    let mut text = format!(
        "the device does not go on: {} frames under way, {totals:?}",
        nic.frames_under_way()
    );
    if let Some(fault) = nic.fault() {
        text += &format!(", the device needs a reset: {fault}");
    }
    if let Some(edge) = world.machine.upper_edge() {
        text += &format!(", {:?}", edge.snapshot().sends);
    }
    text
}

/// The claims about what was received and sent, and about receive side scaling.
pub(super) fn adapter(world: &World) -> Result<(), Verdict> {
    let machine = &world.machine;
    let ledger = machine.nic().ledger();
    ledger.close();
    let totals = ledger.totals();
    if !totals.is_clean() {
        return claim(format!(
            "not all received frames came out as they should: {totals:?}"
        ));
    }
    let Some(edge) = machine.upper_edge() else {
        return claim("the adapter is gone".into());
    };
    let edge = edge.snapshot();
    let transmitted = world.cable.transmitted().0;
    if totals.gone == 0 && !was_removed(world) && edge.sends.submitted != transmitted {
        return claim(format!(
            "{} frames were sent, {transmitted} are on the wire",
            edge.sends.submitted
        ));
    }
    indirection(world, &edge)
}

fn was_removed(world: &World) -> bool {
    let timeline = world.machine.system().timeline().snapshot();
    timeline
        .iter()
        .any(|milestone| milestone.name == "surprise_removal")
}

/// Every entry of the indirection table leads to a processor that there is.
fn indirection(world: &World, edge: &Snapshot) -> Result<(), Verdict> {
    let active = world.machine.system().topology().active_count();
    let dead = |target: &Option<u32>| target.is_none_or(|index| index >= active);
    match edge.indirection.iter().position(dead) {
        Some(entry) => claim(format!(
            "entry {entry} of the indirection table leads to {:?}, there are {active} processors",
            edge.indirection[entry]
        )),
        None => Ok(()),
    }
}

fn claim(text: String) -> Result<(), Verdict> {
    Err(Verdict::Claim(text))
}
