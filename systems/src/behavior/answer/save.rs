//! What is kept of an answer.

use http::HeaderName;
use http::header::SET_COOKIE;
use regex::bytes::Regex;
use scraper::Selector;
use serde_json_path::JsonPath;

use super::look::Look;
use crate::behavior::{Frame, Template, Value};
use crate::plugins::protocols::Keep;

/// A value taken out of an answer.
#[derive(Debug)]
pub struct Save {
    /// The variable it goes to.
    pub slot: u16,
    /// Where it stands.
    pub source: Source,
    /// What is kept where nothing is found; without it, that fails the step.
    pub default: Option<Template>,
}

/// Where in an answer a value stands. Of several matches the first one is taken.
#[derive(Debug)]
pub enum Source {
    /// In a JSON body (RFC 9535).
    Json(Box<JsonPath>),
    /// In a header field.
    Header(HeaderName),
    /// In a group of an expression that matches in the body.
    Regex(Box<Regex>, usize),
    /// In an element of an HTML body: an attribute of it, or without one its text.
    Css(Box<Selector>, Option<String>),
    /// In a cookie of that name that the answer sets or the user has.
    Cookie(String),
}

impl Source {
    fn keep(&self) -> Keep {
        match self {
            Self::Json(_) | Self::Regex(..) | Self::Css(..) => Keep { body: true, ..Keep::default() },
            Self::Header(_) | Self::Cookie(_) => Keep { head: true, ..Keep::default() },
        }
    }

    fn find(&self, look: &Look<'_>) -> Option<Value> {
        match self {
            Self::Json(path) => path.query(look.json()?).first().map(json_value),
            Self::Header(name) => look.header(name).next().map(text),
            Self::Regex(expression, group) => {
                let captures = expression.captures(&look.completion.body)?;
                captures.get(*group).map(|found| text(found.as_bytes()))
            }
            Self::Css(selector, attribute) => {
                let element = look.html()?.select(selector).next()?;
                match attribute {
                    Some(name) => element.value().attr(name).map(|value| Value::Text(value.into())),
                    None => Some(Value::Text(element.text().collect::<String>().trim().into())),
                }
            }
            Self::Cookie(name) => look.header(&SET_COOKIE).filter_map(|line| cookie(line, name)).last(),
        }
    }
}

impl Save {
    /// What of an answer has to be kept for it.
    pub fn keep(&self) -> Keep {
        self.source.keep()
    }

    /// Whether it is looked for in what cannot be looked into: whether it is there, nobody knows.
    pub(in crate::behavior) fn is_out_of_reach(&self, look: &Look<'_>) -> bool {
        matches!(self.source, Source::Css(..)) && look.html().is_none()
    }

    /// The name of the cookie that is wanted, when one is.
    pub(in crate::behavior) fn cookie(&self) -> Option<&str> {
        match &self.source {
            Source::Cookie(name) => Some(name),
            _ => None,
        }
    }

    /// The value; `None` when it is not there and has no default. `cookie` is what the user has of that name.
    ///
    /// A model's answer has no content: what would be saved from it is an empty text, so that later steps are sent.
    pub(in crate::behavior) fn value(
        &self,
        look: &Look<'_>,
        cookie: Option<Value>,
        frame: &mut Frame<'_>,
    ) -> Option<Value> {
        if look.completion.modelled {
            return Some(Value::Text("".into()));
        }
        let found = self.source.find(look).or(cookie);
        found.or_else(|| self.default.as_ref()?.value(frame).ok())
    }
}

fn text(bytes: &[u8]) -> Value {
    Value::Text(String::from_utf8_lossy(bytes).into())
}

/// The value of a `Set-Cookie` line, when it is for that name.
fn cookie(line: &[u8], name: &str) -> Option<Value> {
    let line = String::from_utf8_lossy(line);
    let pair = line.split(';').next().unwrap_or_default();
    let (found, value) = pair.split_once('=')?;
    (found.trim() == name).then(|| Value::Text(value.trim().into()))
}

/// A JSON value as a variable's: texts and numbers keep their type, all else becomes its JSON text.
pub(super) fn json_value(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => Value::Text(text.as_str().into()),
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Text(number.to_string().into()),
        },
        other => Value::Text(other.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behavior::answer::look::tests::answer;
    use crate::behavior::expression::sandbox::in_frame;

    const HTML: &str = "<!doctype html><form><input type=hidden name=csrf value='a&amp;b'>\
        <p class=\"note big\"> id=42 <b>kind=x</b></p></form>";

    fn check(source: Source, default: Option<&str>, body: &str, expected: Option<&str>) {
        let headers = [("location", "/next"), ("set-cookie", "sid=7; Path=/"), ("set-cookie", "b=\"q\"")];
        let completion = answer(200, &headers, body);
        let default = default.map(Template::of_text);
        let save = Save { slot: 0, source, default };
        let found = in_frame(&Value::Unset, |frame| save.value(&Look::new(&completion), None, frame));
        assert_eq!(found.map(|value| value.to_string()).as_deref(), expected, "{save:?}");
    }

    fn regex(text: &str, group: usize) -> Source {
        Source::Regex(Box::new(Regex::new(text).expect("an expression")), group)
    }

    fn css(selector: &str, attribute: Option<&str>) -> Source {
        let selector = Selector::parse(selector).expect("a selector");
        Source::Css(Box::new(selector), attribute.map(str::to_owned))
    }

    #[test]
    fn values_are_found_where_they_are_said_to_stand() {
        let json = |path: &str| Source::Json(Box::new(JsonPath::parse(path).expect("a path")));
        check(json("$.a[1]"), None, "{\"a\":[1,2.5]}", Some("2.5"));
        check(json("$.a"), None, "no json", None);
        check(Source::Header(http::header::LOCATION), None, "", Some("/next"));
        check(Source::Header(http::header::ETAG), None, "", None);
        check(regex(r"id=(\d+)", 1), None, HTML, Some("42"));
        check(regex(r"id=\d+", 0), None, HTML, Some("id=42"));
        check(regex(r"(a)|(id)", 2), None, "a", None);
        check(css("input[name=csrf]", Some("value")), None, HTML, Some("a&b"));
        check(css("p.note b", None), None, HTML, Some("kind=x"));
        check(css("p.note", None), None, HTML, Some("id=42 kind=x"));
        check(css("input", Some("id")), None, HTML, None);
        check(css("table", None), None, HTML, None);
        check(Source::Cookie("sid".to_owned()), None, "", Some("7"));
        check(Source::Cookie("c".to_owned()), None, "", None);
    }

    #[test]
    fn a_default_stands_in() {
        check(Source::Header(http::header::ETAG), Some("none"), "", Some("none"));
        check(Source::Header(http::header::LOCATION), Some("none"), "", Some("/next"));
    }
}
