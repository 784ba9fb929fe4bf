//! Real time: a thread with a tokio reactor around one shard.

mod bell;
mod busy;
mod core;
mod pacer;
mod reports;
mod run;
mod settings;

pub use bell::Bell;
pub use busy::thread_cpu;
pub use run::run;
pub use settings::ThreadSettings;
