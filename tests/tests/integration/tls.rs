//! TLS: what is trusted, what is shown, what is resumed, and what each bad target is called.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Value, json};
use throng_tests::support::{Authority, BadServer, Credentials, Manner, Nginx, Recorder};

use crate::books::{assert_adds_up, assert_lines_agree, assert_nobody_else_is_blamed, count};
use crate::scratch::{CALM, Scratch};

/// Iterations of each behaviour.
const EACH: u64 = 6;

/// A workload that grows, a target with its users at a time.
struct Growing(String);

impl Growing {
    fn new() -> Self {
        Self(format!("{CALM}listener file \"samples.jsonl\"\n"))
    }

    /// Two users who look at one page of a target.
    fn add(&mut self, name: &str, address: SocketAddr, settings: &str) {
        let _ = writeln!(
            self.0,
            "target {name} \"https://shop.test:{}\" {{ resolve \"127.0.0.1\"; {settings} }}\n\
             behavior {name} {{ http GET \"/\" name={name} target={name} }}\n\
             scenario {name} {{ behavior {name}; population {{ hold 2 for=\"10m\" }}; iterations {EACH} }}",
            address.port()
        );
    }

    /// A directory with the workload and some files.
    fn scratch(self, files: &[(&str, &str)]) -> Scratch {
        let scratch = Scratch::new(self.0);
        for (name, content) in files {
            std::fs::write(scratch.path(name), content).expect("it can be written");
        }
        scratch
    }
}

fn errors(summary: &Value, step: &str) -> Value {
    summary["steps"][step]["errors"].clone()
}

#[test]
fn each_bad_target_has_its_name() {
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = |credentials: Credentials, clients| {
        Recorder::start_tls(credentials.server(clients)).expect("a server")
    };
    let recorders = [
        ("expired", tls(authority.expired("shop.test"), None), "tls_certificate_expired"),
        ("self-signed", tls(Credentials::self_signed("shop.test"), None), "tls_unknown_issuer"),
        ("own-authority", tls(Credentials::own_authority("shop.test"), None), "tls_unknown_issuer"),
        ("stranger", tls(other.for_server("shop.test"), None), "tls_unknown_issuer"),
        ("elsewhere", tls(authority.for_server("other.test"), None), "tls_wrong_name"),
        ("wants-client", tls(authority.for_server("shop.test"), Some(&authority)), "tls_alert"),
        ("plain", Recorder::start().expect("a server"), "tls_not_spoken"),
    ];
    let manners = [
        ("plain-text", Manner::PlainText, "tls_not_spoken"),
        ("hang-up", Manner::CloseInHandshake, "tls_handshake_closed"),
        ("reset", Manner::ResetInHandshake, "tls_handshake_closed"),
        ("never", Manner::NeverShake, "timeout"),
        ("refuse", Manner::Refuse, "connection_refused"),
    ];
    let servers: Vec<_> =
        manners.iter().map(|(_, manner, _)| BadServer::start(*manner).expect("a server")).collect();
    let mut workload = Growing::new();
    for (name, server, _) in &recorders {
        workload.add(name, server.address(), "timeout \"10m\"; tls { roots \"ca.pem\" }");
    }
    for ((name, manner, _), server) in manners.iter().zip(&servers) {
        let timeout = if *manner == Manner::NeverShake { "200ms" } else { "10m" };
        workload.add(name, server.address(), &format!("timeout \"{timeout}\"; tls {{ roots \"ca.pem\" }}"));
    }
    let scratch = workload.scratch(&[("ca.pem", &authority.certificate())]);
    let summary = scratch.run(0);
    let recorded = recorders.iter().map(|(name, _, slug)| (*name, *slug));
    for (name, slug) in recorded.chain(manners.iter().map(|(name, _, slug)| (*name, *slug))) {
        assert_eq!(errors(&summary, name), json!({ slug: EACH }), "{name}");
    }
    let phase = |step: &str, name: &str| count(&summary, &format!("steps.{step}.phases_ns.{name}.count"));
    assert_eq!((phase("expired", "connect"), phase("expired", "tls")), (EACH, 0), "what fails has no length");
    assert!(summary["steps"]["refuse"].get("phases_ns").is_none(), "nothing came to a good end");
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_nobody_else_is_blamed(&summary);
    for ((name, manner, _), server) in manners.iter().zip(&servers) {
        let expected = if *manner == Manner::Refuse { 0 } else { EACH };
        assert_eq!(server.requests(), expected, "{name}");
    }
}

