//! `throng lsp`: the language server, over standard input and output.

use lsp_server::Connection;
use throng_systems::plugins::Registry;

use super::complain;
use crate::exit_code::ExitCode;
use crate::lsp::{ServerError, serve};

/// Serves one editor to its end.
pub(super) fn run(registry: &Registry) -> ExitCode {
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection, registry);
    // The writing thread ends with the connection.
    drop(connection);
    // What the threads fail over is that the editor has gone.
    let joined = threads.join();
    match served {
        Ok(()) => ExitCode::Passed,
        Err(error) => {
            complain(&match joined {
                Ok(()) => error.to_string(),
                Err(reason) => format!("{error}: {reason}"),
            });
            match error {
                ServerError::Gone => ExitCode::Interrupted,
                ServerError::Protocol(_) => ExitCode::BadWorkload,
            }
        }
    }
}
