//! The device on its own thread.

use crate::{CONTROL, PAIRS, SIZE, consume, generator, machine, rss_command};

#[test]
fn the_device_thread_does_the_same_by_itself() {
    let frames = generator(64);
    let (mut guest, handle) = machine(frames);
    guest.command(CONTROL, &rss_command(&[0, 1, 2, 3]));
    handle.set_limit(Some(20_000));
    for queue in 0..PAIRS {
        guest.post(2 * queue, 0..SIZE);
    }
    guest.nic.start();
    guest.nic.start();
    let mut received = 0;
    while received < 20_000 {
        let batch = consume(&mut guest).len();
        received += batch;
        if batch == 0 {
            std::thread::yield_now();
        }
    }
    guest.nic.stop();
    guest.nic.stop();
    let totals = guest.nic.ledger().totals();
    assert!(totals.is_clean(), "{totals:?}");
    assert_eq!(totals.delivered, 20_000);
}