#[test]
fn a_good_target_gets_what_the_workload_says() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = authority.for_server("inner.test").server(Some(&clients));
    let server = Recorder::start_tls(server).expect("a server");
    let client = clients.for_client("ann");
    let mut workload = Growing::new();
    workload.add(
        "shop",
        server.address(),
        "tls { roots \"other.pem\" \"ca.pem\"; client-certificate \"ann.pem\" key=\"ann.key\"; server-name \"inner.test\" }",
    );
    let scratch = workload.scratch(&[
        ("ca.pem", &authority.certificate()),
        ("other.pem", &Authority::new().certificate()),
        ("ann.pem", &client.certificate),
        ("ann.key", &client.key),
    ]);
    let summary = scratch.run(0);
    assert_eq!(errors(&summary, "shop"), json!({}));
    assert_eq!(count(&summary, "scenarios.shop.iterations.succeeded"), EACH);
    assert_eq!(count(&summary, "scenarios.shop.connections.opened"), 2);
    assert_eq!(count(&summary, "scenarios.shop.connections.reused"), EACH - 2);
    assert_eq!(summary["scenarios"]["shop"]["connections"]["tls_unverified"], false);
    let phase = |name: &str| count(&summary, &format!("steps.shop.phases_ns.{name}.count"));
    assert_eq!(["dns", "connect", "tls", "first_byte", "body"].map(phase), [0, 2, 2, EACH, EACH]);
    let lines = scratch.lines("samples.jsonl");
    for line in &lines {
        let phases = ["connect_ns", "tls_ns", "first_byte_ns", "body_ns"];
        let sum: u64 = phases.iter().filter_map(|name| line[name].as_u64()).sum();
        assert!(sum <= count(line, "service_ns"), "phases are parts of the service time: {line}");
        assert_eq!((&line["dns_ns"], line["tls_ns"].is_u64()), (&Value::Null, line["connect_ns"].is_u64()));
        assert!(count(line, "first_byte_ns") > 0 && count(line, "body_ns") > 0);
    }
    assert_eq!(lines.iter().filter(|line| line["tls_ns"].is_u64()).count(), 2);
    let seen = server.seen();
    assert_eq!(seen.handshakes.len(), 2);
    for handshake in &seen.handshakes {
        assert!(handshake.client && !handshake.resumed, "{handshake:?}");
        assert_eq!(handshake.server_name.as_deref(), Some("inner.test"));
        assert_eq!(handshake.protocol.as_deref(), Some("http/1.1"));
    }
    let host = format!("shop.test:{}", server.address().port());
    assert!(seen.requests.iter().all(|request| request.header("host") == host), "{:?}", seen.requests);
    // More than the heads and bodies: handshakes count.
    assert!(count(&summary, "steps.shop.bytes_received") > 2 * 500, "{summary:#}");
}

/// How many handshakes of six were whole ones, with a connection for each request.
fn whole_handshakes(settings: &str) -> usize {
    let authority = Authority::new();
    let server = Recorder::start_tls(authority.for_server("shop.test").server(None)).expect("a server");
    let mut workload = Growing::new();
    workload.add("shop", server.address(), &format!("connections {settings} }}"));
    let scratch = workload.scratch(&[("ca.pem", &authority.certificate())]);
    let summary = scratch.run(0);
    assert_eq!(errors(&summary, "shop"), json!({}), "{settings}");
    let handshakes = server.seen().handshakes;
    assert_eq!(handshakes.len() as u64, EACH, "{settings}");
    handshakes.iter().filter(|handshake| !handshake.resumed).count()
}

#[test]
fn each_client_resumes_its_own_sessions() {
    assert_eq!(whole_handshakes("per-request; tls { roots \"ca.pem\""), 2, "one for each of two users");
    assert_eq!(
        whole_handshakes("shared limit=1 max-requests=1; tls { roots \"ca.pem\""),
        1,
        "a pool is one client"
    );
    assert_eq!(whole_handshakes("per-request; tls { roots \"ca.pem\"; resumption off"), 6);
}

#[test]
fn an_unverified_target_is_said_to_be_one() {
    let authority = Authority::new();
    let server = Recorder::start_tls(authority.expired("other.test").server(None)).expect("a server");
    let pinned = Credentials::own_authority("shop.test");
    let verified = Recorder::start_tls(pinned.server(None)).expect("a server");
    let mut workload = Growing::new();
    workload.add("blind", server.address(), "tls { verify off }");
    workload.add("seeing", verified.address(), "tls { roots \"own.pem\" }");
    let scratch = workload.scratch(&[("own.pem", &pinned.certificate)]);
    let ended = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    assert_eq!((errors(&summary, "blind"), errors(&summary, "seeing")), (json!({}), json!({})));
    let unverified = |name: &str| summary["scenarios"][name]["connections"]["tls_unverified"].clone();
    assert_eq!((unverified("blind"), unverified("seeing")), (json!(true), json!(false)));
    assert_eq!(ended.stdout.matches("certificates NOT verified").count(), 1, "{}", ended.stdout);
}

