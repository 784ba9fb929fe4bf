//! Real time: a thread with a tokio reactor around one shard.

mod core;
mod pacer;
mod reports;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use throng_components::clock::{Nanos, TimeSource};
use throng_components::exchange::{OrderBlock, ReportBlock};
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_components::trace::TraceContext;
use tokio::sync::Notify;

use self::core::Core;
use self::pacer::Pacer;
use self::reports::Reports;
use crate::links;
use crate::plugins::protocols::{Completion, Completions, Reactor, Transport};
use crate::plugins::{Registry, Table};
use crate::shard::Shard;

/// What a thread is made of.
pub struct ThreadSettings {
    /// Its number.
    pub id: ThreadId,
    /// Its users.
    pub shard: Shard,
    /// The targets, by number; a demo target's address is known by now.
    pub targets: Vec<Target>,
    /// The protocols that reach them.
    pub protocols: Table<crate::plugins::protocols::Entry>,
    /// The run's clock.
    pub clock: Arc<dyn TimeSource>,
    /// Where orders come from.
    pub orders: Receiver<OrderBlock>,
    /// Where reports go.
    pub reports: Sender<ReportBlock>,
    /// What the world rings when it has sent orders.
    pub bell: Arc<Bell>,
    /// How trace ids come about; `None` when requests carry none.
    pub trace: Option<TraceContext>,
    /// How many threads there are.
    pub threads: u16,
    /// Names of scenarios and steps, counted: what folded samples are kept by.
    pub step_count: usize,
    /// A step's start later than this counts as late.
    pub late_over: Nanos,
}

/// Wakes a thread's reactor from outside.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl links::Waker for Bell {
    fn wake(&self) {
        self.0.notify_one();
    }
}

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

    fn count_connection(&self, scenario: throng_components::scenario::ScenarioId, reused: bool) {
        self.0.borrow_mut().count_connection(scenario, reused);
    }
}

/// The transports of all targets, in the order of their numbers.
fn transports(
    targets: &[Target],
    protocols: &Table<crate::plugins::protocols::Entry>,
    reactor: &Reactor,
) -> Vec<Box<dyn Transport>> {
    let open = |target: &Target| {
        let protocol = protocols.entries().iter().find(|entry| (entry.serves)(target));
        protocol.map(|entry| (entry.transport)(target, reactor.clone()))
    };
    targets.iter().filter_map(open).collect()
}

/// Whether every target has a protocol that reaches it.
pub fn all_served(targets: &[Target], registry: &Registry) -> bool {
    targets.iter().all(|target| registry.protocols.entries().iter().any(|entry| (entry.serves)(target)))
}

/// Runs a shard until the world shuts it down. Called on a thread of its own.
///
/// # Errors
/// When the operating system gives no reactor or timer.
pub fn run(settings: ThreadSettings) -> std::io::Result<()> {
    // The kernel may otherwise round a timer up by 50 us to spare wake-ups.
    let _ = nix::sys::prctl::set_timerslack(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(256).build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, drive(settings))
}

/// Waits until the run starts: orders are in by then, and nothing begins before its time.
async fn await_start(clock: &dyn TimeSource) {
    while let Some(left) = clock.until_start() {
        if left > Nanos::from_millis(2) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

async fn drive(settings: ThreadSettings) -> std::io::Result<()> {
    let clock = Arc::clone(&settings.clock);
    let bell = Arc::clone(&settings.bell);
    let reports = Reports::new(&settings);
    let core = Core::new(settings.shard, reports, Arc::clone(&clock), settings.orders);
    let core = Rc::new(RefCell::new(core));
    let reactor = Reactor {
        clock: Arc::clone(&clock),
        completions: Rc::new(Port(Rc::clone(&core), Arc::clone(&bell))),
        trace: settings.trace,
        threads: settings.threads,
    };
    let transports = transports(&settings.targets, &settings.protocols, &reactor);
    core.borrow_mut().connect(transports);
    let mut pacer = Pacer::new(Arc::clone(&clock))?;
    await_start(&*clock).await;
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
            () = bell.0.notified() => {}
            () = pacer.wait_until(next) => {}
        }
    }
    while !core.borrow_mut().farewell() {
        // The world takes reports until every thread has said farewell.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    Ok(())
}
