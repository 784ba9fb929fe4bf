//! A protocol of one's own with its step: a line of text over TCP, which the server is to send back as it is.
//! `cargo run -p throng-examples --bin echo -- run examples/echo.kdl`, beside any echo server on port 7007.

use throng::components::sample::ErrorType;
use throng::components::workload::{ArgumentSpec, NodeSpec, ValueKind};
use throng::systems::behavior::{EvaluationError, Value};
use throng::systems::plugins::protocols::{Answer, Exchange, Failure};
use throng::systems::plugins::steps::{SENDING, Sending};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

struct Echo;

impl Exchange for Echo {
    const SCHEME: &str = "echo";
    const TARGET: &str = "target parrot \"echo://127.0.0.1:7007\"";
    const STEP: NodeSpec = NodeSpec {
        name: "echo",
        summary: "Sends a line over TCP and waits for it to come back.",
        sample: "echo \"hello ${user.id}\" name=hello",
        arguments: &[ArgumentSpec::of("line", ValueKind::Template, "The line, without its end.")],
        properties: SENDING,
        ..NodeSpec::EMPTY
    };
    type Request = String;
    type Connection = BufStream<TcpStream>;

    fn request(arguments: &[Value]) -> Result<String, EvaluationError> {
        Ok(format!("{}\n", arguments[0]))
    }

    async fn open(address: &str) -> Result<Self::Connection, Failure> {
        Ok(BufStream::new(TcpStream::connect(address).await?))
    }

    async fn exchange(connection: &mut Self::Connection, line: &String) -> Result<Answer, Failure> {
        connection.write_all(line.as_bytes()).await?;
        connection.flush().await?;
        let mut answer = String::new();
        match connection.read_line(&mut answer).await? {
            0 => Err(ErrorType::CONNECTION_CLOSED.into()),
            _ if answer != *line => Err(ErrorType::PROTOCOL.into()),
            bytes => Ok(Answer { bytes_sent: line.len(), bytes_received: bytes, ..Answer::default() }),
        }
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<Echo, _>().register::<Sending<Echo>, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
