//! A step that computes for long, for 1,500 users at once: on a pool of threads, so that it holds nobody else up.
//! `cargo run -p throng-examples --bin proof_of_work -- run examples/proof-of-work.kdl`, and `simulate` as well.

use throng::components::clock::Nanos;
use throng::components::sample::ErrorType;
use throng::components::workload::{ArgumentSpec, NodeSpec, ValueKind};
use throng::systems::plugins::laws::Draws;
use throng::systems::plugins::steps::{Function, Input, MEASURED, Place};

struct ProofOfWork;

impl Function for ProofOfWork {
    const SPEC: NodeSpec = NodeSpec {
        name: "prove-work",
        summary: "Sets the variable `nonce` to a number whose hash ends with so many zero bits.",
        sample: "prove-work 14",
        arguments: &[ArgumentSpec::of(
            "bits",
            ValueKind::Template,
            "How many; one more takes twice as long.",
        )],
        properties: MEASURED,
        ..NodeSpec::EMPTY
    };
    const VARIABLES: &[&str] = &["nonce"];
    // On the thread of the users all of them, and every answer that comes, would wait for each call.
    const PLACE: Place = Place::Pool;

    fn call(input: &mut Input<'_>) -> Result<(), ErrorType> {
        let bits = u32::try_from(input.int(0)?).map_err(|_| ErrorType::EXPRESSION)?;
        let first = input.draws().next();
        let found =
            (first..=u64::MAX).chain(0..first).position(|nonce| mixed(nonce).trailing_zeros() >= bits);
        let tries = found.ok_or(ErrorType::FUNCTION_FAILED)?;
        input.record("tries", "", tries as f64 + 1.0);
        input.set("nonce", first.wrapping_add(tries as u64).cast_signed())
    }

    /// In virtual time each call has a thread of its own.
    fn modelled_time(_: &mut Draws) -> Nanos {
        Nanos(2_000_000)
    }
}

/// Each bit of the result depends on all of the number's.
fn mixed(number: u64) -> u64 {
    let first = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let second = (first ^ (first >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    second ^ (second >> 31)
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<ProofOfWork, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
