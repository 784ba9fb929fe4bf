//! Texts that once broke the loader, or could: each is refused or read within the stack that a thread has, in bounded time.

use std::path::Path;

use throng::loader::{MOST_BYTES, Overrides, Registry, Severity, Style, load, render, render_json};

/// The distinct codes of a text's problems, in the order of the text. They can be shown, too, in a page or two.
fn codes(text: &str) -> Vec<&'static str> {
    let result = load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default());
    let (problems, sources) = match result {
        Ok(loaded) => (loaded.warnings, loaded.sources),
        Err(refused) => (refused.problems, refused.sources),
    };
    let shown = render(&problems, &sources, Severity::Error, Style::PLAIN);
    assert!(shown.len() < 500_000, "{} bytes of messages", shown.len());
    assert_eq!(render_json(&problems, &sources, Severity::Error).lines().count(), problems.len());
    let mut codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
    codes.dedup();
    codes
}

fn check(text: &str, expected: &[&str]) {
    let start: String = text.chars().take(40).collect();
    assert_eq!(codes(text), expected, "{start}");
}

/// So many pieces, one after the other.
fn each(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

const HEAD: &str = "throng 1\ntarget t noop\nbehavior b { noop name=x }\n";

#[test]
fn the_parser_does_not_begin_anew_at_each_byte() {
    check(&format!("throng 1\n{}", "}".repeat(300_000)), &["T0010"]);
    check(&format!("throng 1\n{}", "= = =\n".repeat(50_000)), &["T0010"]);
    check(&format!("throng 1\na {}", "\"".repeat(300_000)), &["T0010"]);
    check(&format!("throng 1\na {}", "#".repeat(300_000)), &["T0023", "T0049", "T0211"]);
    check(&format!("throng 1\na {}", "= ".repeat(100_000)), &["T0010"]);
    check(&format!("throng 1\na {{ {} }}", ") ".repeat(100_000)), &["T0010"]);
}

#[test]
fn the_look_for_habits_is_one_look() {
    check(&format!("throng 1\na {{ {} }}", "{ }; ".repeat(40_000)), &["T0010"]);
    check(&format!("throng 1\na {{ {} }}", "b=1; ".repeat(40_000)), &["T0023", "T0049", "T0212"]);
    check(&format!("throng 1\na {{ {} }}", "b { } ".repeat(40_000)), &["T0023", "T0049", "T0214"]);
    check(&format!("throng 1\na {{ {} }}", "b \"c\", ".repeat(40_000)), &["T0023", "T0049", "T0215"]);
    check(&format!("throng 1\na {{ {} }}", "\"b\": [1], ".repeat(40_000)), &["T0213"]);
    check(&format!("throng 1\na {{\n {} }}", "{ }\n".repeat(40_000)), &["T0216"]);
    check(&format!("throng 1\n{}", "# b\n".repeat(40_000)), &["T0049", "T0211"]);
    check(&format!("throng 1\na {}", "/b ".repeat(40_000)), &["T0023", "T0049", "T0217"]);
}

#[test]
fn what_is_larger_than_any_workload_is_refused() {
    let levels = 10_000;
    check(&format!("{}{}", "a {".repeat(levels), "}".repeat(levels)), &["T0006"]);
    // Each level of what is switched off doubles what the parser does about a mistake in it.
    check(&format!("throng 1\n{}", "/- a {\n b \"\n".repeat(12)), &["T0006"]);
    check(&format!("throng 1\n{}", "/- a {\n b \"\n".repeat(8)), &["T0010"]);
    let scenarios =
        |number| format!("scenario s{number} {{ behavior b; population {{ hold 1 for=\"1s\" }} }}\n");
    check(&format!("{HEAD}{}", each(100_000, scenarios)), &["T0005"]);
    check(&format!("{HEAD}{}", each(2_000, scenarios)), &["T0056"]);
    check(&" ".repeat(MOST_BYTES + 1), &["T0005"]);
    check(&format!("throng 1\n{}", "a\n".repeat(60_000)), &["T0194"]);
}

#[test]
fn what_is_large_and_right_is_read() {
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    let sets = each(20_000, |number| format!("set v{number} \"${{v{number}}}\"\n"));
    check(&format!("throng 1\ntarget t noop\nbehavior b {{\n{sets}noop name=x }}\n{scenario}"), &[]);
    let members = each(20_000, |number| format!("m{number} 1;"));
    let step = format!("http POST \"/\" name=x {{ json {{ {members} }} }}");
    check(&format!("throng 1\ntarget t \"http://h\"\nbehavior b {{ {step} }}\n{scenario}"), &[]);
}

#[test]
fn many_mistakes_are_told_of_in_bounded_time_and_space() {
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    let sets = each(20_000, |number| format!("set v{number} \"${{w{number}}}\"\n"));
    check(&format!("throng 1\ntarget t noop\nbehavior b {{\n{sets}noop name=x }}\n{scenario}"), &["T0070"]);
    let properties = each(20_000, |number| format!(" k{number}=1"));
    check(&format!("{HEAD}{scenario}seed 1{properties}"), &["T0022"]);
    let params = each(1_100, |number| format!("param p{number} \"${{q{number}}}\"\n"));
    check(&format!("{HEAD}{scenario}{params}"), &["T0180", "T0056"]);
}

#[test]
fn equal_bodies_are_found_without_writing_them_out() {
    let body = format!("{}b 1{}", "a { ".repeat(100), " }".repeat(100));
    let step = format!("http POST \"/\" {{ json {{ {body} }} }}\n");
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    check(&format!("throng 1\ntarget t \"http://h\"\nbehavior b {{ {step}{step} }}\n{scenario}"), &[]);
    let other = step.replace("b 1", "b 2");
    check(
        &format!("throng 1\ntarget t \"http://h\"\nbehavior b {{ {step}{other} }}\n{scenario}"),
        &["T0221"],
    );
}

#[test]
fn many_unknown_names_of_many_known_ones_are_told_of() {
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    let targets = each(900, |number| format!("target target-name-{number} noop\n"));
    let steps = each(10_000, |number| format!("noop target=tarket-name-{number}\n"));
    check(&format!("throng 1\n{targets}behavior b {{ {steps} }}\n{scenario}"), &["T0092"]);
    let steps = "noop\n".repeat(10_000);
    check(&format!("throng 1\n{targets}behavior b {{ {steps} }}\n{scenario}"), &["T0091"]);
    let behaviors = each(900, |number| format!("behavior behavior-name-{number} {{ noop name=x }}\n"));
    let calls = each(10_000, |number| format!("call behafior-name-{number}\n"));
    let text = format!("throng 1\ntarget t noop\n{behaviors}behavior b {{ {calls} }}\n{scenario}");
    check(&text, &["T0202"]);
    let services = each(900, |number| format!("service name-{number} {{ time constant \"1ms\" }}\n"));
    let calls = each(10_000, |number| format!("calls mane-{number}\n"));
    let caller = format!("service z {{ time constant \"1ms\"\n{calls} }}\n");
    check(&format!("{HEAD}{scenario}{services}{caller}"), &["T0257", "T0041"]);
}

#[test]
fn what_calls_write_out_is_bounded() {
    let scenario = "scenario s { behavior b0; population { hold 1 for=\"1s\" } }\n";
    let head = "throng 1\ntarget t noop\n";
    let callers = each(500, |number| format!("behavior b{number} {{ call big; call big }}\n"));
    let big = each(5_000, |number| format!("noop name=n{number}\n"));
    check(&format!("{head}{callers}behavior big {{ {big} }}\n{scenario}"), &["T0204"]);
    let double = |number| format!("behavior b{number} {{ call b{0}; call b{0} }}\n", number + 1);
    let text = format!("{head}{}behavior b30 {{ noop name=x }}\n{scenario}", each(30, double));
    check(&text, &["T0204"]);
}

#[test]
fn what_parameters_write_out_is_bounded() {
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    let long = format!("param p \"{}\"\n", "x".repeat(100_000));
    let sets = "set a \"${p}\"\n".repeat(10_000);
    let text = format!("throng 1\n{long}target t noop\nbehavior b {{ {sets}noop name=x }}\n{scenario}");
    check(&text, &["T0263"]);
    let target = format!("target u \"http://{}\"\n", "${p}".repeat(10_000));
    check(&format!("{HEAD}{long}{target}{scenario}"), &["T0189"]);
}

#[test]
fn what_looks_into_answers_is_bounded() {
    let scenario = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    let steps =
        |steps: &str| format!("throng 1\ntarget t \"http://h\"\nbehavior b {{\n{steps}\n}}\n{scenario}");
    let save = |source: &str| format!("http GET \"/\" name=x {{ save a {source} }}\n");
    let repeated = save("regex=\"(a|b{50}){50}\"").repeat(3_000);
    check(&steps(&repeated), &[]);
    let other = each(3_000, |number| save(&format!("regex=#\"\\w{{9}}{number}\"#")));
    check(&steps(&other), &["T0261"]);
    check(&steps(&save("regex=\"((a{100}){100}){100}\"")), &["T0260"]);
    check(&steps(&save(&format!("regex=#\"{}\"#", "\\w".repeat(100_000)))), &["T0260"]);
    let path = |open: &str, close: &str| {
        save(&format!("json-path=\"${}@.a{}\"", open.repeat(50_000), close.repeat(50_000)))
    };
    check(&steps(&path("[?", "]")), &["T0264"]);
    check(&steps(&path("[?(", ")]")), &["T0264"]);
    check(&steps(&path("[?@.a", "")), &["T0264"]);
    let headers = each(20_000, |number| format!("header h{number} v\n"));
    check(&steps(&format!("http GET \"/\" name=x {{ {headers} }}")), &["T0262"]);
}

#[test]
fn a_brace_that_is_never_closed_is_found_without_the_parser() {
    check(&format!("{HEAD}scenario s {{ a {{ {}", "b {c {d} } ;".repeat(20_000)), &["T0010"]);
    let lines = format!("{HEAD}{}", "a 1s\na \"\n".repeat(30_000));
    check(&lines, &["T0008", "T0010", "T0008", "T0010", "T0008", "T0010"]);
}
