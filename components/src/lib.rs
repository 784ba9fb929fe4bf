//! The data of throng: entities' components, resources, and what travels between the world and its shards.
//!
//! No I/O, no parser, no system stands here. Which entity carries what:
//!
//! | entity | components | written by | read by |
//! |---|---|---|---|
//! | scenario | [`Scenario`](scenario::Scenario), [`Population`](scenario::Population) or an arrival plug-in's own | loader | allocator, scheduler, shards |
//! | | [`Steering`](steering::Steering) | live control | scheduler, allocator, summary |
//! | | [`ScenarioProgress`](scenario::ScenarioProgress) | scheduler, executor, run state | rules, exporter |
//! | | [`ShardCounts`](scenario::ShardCounts) | collector | run state, rules, exporter |
//! | | [`ScenarioStatistics`](statistics::ScenarioStatistics) | observer | rules, summary |
//! | | [`ArrivalGaps`](arrival_gaps::ArrivalGaps) | gap observer | summary, verdict |
//! | virtual user | [`VirtualUser`](virtual_user::VirtualUser) | collector | custom systems |
//! | token | [`Token`](token::Token) | scheduler, policies | executor |
//! | thread | [`Thread`](thread::Thread), [`ThreadFigures`](thread::ThreadFigures) | allocator, collector | exporter, summary |
//! | listener | [`Listener`](listener::Listener), [`ListenerFigures`](listener::ListenerFigures) | loader, exporter | summary |
//! | service (virtual time) | `Service`, in the simulated driver; `ServiceFigures` | loader, custom systems | the driver, after each tick |
//! | exit condition | [`ExitCondition`](exit_condition::ExitCondition), [`RuleResult`](exit_condition::RuleResult), a plug-in's own | loader, rules | run state, summary |
//!
//! Resources: [`RunClock`](clock::RunClock), [`RunSeed`](seed::RunSeed), [`RunState`](run::RunState),
//! [`RunStop`](run::RunStop), [`StepNames`](scenario::StepNames), [`Measures`](measures::Measures), [`Stalls`](stalls::Stalls).

pub mod arrival_gaps;
pub mod attempt_phases;
pub mod clock;
pub mod control;
pub mod curve;
pub mod distribution;
pub mod exchange;
pub mod exit_condition;
pub mod histogram;
pub mod listener;
pub mod measure;
pub mod measures;
pub mod phase;
pub mod run;
pub mod sample;
pub mod sample_block;
pub mod scenario;
pub mod second_ranges;
pub mod secret;
pub mod seed;
pub mod service;
pub mod service_span;
pub mod speed;
pub mod stalls;
pub mod state;
pub mod statistics;
pub mod steering;
pub mod target;
pub mod thread;
pub mod time_series;
pub mod token;
pub mod trace;
pub mod virtual_user;
pub mod workload;
