//! `throng serve-demo`: the built-in target alone, until Ctrl-C.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};

use crate::demo::{self, Demo, ROUTES};
use crate::exit_code::ExitCode;

/// Serves the demo target: pages whose delays and failures follow known laws
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServeDemo {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", env = "THRONG_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// Lets it listen where other machines can reach it
    #[arg(long)]
    pub(crate) public: bool,
    /// Seed of delays and failures
    #[arg(long, default_value_t = 42, env = "THRONG_SEED")]
    pub(crate) seed: u64,
    /// Threads that serve
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,
}

/// Why the demo does not serve.
#[derive(Debug)]
pub(crate) enum ServeDemoError {
    /// Other machines could reach it, and nobody asked for that.
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// Its own output or signals fail.
    Terminal(io::Error),
}

impl ServeDemoError {
    /// What the process returns.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotLoopback(_) => ExitCode::Usage,
            Self::Listen(..) | Self::Terminal(_) => ExitCode::Output,
        }
    }
}

impl fmt::Display for ServeDemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback(address) => {
                write!(f, "`{address}` can be reached from other machines; add `--public` if that is meant")
            }
            Self::Listen(address, error) => write!(f, "cannot listen on `{address}`: {error}"),
            Self::Terminal(error) => write!(f, "cannot write or wait for Ctrl-C: {error}"),
        }
    }
}

impl std::error::Error for ServeDemoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotLoopback(_) => None,
            Self::Listen(_, error) | Self::Terminal(error) => Some(error),
        }
    }
}

/// Serves until Ctrl-C or SIGTERM, then says how much it answered.
///
/// # Errors
/// See [`ServeDemoError`].
pub(crate) fn serve_demo(arguments: &ServeDemo, output: &mut dyn Write) -> Result<(), ServeDemoError> {
    let demo = open(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .and_then(|runtime| runtime.block_on(until_ended(&demo, output)))
        .map_err(ServeDemoError::Terminal)?;
    writeln!(output, "{} answers", demo.answered()).map_err(ServeDemoError::Terminal)
}

fn open(arguments: &ServeDemo) -> Result<Demo, ServeDemoError> {
    let listen = arguments.listen;
    if !listen.ip().is_loopback() && !arguments.public {
        return Err(ServeDemoError::NotLoopback(listen));
    }
    demo::start_on(listen, arguments.seed, arguments.threads)
        .map_err(|error| ServeDemoError::Listen(listen, error))
}

/// Tells where it is and what there is. The address stands alone on the first line, for scripts.
fn greet(demo: &Demo, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "{demo}")?;
    for (path, what) in ROUTES {
        writeln!(output, "  {path:<24} {what}")?;
    }
    writeln!(output, "Ctrl-C ends it")?;
    output.flush()
}

/// Listens for signals before it tells that it is there: a script may end it as soon as it has read the address.
async fn until_ended(demo: &Demo, output: &mut dyn Write) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    greet(demo, output)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(listen: &str, public: bool) -> ServeDemo {
        let listen = listen.parse().expect("an address");
        ServeDemo { listen, public, seed: 1, threads: 1 }
    }

    #[test]
    fn it_says_where_it_is() {
        let demo = open(&arguments("127.0.0.1:0", false)).expect("the loopback has a free port");
        let mut output = Vec::new();
        greet(&demo, &mut output).expect("memory can be written");
        let output = String::from_utf8_lossy(&output);
        assert_eq!(output.lines().next(), Some(format!("http://{}", demo.address()).as_str()));
        assert!(output.contains("/slow-body"), "{output}");
    }

    #[test]
    fn other_machines_are_kept_out_unless_asked_for() {
        let error = open(&arguments("0.0.0.0:0", false)).expect_err("not a loopback");
        assert_eq!(error.exit_code(), ExitCode::Usage);
        assert!(error.to_string().contains("--public"), "{error}");
    }

    #[test]
    fn a_taken_port_is_named() {
        let first = open(&arguments("127.0.0.1:0", false)).expect("the loopback has a free port");
        let error = open(&arguments(&first.address().to_string(), false)).expect_err("the port is taken");
        assert_eq!(error.exit_code(), ExitCode::Output);
        assert!(error.to_string().contains(&first.address().to_string()), "{error}");
    }
}
