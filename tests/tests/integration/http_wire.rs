//! What goes over the wire: bodies, header fields, and answers of every form.

use throng_tests::support::{Scripted, scripted_answer as answer};

use crate::books::count;
use crate::scratch::{CALM, Scratch};

fn run(server: &Scripted, target: &str, steps: &str) -> serde_json::Value {
    let scratch = Scratch::new(format!(
        "{CALM}target t \"{}\" {{ {target} }}\nbehavior visit {{\n{steps}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations 1 }}\n",
        server.url()
    ));
    std::fs::write(scratch.path("a \"b\".bin"), b"\0throng-0000000000000000\xff").expect("it can be written");
    scratch.run(0)
}

/// A value with all that has a meaning somewhere, as a KDL string.
const HOSTILE: &str = r#""a\"b\\c&d=e;f%20 g/h?i#j+ä<k>'""#;
const PLAIN: &str = "a\"b\\c&d=e;f%20 g/h?i#j+ä<k>'";

#[test]
fn values_are_escaped_for_their_place() {
    let server = Scripted::start(|_| answer(200, &[], b"")).expect("a server");
    let steps = format!(
        "set v {HOSTILE}\nset lines \"1\\r\\nx-evil: 2\"\n\
         http GET \"/p/${{v}}?q=${{v}}&r=1\" name=path {{ header x-v \"${{v}}\" }}\n\
         http POST \"/json\" name=json {{ json {{ v \"${{v}}\"; mixed \"<${{lines}}>\" }} }}\n\
         http POST \"/text\" name=text {{ header content-type \"application/json\"; body #\"{{\"v\":\"${{v}}${{lines}}\"}}\"# }}\n\
         http POST \"/form\" name=form {{ form {{ \"v&w\" \"x=${{v}}\" \"${{lines}}\"; n 5 }} }}\n\
         http POST \"/parts\" name=parts {{ multipart {{ field \"a\\\"b\" \"${{v}}${{lines}}\" }} }}\n\
         http GET \"/header\" name=header {{ header x-v \"${{lines}}\" }}\n\
         http GET \"/cookie\" name=cookie {{ header cookie \"v=${{lines}}\" }}"
    );
    let summary = run(&server, "", &steps);
    let asked = server.asked();
    let encoded = "a%22b%5Cc%26d%3De%3Bf%2520%20g%2Fh%3Fi%23j%2B%C3%A4%3Ck%3E%27";
    assert_eq!(asked[0].path, format!("/p/{encoded}?q={encoded}&r=1"));
    assert_eq!(asked[0].field("x-v"), PLAIN);
    let json: serde_json::Value = serde_json::from_slice(&asked[1].body).expect("JSON");
    assert_eq!(json, serde_json::json!({ "v": PLAIN, "mixed": "<1\r\nx-evil: 2>" }));
    let json: serde_json::Value = serde_json::from_slice(&asked[2].body).expect("JSON");
    assert_eq!(json, serde_json::json!({ "v": format!("{PLAIN}1\r\nx-evil: 2") }));
    let form = "a%22b%5Cc%26d%3De%3Bf%2520+g%2Fh%3Fi%23j%2B%C3%A4%3Ck%3E%27";
    assert_eq!(asked[3].text(), format!("v%26w=x%3D{form}&v%26w=1%0D%0Ax-evil%3A+2&n=5"));
    assert_eq!(asked[3].field("content-type"), "application/x-www-form-urlencoded");
    let part = "Content-Disposition: form-data; name=\"a%22b\"\r\n\r\n";
    assert!(asked[4].text().contains(&format!("{part}{PLAIN}1\r\nx-evil: 2\r\n--")), "{}", asked[4].text());
    // A header never gets a second line: the step fails unsent.
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|asked| asked.field("x-evil").is_empty()));
    for step in ["header", "cookie"] {
        assert_eq!(count(&summary, &format!("steps.{step}.errors.bad_request")), 1);
        assert_eq!(count(&summary, &format!("steps.{step}.attempts")), 0);
    }
}

