//! `throng lsp`: the language server, over standard input and output.

use lsp_server::Connection;
use throng_systems::plugins::Registry;

use super::complain;
use crate::exit_code::ExitCode;
use crate::lsp::serve;

/// Serves one editor to its end.
pub(super) fn run(registry: &Registry) -> ExitCode {
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection, registry);
    // The writing thread ends with the connection.
    drop(connection);
    let failed = match served {
        Ok(()) => threads.join().err().map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    match failed {
        None => ExitCode::Passed,
        Some(reason) => {
            complain(&reason);
            ExitCode::Output
        }
    }
}
