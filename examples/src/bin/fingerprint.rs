//! A step that is a Rust function: it computes something, sets a variable for the steps to come, and fails now and then.
//! `cargo run -p throng-examples --bin fingerprint -- run examples/fingerprint.kdl`, and `simulate` gives the same figures.

use throng::components::clock::Nanos;
use throng::components::sample::ErrorType;
use throng::components::workload::{ArgumentSpec, NodeSpec, ValueKind};
use throng::systems::plugins::laws::Draws;
use throng::systems::plugins::steps::{Function, Input, MEASURED};

struct Fingerprint;

impl Function for Fingerprint {
    const SPEC: NodeSpec = NodeSpec {
        name: "fingerprint",
        summary: "Sets the variable `fingerprint` to the FNV-1a hash of a text; one in ten smudges.",
        sample: "fingerprint \"user ${user.id}\" on-failure=stop",
        arguments: &[ArgumentSpec::of("text", ValueKind::Template, "The text.")],
        properties: MEASURED,
        ..NodeSpec::EMPTY
    };
    const VARIABLES: &[&str] = &["fingerprint"];

    fn call(input: &mut Input<'_>) -> Result<(), ErrorType> {
        let text = input.text(0)?;
        let add = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, add);
        input.record("text", "bytes", input.text(0)?.len() as f64);
        // Draws are the same for the same seed, iteration and step, on whatever thread and clock.
        if input.draws().next().is_multiple_of(10) {
            return Err(ErrorType::FUNCTION_FAILED);
        }
        input.set("fingerprint", format!("{hash:016x}"))
    }

    fn modelled_time(_: &mut Draws) -> Nanos {
        Nanos(2_000)
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<Fingerprint, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