#[test]
fn a_pinned_certificate_still_has_to_bear_the_name() {
    let pinned = Credentials::own_authority("other.test");
    let server = Recorder::start_tls(pinned.server(None)).expect("a server");
    let mut workload = Growing::new();
    workload.add("shop", server.address(), "tls { roots \"own.pem\" }");
    let summary = workload.scratch(&[("own.pem", &pinned.certificate)]).run(0);
    assert_eq!(errors(&summary, "shop"), json!({ "tls_wrong_name": EACH }));
}

#[test]
fn nginx_with_tls_is_reached() {
    let authority = Authority::new();
    let Some(nginx) = Nginx::start_tls(&authority.for_server("127.0.0.1")).expect("nginx starts") else {
        return;
    };
    let scratch = Scratch::new(format!(
        "{CALM}target shop \"{}\" {{ connections per-user max-requests=10; tls {{ roots \"ca.pem\" }} }}\n\
         behavior visit {{ http GET \"/home\" name=home }}\n\
         scenario crew {{ behavior visit; population {{ hold 4 for=\"10m\" }}; iterations 400 }}\n\
         listener file \"samples.jsonl\"\n",
        nginx.url()
    ));
    std::fs::write(scratch.path("ca.pem"), authority.certificate()).expect("it can be written");
    let summary = scratch.run(0);
    let log = nginx.finish().expect("nginx ends");
    assert_eq!(log.iter().filter(|line| *line == "GET /home 200").count(), 400);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(count(&summary, "steps.home.failures"), 0);
    let opened = count(&summary, "scenarios.crew.connections.opened");
    assert!((40..=44).contains(&opened), "{opened} for 400 requests of four users, ten on each");
    assert_eq!(opened + count(&summary, "scenarios.crew.connections.reused"), 400);
}

#[test]
fn no_message_shows_a_key() {
    let client = Authority::new().for_client("ann");
    let mut workload = Growing::new();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    workload.add("shop", nobody, "tls { roots \"ann.key\"; client-certificate \"ann.key\" key=\"ann.pem\" }");
    let scratch = workload.scratch(&[("ann.pem", &client.certificate), ("ann.key", &client.key)]);
    let ended = scratch.throng(&["check", "w.kdl"]);
    assert_eq!(ended.code, Some(104), "{}", ended.stderr);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(said.matches("(T0141)").count(), 3, "{said}");
    let secret = client.key.lines().nth(1).expect("a key has a second line");
    assert!(!said.contains(secret) && !said.contains("BEGIN PRIVATE"), "{said}");
}

#[test]
fn the_built_in_server_speaks_tls() {
    let scratch = Scratch::new(format!(
        "{CALM}target shop demo {{ tls; connections per-user max-requests=2 }}\n\
         behavior visit {{ http GET \"/\" name=home; http GET \"/reset\" name=reset }}\n\
         scenario crew {{ behavior visit; population {{ hold 2 for=\"10m\" }}; iterations 8 }}\n",
    ));
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(errors(&summary, "home"), json!({}));
    assert_eq!(errors(&summary, "reset"), json!({ "connection_reset": 8 }), "faults show through TLS");
    assert_eq!(count(&summary, "steps.home.phases_ns.tls.count"), 8);
    assert_eq!(summary["scenarios"]["crew"]["connections"]["tls_unverified"], false);
}

#[test]
fn without_roots_the_machines_own_are_trusted() {
    let authority = Authority::new();
    let server = Recorder::start_tls(authority.for_server("shop.test").server(None)).expect("a server");
    let mut workload = Growing::new();
    workload.add("shop", server.address(), "");
    let scratch = workload.scratch(&[("machine.pem", &authority.certificate()), ("nobody.pem", "")]);
    let run = |roots: &str| {
        let environment = [("SSL_CERT_FILE", roots), ("SSL_CERT_DIR", "no-such-folder")];
        scratch.throng_with(&["run", "w.kdl", "--summary", "summary.json"], &environment)
    };
    let ended = run("machine.pem");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(errors(&scratch.summary(), "shop"), json!({}));
    let ended = run("nobody.pem");
    assert_eq!(ended.code, Some(104), "{}", ended.stdout);
    assert!(ended.stderr.contains("this machine trusts no certificate at all"), "{}", ended.stderr);
    assert_eq!(server.seen().handshakes.len(), 2, "the second run sent nothing");
}
