//! Cookies, redirects and compression over real sockets.

use std::io::Write;

use throng_tests::support::{Asked, Scripted, scripted_answer as answer};

use crate::books::{assert_adds_up, assert_lines_agree, count};
use crate::scratch::{CALM, Scratch};

/// A workload of one user who does so many iterations.
fn workload(target: &str, steps: &str, iterations: u32) -> Scratch {
    Scratch::new(format!(
        "{CALM}{target}\nbehavior visit {{\n{steps}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations {iterations} }}\n\
         listener file \"samples.jsonl\"\n"
    ))
}

/// What a server was asked, a line each: method, path, and one field.
fn lines(server: &Scripted, field: &str) -> Vec<String> {
    let line = |asked: &Asked| format!("{} {} [{}]", asked.method, asked.path, asked.field(field));
    server.asked().iter().map(line).collect()
}

fn cookie_shop() -> Scripted {
    Scripted::start(|asked| match asked.path.as_str() {
        "/login" => {
            answer(200, &["Set-Cookie: sid=7; Path=/; HttpOnly", "Set-Cookie: low=1; Path=/shop"], b"")
        }
        "/logout" => answer(200, &["Set-Cookie: sid=; Path=/; Max-Age=0"], b""),
        _ => answer(200, &[], b"{}"),
    })
    .expect("a server")
}

#[test]
fn cookies_last_for_an_iteration() {
    let server = cookie_shop();
    let steps = "http GET \"/shop\" name=first\nhttp POST \"/login\" name=login { save sid cookie=\"sid\" }\n\
        http GET \"/shop/${sid}\" name=shop { header cookie \"own=${sid}\"; save again cookie=\"sid\" }\n\
        http GET \"/logout\" name=logout\nhttp GET \"/\" name=last";
    let scratch = workload(&format!("target t \"{}\"", server.url()), steps, 2);
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    let once = [
        "GET /shop []",
        "POST /login []",
        "GET /shop/7 [own=7; low=1; sid=7]",
        "GET /logout [sid=7]",
        "GET / []",
    ];
    assert_eq!(lines(&server, "cookie"), [once, once].concat());
}

#[test]
fn cookies_last_for_a_user_or_not_at_all() {
    let check = |policy: &str, expected: &[&str]| {
        let server = cookie_shop();
        let target = format!("target t \"{}\" {{ cookies {policy} }}", server.url());
        let summary =
            workload(&target, "http GET \"/\" name=first\nhttp GET \"/login\" name=login", 2).run(0);
        assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 2);
        assert_eq!(lines(&server, "cookie"), expected, "{policy}");
    };
    check("per-user", &["GET / []", "GET /login []", "GET / [sid=7]", "GET /login [sid=7]"]);
    check("off", &["GET / []", "GET /login []", "GET / []", "GET /login []"]);
}

#[test]
fn a_jar_that_is_full_says_what_it_dropped() {
    let server = Scripted::start(|asked| {
        let name = asked.path.trim_start_matches('/');
        let lines: Vec<String> = (0..66).map(|number| format!("Set-Cookie: {name}{number}=v")).collect();
        answer(200, &lines.iter().map(String::as_str).collect::<Vec<_>>(), b"")
    })
    .expect("a server");
    let steps = "http GET \"/a\" name=first\nhttp GET \"/b\" name=second";
    let summary = workload(&format!("target t \"{}\"", server.url()), steps, 2).run(0);
    assert_eq!(count(&summary, "scenarios.crew.cookies_dropped"), 8);
}

/// A server that leads on, and a second one that it leads to.
fn leading() -> (Scripted, Scripted) {
    let other =
        Scripted::start(|_| answer(200, &["Set-Cookie: o=1"], b"{\"at\":\"other\"}")).expect("a server");
    let url = other.url();
    let first = Scripted::start(move |asked| match asked.path.as_str() {
        "/a" => answer(302, &["Location: /b?x=1", "Set-Cookie: step=a; Path=/"], b"aaaa"),
        "/b?x=1" => answer(307, &["Location: c"], b""),
        "/keep" => answer(308, &["Location: /c"], b""),
        "/other" => answer(303, &[&format!("Location: {url}/there")], b""),
        "/round" => answer(301, &["Location: /round"], b""),
        "/astray" => answer(302, &["Location: ftp://h/"], b""),
        "/nowhere" => answer(302, &[], b""),
        _ => answer(200, &[], b"{\"at\":\"end\"}"),
    });
    (first.expect("a server"), other)
}

