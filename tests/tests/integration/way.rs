//! The way to a target: names, fixed addresses, proxies.

use serde_json::{Value, json};
use throng_tests::support::{Authority, Proxy, ProxyManner, Recorder};

use crate::books::{assert_adds_up, count};
use crate::scratch::{CALM, Scratch};

/// Three users, twelve requests in all, to one target on one thread.
fn workload(url: &str, settings: &str) -> Scratch {
    Scratch::new(format!(
        "{}target shop \"{url}\" {{ timeout \"10m\"; {settings} }}\n\
         behavior visit {{ http GET \"/a?b=c\" name=home }}\n\
         scenario crew {{ behavior visit; population {{ hold 3 for=\"10m\" }}; iterations 12 }}\n\
         listener file \"samples.jsonl\"\n",
        CALM.replace("threads 2", "threads 1")
    ))
}

fn errors(summary: &Value) -> Value {
    summary["steps"]["home"]["errors"].clone()
}

#[test]
fn connections_take_all_addresses_in_turn() {
    let server = Recorder::start().expect("a server");
    let url = format!("http://shop.test:{}", server.address().port());
    // Nobody listens at the second one: one half of all connections fails, and none is tried elsewhere.
    let summary = workload(&url, "resolve \"127.0.0.1\" \"127.0.0.9\"; connections per-request").run(0);
    assert_adds_up(&summary);
    assert_eq!(errors(&summary), json!({ "connection_refused": 6 }));
    assert_eq!(server.seen().connections, 6);
}

#[test]
fn a_name_is_looked_up_as_often_as_its_age_says() {
    let server = Recorder::start().expect("a server");
    let url = format!("http://localhost:{}", server.address().port());
    let lookups = |settings: &str| {
        let summary = workload(&url, &format!("{settings}; connections per-request")).run(0);
        assert_eq!(errors(&summary), json!({}), "{settings}");
        assert_eq!(count(&summary, "steps.home.phases_ns.connect.count"), 12, "{settings}");
        count(&summary, "steps.home.phases_ns.dns.count")
    };
    assert_eq!(lookups("dns ttl=\"0s\""), 12);
    // Those of three users who begin together wait for one lookup.
    assert!((1..=3).contains(&lookups("dns ttl=\"1h\"")));
    assert_eq!(lookups("resolve \"127.0.0.1\""), 0);
}

#[test]
fn a_name_without_addresses_is_a_failure_of_its_own() {
    let url = format!("http://{}.invalid", "x".repeat(64));
    let summary = workload(&url, "dns ttl=\"0s\"").run(0);
    assert_adds_up(&summary);
    assert_eq!(errors(&summary), json!({ "dns": 12 }));
}

#[test]
fn a_plain_target_is_asked_for_with_whole_urls() {
    let proxy = Proxy::start(ProxyManner::Ask("Basic YW5uOnA6dw==".to_owned())).expect("a proxy");
    let settings = format!("header X-Tenant \"blue\"; proxy \"http://ann:p%3Aw@{}\"", proxy.address());
    let scratch = workload("http://shop.invalid:8080/base", &settings);
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(errors(&summary), json!({}));
    let heads = proxy.heads();
    assert_eq!(heads.len(), 12);
    for head in heads {
        assert!(head.starts_with("GET http://shop.invalid:8080/base/a?b=c HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("host: shop.invalid:8080\r\nX-Tenant: blue\r\n"), "names as written: {head}");
    }
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 3);
}

#[test]
fn a_tls_target_is_reached_through_a_tunnel() {
    let authority = Authority::new();
    let server = Recorder::start_tls(authority.for_server("shop.test").server(None)).expect("a server");
    let proxy = Proxy::start(ProxyManner::Ask("Basic YW5uOnB3".to_owned())).expect("a proxy");
    let port = server.address().port();
    let settings = format!("proxy \"http://ann:pw@{}\"; tls {{ roots \"ca.pem\" }}", proxy.address());
    let scratch = workload(&format!("https://shop.test:{port}"), &settings);
    std::fs::write(scratch.path("ca.pem"), authority.certificate()).expect("it can be written");
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(errors(&summary), json!({}));
    let heads = proxy.heads();
    assert_eq!(heads.len(), 3, "one for each connection");
    assert!(
        heads[0].starts_with(&format!("CONNECT shop.test:{port} HTTP/1.1\r\nhost: shop.test:{port}\r\n")),
        "{heads:?}"
    );
    let seen = server.seen();
    assert_eq!(seen.requests.len(), 12);
    assert!(
        seen.requests
            .iter()
            .all(|request| request.path == "/a" && request.header("proxy-authorization").is_empty())
    );
}

/// What a proxy's failures are called, to a plain target and to one behind TLS.
fn check_failures(manner: ProxyManner, plain: &str, tunnel: &str) {
    for (url, slug) in [("http://shop.test", plain), ("https://shop.test", tunnel)] {
        let proxy = Proxy::start(manner.clone()).expect("a proxy");
        let tls = if url.starts_with("https") { "tls { verify off }" } else { "" };
        let scratch = workload(url, &format!("proxy \"http://ann:secret-word@{}\"; {tls}", proxy.address()));
        let ended = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(errors(&scratch.summary()), json!({ slug: 12 }), "{manner:?} to {url}");
        let said = [ended.stdout, ended.stderr, scratch.read("summary.json"), scratch.read("samples.jsonl")]
            .concat();
        assert!(!said.contains("secret-word") && !said.contains("YW5u"), "{said}");
    }
}

#[test]
fn failures_of_a_proxy_have_their_names() {
    let asks = ProxyManner::Ask("Basic b3RoZXI=".to_owned());
    check_failures(asks, "proxy_authentication_required", "proxy_authentication_required");
    check_failures(ProxyManner::Refuse, "403", "proxy_refused");
    check_failures(ProxyManner::Close, "connection_closed", "proxy_failed");
    check_failures(ProxyManner::Garbage, "protocol_error", "proxy_failed");
    let summary = workload("http://shop.test", "proxy \"http://127.0.0.9:1\"").run(0);
    assert_eq!(errors(&summary), json!({ "proxy_unreachable": 12 }));
}

#[test]
fn messages_show_no_credentials() {
    let scratch =
        workload("http://ann:secret-word@shop.test", "proxy \"https://ann:secret-word@h:1/x\"; zebra 1");
    for arguments in [&["check", "w.kdl"][..], &["run", "w.kdl"]] {
        let ended = scratch.throng(arguments);
        assert_eq!(ended.code, Some(104));
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("(T0145)") && said.contains("(T0046)") && said.contains("(T0023)"), "{said}");
        assert!(!said.contains("secret-word"), "{said}");
    }
}