#[test]
fn a_file_is_sent_as_it_is() {
    let server = Scripted::start(|_| answer(200, &[], b"")).expect("a server");
    let steps = "http POST \"/\" name=parts { multipart {\n field title \"a photo\"\n\
        file upload \"a \\\"b\\\".bin\" type=\"image/png\"\n file other \"w.kdl\" filename=\"x.kdl\" } }";
    run(&server, "", steps);
    let asked = &server.asked()[0];
    // The boundary that the file has in it is not used.
    assert_eq!(asked.field("content-type"), "multipart/form-data; boundary=throng-0000000000000001");
    let head = b"--throng-0000000000000001\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\na photo\r\n\
        --throng-0000000000000001\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a %22b%22.bin\"\r\n\
        Content-Type: image/png\r\n\r\n\0throng-0000000000000000\xff\r\n--throng-0000000000000001\r\n\
        Content-Disposition: form-data; name=\"other\"; filename=\"x.kdl\"\r\n\
        Content-Type: application/octet-stream\r\n\r\nthrong 1\n";
    assert!(asked.body.starts_with(head), "{}", asked.text());
    assert!(asked.body.ends_with(b"\r\n--throng-0000000000000001--\r\n"), "{}", asked.text());
}

#[test]
fn header_fields_repeat_and_a_step_says_more_than_its_target() {
    let server = Scripted::start(|_| answer(200, &["X-A: 1", "X-A: 2"], b"")).expect("a server");
    let steps = "http GET \"/\" name=own { header X-A \"3\"; header x-a \"4\"; header host \"shop.test\"\n\
        expect { header x-a equals=\"2\" } }\nhttp POST \"/\" name=theirs { json { a 1 }; header content-type \"text/x\" }";
    let summary = run(&server, "header x-a \"1\"; header x-a \"2\"; header x-b \"b\"", steps);
    let asked = server.asked();
    let fields = |place: usize| ["x-a", "x-b", "host", "content-type"].map(|name| asked[place].field(name));
    assert_eq!(fields(0), ["3 | 4", "b", "shop.test", ""]);
    assert_eq!(fields(1), ["1 | 2", "b", &server.url()["http://".len()..], "text/x"]);
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 1);
}

#[test]
fn answers_of_every_form_are_read() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        // A length, and no body behind it.
        "/head" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nx-a: 1\r\n\r\n".to_vec(),
        "/204" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "/304" => b"HTTP/1.1 304 Not Modified\r\ncontent-length: 100\r\n\r\n".to_vec(),
        "/chunked" => {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n".to_vec()
        }
        "/100" => [&b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"[..], &answer(201, &[], b"made")].concat(),
        _ => answer(200, &[], b""),
    })
    .expect("a server");
    let steps = "http HEAD \"/head\" name=head { expect { header x-a; body equals=\"\" } }\n\
        http GET \"/204\" name=none { expect { status 204; body equals=\"\" } }\n\
        http GET \"/304\" name=same { expect { status 304 } }\n\
        http GET \"/chunked\" name=chunked { expect { body equals=\"abcde\" } }\n\
        http POST \"/100\" name=continue { body \"x\"; expect { status 201; body equals=\"made\" } }\n\
        http GET \"/empty\" name=empty { expect { body equals=\"\" } }";
    let summary = run(&server, "", steps);
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 1, "{:#}", summary["steps"]);
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 1, "each left the connection in order");
}

/// The built-in shop's server is not our own: it finds the end of a body by its chunks, and says the word that a body waits for.
#[test]
fn bodies_go_out_as_a_step_says() {
    let login = "json { user \"visitor\"; password \"let me in\" }; expect { status 200; body json-path=\"$.token\" }";
    let step = |name: &str, field: &str| format!("http POST \"/login\" name={name} {{ {field}; {login} }}\n");
    let steps = [
        step("plain", "header X-Tenant \"blue\""),
        step("chunked", "header Transfer-Encoding \"chunked\""),
        step("waits", "header Expect \"100-continue\""),
        step("both", "header expect \"100-continue\"; header transfer-encoding \"chunked\""),
        step("varies", "header content-length \"${n}\""),
    ];
    let scratch = Scratch::new(format!(
        "{CALM}target shop demo\nbehavior visit {{\nset n 5\n{}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations 1 }}\n",
        steps.concat()
    ));
    let summary = scratch.run(0);
    for step in ["plain", "chunked", "waits", "both"] {
        assert_eq!(summary["steps"][step]["errors"], serde_json::json!({}), "{step}");
    }
    // A length that is not the body's is not sent.
    assert_eq!(summary["steps"]["varies"]["errors"], serde_json::json!({ "bad_request": 1 }));
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 1);
}