#[test]
fn a_redirect_is_an_answer_unless_it_is_followed() {
    let (server, _) = leading();
    let steps = "http GET \"/a\" name=a { expect { status 302; header location equals=\"/b?x=1\" } }";
    let summary = workload(&format!("target t \"{}\"", server.url()), steps, 1).run(0);
    assert_eq!(count(&summary, "steps.a.failures"), 0);
    assert_eq!(count(&summary, "steps.a.redirects"), 0);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn redirects_are_one_attempt() {
    let (server, other) = leading();
    let steps = "http POST \"/a\" name=a { form { x 1 }; expect { status 200; body json-path=\"$.at\" equals=\"end\" } }\n\
        http POST \"/keep\" name=keep { body \"text\" }\n\
        http POST \"/other\" name=other { header authorization \"secret\"; header x-own \"1\"; body \"text\"\n\
            expect { body contains=\"other\" } }\n\
        http GET \"/other\" name=again";
    let target = format!("target t \"{}\" {{ redirects follow=3 }}", server.url());
    let scratch = workload(&target, steps, 2);
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 2);
    let figures = |step: &str| {
        let figure = |name: &str| count(&summary, &format!("steps.{step}.{name}"));
        [figure("count"), figure("attempts"), figure("redirects")]
    };
    assert_eq!(figures("a"), [2, 2, 4]);
    assert_eq!(figures("keep"), [2, 2, 2]);
    assert_eq!(figures("other"), [2, 2, 2]);
    let once = [
        "POST /a []",
        "GET /b?x=1 [step=a]",
        "GET /c [step=a]",
        "POST /keep [step=a]",
        "POST /c [step=a]",
        "POST /other [step=a]",
        // The other server's: cookies go by host, and the two are one host.
        "GET /other [step=a; o=1]",
    ];
    assert_eq!(lines(&server, "cookie"), [once, once].concat());
    assert_eq!(server.asked()[4].text(), "text");
    // What was said to one place is not said to another.
    let there = other.asked();
    assert_eq!(lines(&other, "authorization"), ["GET /there []"; 4]);
    let expected = ["step=a", "step=a; o=1", "step=a", "step=a; o=1"];
    assert_eq!(there.iter().map(|asked| asked.field("cookie")).collect::<Vec<_>>(), expected);
    assert!(there[0].body.is_empty() && there[0].field("x-own") == "1", "{there:?}");
    // One connection to each of the two.
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 2);
}

#[test]
fn what_cannot_be_followed_has_a_name() {
    let (server, _) = leading();
    let steps = "http GET \"/round\" name=round\nhttp GET \"/astray\" name=astray\nhttp GET \"/nowhere\" name=nowhere\n\
        http GET \"/a\" name=far { redirects follow=1 }\nhttp GET \"/a\" name=off { redirects follow=0 }";
    let target = format!("target t \"{}\" {{ redirects follow=5 }}", server.url());
    let summary = workload(&target, steps, 1).run(0);
    assert_eq!(count(&summary, "steps.round.errors.too_many_redirects"), 1);
    assert_eq!(count(&summary, "steps.round.redirects"), 5);
    assert_eq!(count(&summary, "steps.astray.errors.bad_redirect"), 1);
    assert_eq!(count(&summary, "steps.nowhere.failures"), 0);
    assert_eq!(count(&summary, "steps.far.errors.too_many_redirects"), 1);
    assert_eq!(count(&summary, "steps.off.failures"), 0);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).expect("memory is written");
    encoder.finish().expect("memory is written")
}

#[test]
fn compressed_bodies_are_unpacked_for_those_who_look() {
    let long = "token ".repeat(10_000);
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/broken" => answer(200, &["Content-Encoding: gzip"], b"no such thing"),
        "/bomb" => answer(200, &["Content-Encoding: gzip"], &gzip(&vec![0; (16 << 20) + 1])),
        _ => answer(200, &["Content-Encoding: gzip"], &gzip(long.as_bytes())),
    })
    .expect("a server");
    let steps = "http GET \"/\" name=look { expect { body matches=\"^(token ){1000}\" } }\n\
        http GET \"/broken\" name=blind\nhttp GET \"/broken\" name=broken { expect { body contains=\"x\" } }\n\
        http GET \"/bomb\" name=bomb { save x regex=\"x\" }\nhttp GET \"/\" name=plain { compression off }";
    let target = format!("target t \"{}\" {{ compression br gzip }}", server.url());
    let summary = workload(&target, steps, 1).run(0);
    assert_eq!(count(&summary, "steps.look.failures"), 0, "{:#}", summary["steps"]);
    assert!(count(&summary, "steps.look.bytes_received") < 1_000, "the wire's bytes are counted");
    assert_eq!(count(&summary, "steps.blind.failures"), 0);
    assert_eq!(count(&summary, "steps.broken.errors.bad_content_encoding"), 1);
    assert_eq!(count(&summary, "steps.bomb.errors.body_too_large"), 1);
    let sent = lines(&server, "accept-encoding");
    assert_eq!((sent[0].as_str(), sent[4].as_str()), ("GET / [br, gzip]", "GET / []"));
}
