//! What the world and the shards say to each other. All of it is plain data that could cross a network.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::measure::Measure;
use crate::measures::{Measurement, Measures};
use crate::sample_block::SampleBlock;
use crate::scenario::{ScenarioCounts, ScenarioId};
use crate::service::ServiceFigures;
use crate::service_span::ServiceSpan;
use crate::statistics::ScenarioStatistics;
use crate::thread::ThreadId;
use crate::token::DueToken;
use crate::virtual_user::UserId;

/// What the world wants of a shard. Every order names the instant at which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// A scenario's start is known, because the one that it waits for has drained.
    Begin {
        /// Which scenario.
        scenario: ScenarioId,
        /// When it begins.
        at: Nanos,
    },
    /// Makes idle users for an open scenario.
    CreateUsers {
        /// For which scenario.
        scenario: ScenarioId,
        /// How many.
        count: u64,
    },
    /// A scenario's users are wanted from this instant on. Each shard has its part of them; of an open scenario their number
    /// alone counts.
    StartUsers {
        /// Of which scenario.
        scenario: ScenarioId,
        /// The first one's number.
        first: u64,
        /// The last one's number.
        last: u64,
        /// From when on.
        at: Nanos,
    },
    /// A scenario's users are not wanted any more: they leave after their current iteration. Of a closed one the last comes first;
    /// of an open one whoever is at rest, or is so first.
    RetireUsers {
        /// Of which scenario.
        scenario: ScenarioId,
        /// The first one's number.
        first: u64,
        /// The last one's number.
        last: u64,
        /// From when on.
        at: Nanos,
    },
    /// Lets a closed scenario's users on this shard begin so many more iterations.
    Grant {
        /// For which scenario.
        scenario: ScenarioId,
        /// How many more; [`u64::MAX`] for no bound.
        iterations: u64,
        /// Whether no more will be granted: a user that finds none left leaves.
        last: bool,
    },
    /// Calls back the iterations that were granted and not begun.
    Revoke {
        /// For which scenario.
        scenario: ScenarioId,
    },
    /// A closed scenario's users begin nothing more until a [`Order::Resume`].
    Pause {
        /// Of which scenario.
        scenario: ScenarioId,
        /// From when on.
        at: Nanos,
    },
    /// A closed scenario's users that were held back begin their next iteration: it is due now.
    Resume {
        /// Of which scenario.
        scenario: ScenarioId,
        /// From when on.
        at: Nanos,
    },
    /// A scenario's shape is played: users of a closed one begin nothing more; queued tokens are still served.
    Finish {
        /// Which scenario.
        scenario: ScenarioId,
        /// From when on.
        at: Nanos,
    },
    /// A scenario is stopped: nothing more begins, tokens not yet due are cancelled.
    Stop {
        /// Which scenario.
        scenario: ScenarioId,
        /// From when on.
        at: Nanos,
    },
    /// The run is to be saved as it is at this instant: from then on nothing begins and no other order is carried out, and
    /// what runs may end. For all scenarios.
    Hold {
        /// From when on.
        at: Nanos,
    },
    /// What still runs of a scenario is ended, so that a run that is held comes to rest. All else of it stays.
    CutHeld {
        /// Which scenario.
        scenario: ScenarioId,
        /// When.
        at: Nanos,
    },
    /// What still runs is ended; tokens that wait stay counted as waiting.
    Cut {
        /// Which scenario.
        scenario: ScenarioId,
        /// When.
        at: Nanos,
    },
}

/// Tokens and orders for one shard, handed over together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OrderBlock {
    /// In the order in which they are matched.
    pub tokens: Vec<DueToken>,
    /// In the order in which they were given.
    pub orders: Vec<Order>,
    /// Whether the shard's driver is to end.
    pub shut_down: bool,
}

impl OrderBlock {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.orders.is_empty() && !self.shut_down
    }
}

/// A user that came to be or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserChange {
    /// It was made.
    Created(UserId),
    /// It has left.
    Retired(UserId),
}

/// What a shard's driver tells the world: samples, and the counts that hold with them.
#[derive(Clone, Debug, Default)]
pub struct ReportBlock {
    /// From which thread.
    pub thread: ThreadId,
    /// What happened, in the order in which it ended.
    pub samples: SampleBlock,
    /// Values of measures of one's own, in the order in which they were recorded.
    pub measurements: Vec<Measurement>,
    /// Figures of samples that found no room before; raw records of these are lost to listeners.
    pub folded: Option<Box<FoldedSamples>>,
    /// By scenario: all counts since the run's start.
    pub counts: Vec<ScenarioCounts>,
    /// Users that came and went since the last report.
    pub users: Vec<UserChange>,
    /// What modelled services have come to, by number; empty in real time.
    pub services: Vec<ServiceFigures>,
    /// What these did for iterations whose traces are kept, in the order in which it ended.
    pub spans: Vec<ServiceSpan>,
    /// How the driver fares.
    pub figures: DriverFigures,
}

/// Figures kept of samples whose raw records found no room.
#[derive(Clone, Debug, Default)]
pub struct FoldedSamples {
    /// By scenario.
    pub scenarios: Vec<ScenarioStatistics>,
    /// How many samples.
    pub count: u64,
    /// Measures of one's own.
    pub measures: Measures,
}

/// How a driver fares; counts since the run's start.
#[derive(Clone, Debug, Default)]
pub struct DriverFigures {
    /// Operations under way.
    pub in_flight: u64,
    /// Blocks of orders that arrived after something in them was due.
    pub underruns: u64,
    /// The share of a core used over the last whole second; `None` before the first.
    pub busy_share: Option<f64>,
    /// How much later than asked the reactor woke, since the last report.
    pub loop_lag: Option<Box<Measure>>,
    /// Whether it is held to be saved, and nothing is under way any more.
    pub held: bool,
    /// Whether the driver has ended.
    pub ended: bool,
}
