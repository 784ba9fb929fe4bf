//! What an answer has to be.

use std::ops::RangeInclusive;

use http::HeaderName;
use serde_json_path::JsonPath;
use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;

use super::compare::{Comparison, Found, all_hold};
use super::look::Look;
use super::save::json_value;
use crate::behavior::{EvaluationError, Frame};
use crate::plugins::protocols::{Completion, Keep};

/// What an answer has to be. All of it has to hold.
#[derive(Debug, Default)]
pub struct Expectations {
    /// Statuses that pass; without any, all below 400 do.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// Of its header fields.
    pub headers: Vec<HeaderExpectation>,
    /// Of its body.
    pub bodies: Vec<BodyExpectation>,
    /// The longest that due to end may take.
    pub within: Option<Nanos>,
}

/// What a header field has to be: one of its values meets all comparisons, and any value does without any.
#[derive(Debug)]
pub struct HeaderExpectation {
    /// The field.
    pub name: HeaderName,
    /// What has to hold.
    pub comparisons: Vec<Comparison>,
}

/// What a body has to be.
#[derive(Debug)]
pub struct BodyExpectation {
    /// Where in a JSON body to look, first match; the whole body without it.
    pub path: Option<JsonPath>,
    /// What has to hold there.
    pub comparisons: Vec<Comparison>,
}

impl Expectations {
    /// What of an answer has to be kept for it.
    pub fn keep(&self) -> Keep {
        Keep { body: !self.bodies.is_empty(), head: !self.headers.is_empty(), ..Keep::default() }
    }

    /// Whether it is the answer of a model that did well, of which nothing is asked: that is seen without looking into it.
    #[inline]
    pub(in crate::behavior) fn is_met_by_model(&self, completion: &Completion) -> bool {
        completion.modelled && completion.status < 400 && self.within.is_none()
    }

    /// The failure that an answer means: of its status, else of a header field, else of its body, else of its time.
    ///
    /// A model knows no statuses but well and badly: where it did well, its status, head and body are as expected.
    pub(in crate::behavior) fn judge(
        &self,
        look: &Look<'_>,
        response: Nanos,
        frame: &mut Frame<'_>,
    ) -> ErrorType {
        let modelled = look.completion.modelled;
        let status = look.completion.status;
        if !(modelled && status < 400) {
            let error = self.judge_status(status);
            if error.is_failure() {
                return error;
            }
        }
        let late = self.within.is_some_and(|most| response > most);
        let content = if modelled { Ok(ErrorType::NONE) } else { self.judge_content(look, frame) };
        match content {
            Ok(ErrorType::NONE) if late => ErrorType::TOO_SLOW,
            Ok(error) => error,
            Err(error) => error.error_type(),
        }
    }

    fn judge_status(&self, status: u16) -> ErrorType {
        let passes = if self.statuses.is_empty() {
            status < 400
        } else {
            self.statuses.iter().any(|range| range.contains(&status))
        };
        match (passes, status) {
            (true, _) => ErrorType::NONE,
            (false, 400..=599) => ErrorType::status(status),
            (false, _) => ErrorType::UNEXPECTED_STATUS,
        }
    }

    fn judge_content(&self, look: &Look<'_>, frame: &mut Frame<'_>) -> Result<ErrorType, EvaluationError> {
        for header in &self.headers {
            if !header.holds(look, frame)? {
                return Ok(ErrorType::UNEXPECTED_HEADER);
            }
        }
        for body in &self.bodies {
            if !body.holds(look, frame)? {
                return Ok(ErrorType::UNEXPECTED_BODY);
            }
        }
        Ok(ErrorType::NONE)
    }
}