#[test]
fn each_kind_of_expectation_has_a_name() {
    let server = Scripted::start(|_| answer(200, &["X-A: 1"], b"{\"a\":1}")).expect("a server");
    let steps = "http GET \"/\" name=status { expect { status \"3xx\" } }\n\
        http GET \"/\" name=header { expect { header x-a equals=\"2\" } }\n\
        http GET \"/\" name=body { expect { body json-path=\"$.a\" equals=2 } }\n\
        http GET \"/\" name=slow { expect { within \"1ns\" } }\n\
        http GET \"/\" name=lost { save x css=\"b\" }\n\
        http GET \"/\" name=found { save x css=\"b\" default=\"none\" }\n\
        http GET \"/${x}\" name=used";
    let summary = run(&server, "", steps);
    let error = |step: &str, slug: &str| count(&summary, &format!("steps.{step}.errors.{slug}"));
    assert_eq!(error("status", "unexpected_status"), 1);
    assert_eq!(error("header", "unexpected_header"), 1);
    assert_eq!(error("body", "unexpected_body"), 1);
    assert_eq!(error("slow", "too_slow"), 1);
    assert_eq!(error("lost", "save_failed"), 1);
    assert_eq!(count(&summary, "steps.found.failures"), 0);
    assert_eq!(server.asked()[6].path, "/none");
}

#[test]
fn a_path_that_is_one_value_is_taken_as_it_stands() {
    let server = Scripted::start(|_| answer(200, &[], b"")).expect("a server");
    let steps = format!(
        "set a \"/x/y?z=1&w=%20#part\"\nhttp GET \"${{a}}\" name=a\nset b \"{url}/api/b c\"\nhttp GET \"${{b}}\" name=b\n\
         set c \"//other.test/\"\nhttp GET \"${{c}}\" name=c\nset d \"d\"\nhttp GET \"${{d}}\" name=d\n\
         http GET \"/${{a}}\" name=part",
        url = server.url()
    );
    let scratch = Scratch::new(format!(
        "{CALM}target t \"{}/api\"\nbehavior visit {{\n{steps}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations 1 }}\n",
        server.url()
    ));
    let summary = scratch.run(0);
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    let expected = ["/api/x/y?z=1&w=%20", "/api/b%20c", "/api/d", "/api/%2Fx%2Fy%3Fz%3D1%26w%3D%2520%23part"];
    assert_eq!(paths, expected);
    assert_eq!(count(&summary, "steps.c.errors.bad_request"), 1);
}

#[test]
fn a_page_too_deep_to_be_looked_into_fails_its_step_and_nothing_else() {
    let server = Scripted::start(|_| answer(200, &[], "<div>".repeat(20_000).as_bytes())).expect("a server");
    let steps = "http GET \"/\" name=deep { save x css=\"b\" default=\"none\" }\n\
        http GET \"/\" name=plain { expect { body contains=\"<div>\" } }";
    let summary = run(&server, "", steps);
    assert_eq!(count(&summary, "steps.deep.errors.html_too_complex"), 1);
    assert_eq!(count(&summary, "steps.plain.failures"), 0);
}

#[test]
fn a_whole_url_of_the_target_is_its_path() {
    let server = Scripted::start(|_| answer(200, &[], b"")).expect("a server");
    let url = server.url();
    let steps = format!(
        "set id 7\nset front \"http:\"\nhttp GET \"{url}/api/a?b=c\" name=a\nhttp GET \"{url}/api/${{id}}?x=${{id}}\" name=b\n\
         http GET \"{url}/api?x=${{id}}\" name=c\nhttp GET \"${{front}}//other.test/${{id}}\" name=d\n\
         http GET \"/${{id}}\" name=e"
    );
    let scratch = Scratch::new(format!(
        "{CALM}target t \"{url}/api\"\nbehavior visit {{\n{steps}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations 1 }}\n"
    ));
    let summary = scratch.run(0);
    let paths: Vec<String> = server.asked().iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(paths, ["/api/a?b=c", "/api/7?x=7", "/api?x=7", "/api/7"]);
    assert_eq!(count(&summary, "steps.d.errors.bad_request"), 1, "it is not sent");
}
