//! From nodes to a workload: one file an idea, each with the table entries of its nodes.

mod behavior;
mod fewer_threads;
mod listener;
mod load_shape;
mod names;
mod one_name;
mod pace;
mod pointless;
mod rules;
mod scenario;
mod service;
mod settings;
mod start;
mod sweep;
mod target;
mod whole;

pub(crate) use self::behavior::BEHAVIOR;
pub(crate) use self::listener::LISTENER;
pub(crate) use self::load_shape::{ARRIVALS, OVERFLOW, OVERFLOW_DROP, OVERFLOW_QUEUE, POPULATION, USERS};
pub(super) use self::names::{MOST_OF_A_KIND, NameMistake};
pub(crate) use self::pace::PACE;
pub(crate) use self::rules::{REQUIRE, STOP_WHEN};
pub(crate) use self::scenario::{DRAIN, ITERATIONS, SCENARIO, SCENARIO_BEHAVIOR, WARM_UP};
pub(crate) use self::service::{CALLS, FAILS, OUTAGE, QUEUE, RANK, SERVERS, SERVICE, STALL, STEP, TIME};
pub(super) use self::settings::check_version;
pub(crate) use self::settings::{CLOCK, GENERATOR, LATE, SEED, THREADS, THRONG, TICK};
pub(crate) use self::start::START;
pub(crate) use self::sweep::{REPLICATIONS, SWEEP, VARY};
pub(crate) use self::target::{
    CLIENT_CERTIFICATE, CONNECTIONS, DNS, HEADER, PROXY, RESOLVE, RESUMPTION, ROOTS, SERVER_NAME, TARGET,
    TIMEOUT, TLS, VERIFY,
};
pub(super) use self::whole::{Around, Lowered, lower};