impl HeaderExpectation {
    fn holds(&self, look: &Look<'_>, frame: &mut Frame<'_>) -> Result<bool, EvaluationError> {
        for value in look.header(&self.name) {
            if all_hold(&self.comparisons, &Found::Bytes(value), frame)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl BodyExpectation {
    fn holds(&self, look: &Look<'_>, frame: &mut Frame<'_>) -> Result<bool, EvaluationError> {
        let Some(path) = &self.path else {
            return all_hold(&self.comparisons, &Found::Bytes(&look.completion.body), frame);
        };
        let found = look.json().and_then(|body| path.query(body).first());
        match found {
            Some(found) => all_hold(&self.comparisons, &Found::Value(json_value(found)), frame),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behavior::answer::look::tests::answer;
    use crate::behavior::expression::sandbox::{Names, in_frame};
    use crate::behavior::{Template, Value};
    use throng_components::workload::Span;

    const JSON: &str = r#"{"a":5,"b":[{"c":"open"}],"d":null,"e":true,"f":1.0}"#;

    fn template(text: &str) -> Template {
        Template::compile(text, Span::default(), &mut Names).expect("a template")
    }

    /// Judges an answer of 200 that took 10 ms; the variable `word` is "open".
    fn check(expectations: Expectations, body: &str, expected: ErrorType) {
        let completion = answer(200, &[("content-type", "text/html"), ("x-a", "1"), ("x-a", "2")], body);
        let look = Look::new(&completion);
        let found = in_frame(&Value::Text("open".into()), |frame| {
            expectations.judge(&look, Nanos::from_millis(10), frame)
        });
        assert_eq!(found, expected, "{expectations:?}");
    }

    fn body(path: Option<&str>, comparison: Comparison) -> Expectations {
        let path = path.map(|path| JsonPath::parse(path).expect("a path"));
        let bodies = vec![BodyExpectation { path, comparisons: vec![comparison] }];
        Expectations { bodies, ..Expectations::default() }
    }

    fn header(name: &'static str, comparisons: Vec<Comparison>) -> Expectations {
        let headers = vec![HeaderExpectation { name: HeaderName::from_static(name), comparisons }];
        Expectations { headers, ..Expectations::default() }
    }

    fn regex(text: &str) -> Comparison {
        Comparison::Matches(Box::new(regex::bytes::Regex::new(text).expect("an expression")))
    }

    #[test]
    fn statuses_and_classes() {
        let expect = |range| Expectations { statuses: vec![range], ..Expectations::default() };
        check(Expectations::default(), "", ErrorType::NONE);
        check(expect(200..=200), "", ErrorType::NONE);
        check(expect(200..=299), "", ErrorType::NONE);
        check(expect(300..=399), "", ErrorType::UNEXPECTED_STATUS);
    }

    #[test]
    fn bodies() {
        let wrong = ErrorType::UNEXPECTED_BODY;
        check(body(None, Comparison::Contains(template("${word}"))), JSON, ErrorType::NONE);
        check(body(None, Comparison::Contains(template("shut"))), JSON, wrong);
        check(body(None, Comparison::NotContains(template("shut"))), JSON, ErrorType::NONE);
        check(body(None, Comparison::NotContains(template("\"a\":5"))), JSON, wrong);
        check(body(None, Comparison::Equals(template("${word}"))), "open", ErrorType::NONE);
        check(body(None, Comparison::Equals(template("ope"))), "open", wrong);
        check(body(None, regex(r#""a":\d+,"#)), JSON, ErrorType::NONE);
        check(body(None, regex("^a")), JSON, wrong);
        check(body(None, Comparison::Contains(template("${unset}"))), JSON, ErrorType::UNSET_VARIABLE);
    }

    #[test]
    fn places_in_json() {
        let equals = |path: &str, value: Value, expected: ErrorType| {
            let comparison = Comparison::Equals(Template::of_value(value));
            check(body(Some(path), comparison), JSON, expected);
        };
        equals("$.a", Value::Int(5), ErrorType::NONE);
        equals("$.a", Value::Text("5".into()), ErrorType::NONE);
        equals("$.f", Value::Int(1), ErrorType::NONE);
        equals("$.e", Value::Bool(true), ErrorType::NONE);
        equals("$.d", Value::Text("null".into()), ErrorType::NONE);
        equals("$.b[0].c", Value::Text("open".into()), ErrorType::NONE);
        equals("$.b[0].c", Value::Text("shut".into()), ErrorType::UNEXPECTED_BODY);
        equals("$.b[1].c", Value::Text("open".into()), ErrorType::UNEXPECTED_BODY);
        check(
            body(Some("$.a"), Comparison::NotContains(template("x"))),
            "no json",
            ErrorType::UNEXPECTED_BODY,
        );
    }

    #[test]
    fn headers() {
        let contains = |text: &str| vec![Comparison::Contains(template(text))];
        check(header("content-type", contains("html")), "", ErrorType::NONE);
        check(header("content-type", contains("json")), "", ErrorType::UNEXPECTED_HEADER);
        check(header("x-a", vec![Comparison::Equals(template("2"))]), "", ErrorType::NONE);
        check(header("x-a", vec![regex("^[12]$"), regex("3")]), "", ErrorType::UNEXPECTED_HEADER);
        check(header("x-b", Vec::new()), "", ErrorType::UNEXPECTED_HEADER);
    }

    #[test]
    fn a_response_in_time() {
        let within =
            |millis| Expectations { within: Some(Nanos::from_millis(millis)), ..Expectations::default() };
        check(within(10), "", ErrorType::NONE);
        check(within(9), "", ErrorType::TOO_SLOW);
        // What is wrong with the answer itself is told first.
        let both = Expectations { within: Some(Nanos(1)), ..body(None, regex("x")) };
        check(both, "y", ErrorType::UNEXPECTED_BODY);
    }

    #[test]
    fn a_model_holds_but_for_its_time() {
        let mut completion = answer(200, &[], "");
        completion.modelled = true;
        let judge = |within: Option<Nanos>, completion: &Completion| {
            let statuses = vec![204..=204];
            let expect = Expectations { statuses, within, ..header("x-a", Vec::new()) };
            let look = Look::new(completion);
            in_frame(&Value::Unset, |frame| expect.judge(&look, Nanos::from_millis(10), frame))
        };
        assert_eq!(judge(None, &completion), ErrorType::NONE);
        assert_eq!(judge(Some(Nanos::from_millis(9)), &completion), ErrorType::TOO_SLOW);
        completion.status = 500;
        assert_eq!(judge(None, &completion), ErrorType::status(500));
    }
}
