//! A real nginx on a free port, with an access log.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::certificates::Credentials;
use super::process::{FreePort, Process, find_tool, free_port, wait_until};

/// The configuration of a shop with all that nginx can answer.
const SHOP: &str = include_str!("nginx_shop.conf");

/// A page of it.
const PAGE: &str = "<!doctype html><title>x</title><h1> The shop </h1><form method=post action=/echo>\
    <input type=hidden name=\"size\" value=\"small\"></form>\n";

/// nginx at work in a directory of its own.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    address: SocketAddr,
    log: PathBuf,
    scheme: &'static str,
    /// Held while it lives, where it was told them by their numbers: the plain one, and that of TLS.
    ports: Vec<FreePort>,
    /// Removed at the end.
    _directory: TempDir,
}

impl Nginx {
    /// Starts nginx, which answers every request with a short text; `None` when it is not installed.
    ///
    /// It gets a socket that listens already (its own way to be replaced without a gap): the port is free for sure, and a
    /// request may be sent at once.
    ///
    /// # Errors
    /// When there is no port or no process to be had.
    pub fn start() -> io::Result<Option<Self>> {
        Self::start_with(None)
    }

    /// As [`Nginx::start`], with TLS.
    ///
    /// # Errors
    /// As [`Nginx::start`].
    pub fn start_tls(credentials: &Credentials) -> io::Result<Option<Self>> {
        Self::start_with(Some(credentials))
    }

    fn start_with(credentials: Option<&Credentials>) -> io::Result<Option<Self>> {
        let Some(program) = find_tool("nginx") else { return Ok(None) };
        let directory = tempfile::tempdir()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let log = directory.path().join("access.log");
        let (tls, scheme) = match credentials {
            None => ("", "http"),
            Some(credentials) => {
                std::fs::write(directory.path().join("cert.pem"), &credentials.certificate)?;
                std::fs::write(directory.path().join("key.pem"), &credentials.key)?;
                (" ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem", "https")
            }
        };
        let configuration = directory.path().join("nginx.conf");
        std::fs::write(
            &configuration,
            format!(
                "daemon off;\nuser root;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr warn;\n\
                 events {{ worker_connections 4096; }}\n\
                 http {{\n\
                   log_format plain '$request_method $uri $status';\n\
                   access_log {} plain;\n\
                   keepalive_requests 1000000;\n\
                   client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
                   uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
                   server {{ listen {address}{tls}; location / {{ return 200 \"here you are\\n\"; }} }}\n\
                 }}\n",
                log.display()
            ),
        )?;
        let mut command = Process::command(program);
        command.arg("-p").arg(directory.path()).arg("-c").arg(configuration).args(["-e", "stderr"]);
        command.env("NGINX", "0;").stdin(OwnedFd::from(listener));
        let process = Process::start(command, directory.path(), "nginx")?;
        Ok(Some(Self { process, address, log, scheme, ports: Vec::new(), _directory: directory }))
    }

    /// Starts the shop of `workloads/nginx.kdl`, over TCP and TLS; `None` when nginx is not installed. It closes kept
    /// connections early.
    ///
    /// # Errors
    /// As [`Nginx::start`], and when it does not come up in time.
    pub fn start_shop(credentials: &Credentials) -> io::Result<Option<Self>> {
        let Some(program) = find_tool("nginx") else { return Ok(None) };
        let directory = tempfile::tempdir()?;
        let path = directory.path();
        let ports = vec![free_port()?, free_port()?];
        let [plain, secure] = [ports[0].address, ports[1].address];
        std::fs::write(path.join("cert.pem"), &credentials.certificate)?;
        std::fs::write(path.join("key.pem"), &credentials.key)?;
        std::fs::create_dir(path.join("static"))?;
        std::fs::write(path.join("static/page.html"), PAGE)?;
        std::fs::write(path.join("static/included.html"), "<!--# include virtual=\"/part.html\" -->\n")?;
        std::fs::write(path.join("static/part.html"), "a part")?;
        let configuration = SHOP
            .replace("DIRECTORY", &path.display().to_string())
            .replace("PLAIN", &plain.to_string())
            .replace("SECURE", &secure.to_string());
        std::fs::write(path.join("nginx.conf"), configuration)?;
        let mut command = Process::command(program);
        command.arg("-p").arg(path).arg("-c").arg(path.join("nginx.conf")).args(["-e", "stderr"]);
        let mut process = Process::start(command, path, "nginx")?;
        let is_up = || TcpStream::connect(plain).is_ok() && TcpStream::connect(secure).is_ok();
        if !wait_until(|| is_up() || process.has_ended()) || process.has_ended() {
            let said = std::fs::read_to_string(path.join("nginx.stderr"))?;
            return Err(io::Error::other(format!("nginx does not come up: {said}")));
        }
        let log = path.join("access.log");
        Ok(Some(Self { process, address: plain, log, scheme: "http", ports, _directory: directory }))
    }

    /// Where the shop listens: without TLS, and with it.
    pub fn shop_addresses(&self) -> [SocketAddr; 2] {
        [0, 1].map(|place| self.ports.get(place).map_or(self.address, |port| port.address))
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Lets it finish what it has begun and gives the lines of its access log: method, path and status of each request.
    ///
    /// # Errors
    /// When it does not end in time or its log cannot be read.
    pub fn finish(mut self) -> io::Result<Vec<String>> {
        self.process.signal(Signal::SIGQUIT);
        if !wait_until(|| self.process.has_ended()) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nginx runs on"));
        }
        Ok(std::fs::read_to_string(&self.log)?.lines().map(str::to_owned).collect())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker would outlive a master that is killed.
        self.process.signal(Signal::SIGTERM);
        wait_until(|| self.process.has_ended());
    }
}
