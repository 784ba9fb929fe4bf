//! A thread's life: it waits for the start, turns its shard when something is due or comes in, and says farewell.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use throng_components::clock::{Nanos, TimeSource};
use throng_components::scenario::ScenarioId;
use throng_components::target::Target;

use super::core::Core;
use super::pacer::Pacer;
use super::reports::Reports;
use super::{Bell, ThreadSettings};
use crate::links;
use crate::plugins::Table;
use crate::plugins::protocols::{Completion, Completions, Entry, Reactor, Transport, functions};
use crate::shard::ShardShare;

/// Shares the core between the main task and the connections' tasks, all on one thread.
struct Port(Rc<RefCell<Core>>, Arc<Bell>);

impl Completions for Port {
    fn complete(&self, completion: Completion) {
        let mut core = self.0.borrow_mut();
        let now = completion.ended;
        core.queue(completion);
        core.turn(now);
        if core.wants_attention() {
            links::Waker::wake(&*self.1);
        }
    }

    fn count_connection(&self, scenario: ScenarioId, reused: bool) {
        self.0.borrow_mut().count_connection(scenario, reused);
    }

    fn count_resent(&self, scenario: ScenarioId) {
        self.0.borrow_mut().count_resent(scenario);
    }
}

/// Threads beside a thread of users, for functions that compute for long and for names that are looked up.
const POOL: usize = 8;

/// The transports of all targets, in the order of their numbers, and behind them the one that carries out functions.
fn transports(targets: &[Target], protocols: &Table<Entry>, reactor: &Reactor) -> Vec<Box<dyn Transport>> {
    let open = |target: &Target| {
        let protocol = protocols.entries().iter().find(|entry| (entry.serves)(target));
        protocol.map(|entry| (entry.transport)(target, reactor.clone()))
    };
    targets.iter().filter_map(open).chain([functions(reactor.clone())]).collect()
}

/// Runs a shard until the world shuts it down. Called on a thread of its own. Gives the shard's state where it was held to be
/// saved.
///
/// # Errors
/// When the operating system gives no reactor or timer.
pub fn run(settings: ThreadSettings) -> std::io::Result<Option<Vec<u8>>> {
    // The kernel may otherwise round a timer up by 50 us to spare wake-ups.
    let _ = nix::sys::prctl::set_timerslack(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(256)
        .max_blocking_threads(POOL)
        .build()?;
    let local = tokio::task::LocalSet::new();
    let ended = local.block_on(&runtime, drive(settings));
    drop(local);
    // A function that does not end would hold the run's end for ever.
    runtime.shutdown_background();
    ended
}

/// Waits until the run starts, and takes the first orders while there is time: nothing begins before its time, and what
/// was there before the start is not late because it was looked at after it.
async fn await_start(core: &RefCell<Core>, clock: &dyn TimeSource) {
    while let Some(left) = clock.until_start() {
        core.borrow_mut().take_orders();
        if left > Nanos::from_millis(2) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

async fn drive(settings: ThreadSettings) -> std::io::Result<Option<Vec<u8>>> {
    let clock = Arc::clone(&settings.clock);
    let bell = Arc::clone(&settings.bell);
    let reports = Reports::new(&settings);
    let core = Core::new(settings.shard, reports, Arc::clone(&clock), settings.orders);
    let core = Rc::new(RefCell::new(core));
    let reactor = Reactor {
        clock: Arc::clone(&clock),
        completions: Rc::new(Port(Rc::clone(&core), Arc::clone(&bell))),
        trace: settings.trace,
        share: ShardShare { place: settings.id.0, of: settings.threads },
        tls: settings.tls,
    };
    let transports = transports(&settings.targets, &settings.protocols, &reactor);
    core.borrow_mut().connect(transports);
    let mut pacer = Pacer::new(Arc::clone(&clock))?;
    await_start(&core, &*clock).await;
    loop {
        let next = {
            let mut core = core.borrow_mut();
            core.take_orders();
            core.turn(clock.now());
            if core.is_done() {
                break;
            }
            core.note_lag(&mut pacer);
            core.next_wake()
        };
        // Connections get their turn before the next wait, so that what was just begun is written at once.
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            () = bell.rung() => {}
            () = pacer.wait_until(next) => {}
        }
    }
    while !core.borrow_mut().farewell() {
        // The world takes reports until every thread has said farewell.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let transports = core.borrow_mut().disconnect();
    drop(transports);
    core.borrow_mut().saved()
}
