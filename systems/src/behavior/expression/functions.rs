//! The functions of expressions: what they are called, take and give. What they do is in the folder beside.

mod chance;
mod numbers;
mod table;
mod texts;

pub use self::table::{FUNCTIONS, FunctionSpec};
use super::frame::EvaluationError;
use super::kinds;
use super::operators::Operator;
use crate::behavior::value::{Kind, Value};
use crate::plugins::laws::Draws;

/// The most arguments of a function that takes a fixed number of them.
pub(super) const ARGUMENTS_MAX: usize = 3;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Random,
    RandomText,
    RandomHex,
    Uuid,
    Choose,
    Env,
    Default,
    Min,
    Max,
    Round,
    Floor,
    Ceil,
    Abs,
    Length,
    Upper,
    Lower,
    Trim,
    Substring,
    Split,
    Replace,
    Contains,
    StartsWith,
    EndsWith,
    Repeat,
    Pad,
    Int,
    Float,
    Text,
    Duration,
    Rate,
    Share,
    Size,
    UrlEncode,
    Base64,
    Base64Decode,
    Hex,
    Sha256,
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|spec| spec.name == name).map(|spec| spec.function)
}

/// The names of all.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|spec| spec.name)
}

impl Function {
    fn spec(self) -> &'static FunctionSpec {
        // The variants stand in the table in their order; a test holds them to it.
        &FUNCTIONS[self as usize]
    }

    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        self.spec().name
    }

    /// How many arguments it takes, at least and at most.
    pub(super) fn arity(self) -> (usize, usize) {
        self.spec().arguments
    }

    /// Whether chance has a part in its value.
    pub(super) fn is_drawn(self) -> bool {
        matches!(self, Self::Random | Self::RandomText | Self::RandomHex | Self::Uuid | Self::Choose)
    }

    /// Whether argument `index` of these may be of that kind; if not, what it should be.
    pub(super) fn takes(self, index: usize, kind: Kind, all: &[Option<Kind>]) -> Result<(), &'static str> {
        let text = (kind == Kind::Text, "a text");
        let whole = (kind == Kind::Int, "a whole number");
        let (fits, expected) = match self {
            Self::Uuid
            | Self::Choose
            | Self::Default
            | Self::Text
            | Self::UrlEncode
            | Self::Base64
            | Self::Hex
            | Self::Sha256 => (true, "any value"),
            Self::Env if index == 1 => (true, "any value"),
            Self::Pad if index == 0 => (true, "any value"),
            Self::Random | Self::Round | Self::Floor | Self::Ceil | Self::Abs => {
                (kind.is_number(), "a number")
            }
            Self::RandomText | Self::RandomHex | Self::Pad => whole,
            Self::Substring | Self::Repeat if index > 0 => whole,
            Self::Split if index == 2 => whole,
            Self::Env
            | Self::Length
            | Self::Upper
            | Self::Lower
            | Self::Trim
            | Self::Substring
            | Self::Split
            | Self::Replace
            | Self::Contains
            | Self::StartsWith
            | Self::EndsWith
            | Self::Repeat
            | Self::Duration
            | Self::Rate
            | Self::Share
            | Self::Size
            | Self::Base64Decode => text,
            Self::Int | Self::Float => (kind.is_number() || kind == Kind::Text, "a number or a text"),
            Self::Min | Self::Max => {
                let first = all.first().copied().flatten();
                let fits = kinds::of_operator(Operator::Less, first, Some(kind)).is_ok();
                let expected =
                    if index == 0 { "something that has an order" } else { "of the first argument's kind" };
                (fits, expected)
            }
        };
        if fits { Ok(()) } else { Err(expected) }
    }

    /// The kind of its value, where that is known.
    pub(super) fn kind(self, arguments: &[Option<Kind>]) -> Option<Kind> {
        match self {
            Self::Length | Self::Int | Self::Round | Self::Floor | Self::Ceil => Some(Kind::Int),
            Self::Float => Some(Kind::Float),
            Self::Contains | Self::StartsWith | Self::EndsWith => Some(Kind::Bool),
            Self::Duration => Some(Kind::Duration),
            Self::Rate => Some(Kind::Rate),
            Self::Share => Some(Kind::Share),
            Self::Size => Some(Kind::Size),
            Self::Random if arguments.contains(&Some(Kind::Float)) => Some(Kind::Float),
            Self::Random | Self::Choose | Self::Default | Self::Min | Self::Max | Self::Abs => {
                kinds::shared(arguments)
            }
            _ => Some(Kind::Text),
        }
    }

    /// Its value for as many of these arguments as it takes; those that were not given are unset.
    ///
    /// `choose`, `default`, `min` and `max` take any number of them and are part of the walk; `env` has become a value.
    pub(super) fn apply(
        self,
        arguments: &[Value; ARGUMENTS_MAX],
        draws: &mut Draws,
    ) -> Result<Value, EvaluationError> {
        if self.is_drawn() {
            return self.drawn(arguments, draws);
        }
        match self {
            Self::Round | Self::Floor | Self::Ceil | Self::Abs | Self::Int | Self::Float => {
                self.number(&arguments[0])
            }
            Self::Duration | Self::Rate | Self::Share | Self::Size => self.quantity(&arguments[0]),
            _ => self.of_text(arguments),
        }
    }

    fn wrong(self, value: &Value) -> EvaluationError {
        EvaluationError::WrongKind { operation: self.name(), found: value.kind() }
    }

    fn out_of_range(self) -> EvaluationError {
        EvaluationError::OutOfRange { function: self.name() }
    }

    /// A count of things; negative ones have no meaning.
    fn count(self, value: &Value) -> Result<usize, EvaluationError> {
        match value {
            Value::Int(number) => usize::try_from(*number).map_err(|_| self.out_of_range()),
            other => Err(self.wrong(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sandbox;
    use super::*;

    /// The value of an expression, as it prints, or its error.
    fn check(text: &str, expected: &str) {
        let found = match sandbox::evaluate(text) {
            Ok(value) => value.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers() {
        check("min(3, 1, 2) + max(1, 2.5)", "3.5");
        check("max(1s, 500ms)", "1s");
        check("min('b', 'a')", "a");
        check("round(2.5) + floor(-0.5) + ceil(0.1)", "3");
        check("round(1e30)", "Overflow");
        check("abs(-3) + abs(-0.5)", "3.5");
        check("abs(-9223372036854775807 - 1)", "Overflow");
        check("int('42') + int(-1.9)", "41");
        check("float('1.5') + float(1)", "2.5");
        check("int(word)", "NotANumber");
        check("float('inf')", "NotANumber");
    }

    #[test]
    fn texts() {
        check("length('größe')", "5");
        check("upper('größe') + lower('ÄB')", "GRÖSSEäb");
        check("substring('größe', 1, 3)", "röß");
        check("substring('größe', 3)", "ße");
        check("substring('abc', 7, 2)", "");
        check("substring('abc', -1)", "OutOfRange { function: \"substring\" }");
        check("text(1500ms) + text(true)", "1.5strue");
        check("split('a,b', ',', 2)", "OutOfRange { function: \"split\" }");
        check("split('a', '', 0)", "OutOfRange { function: \"split\" }");
        check("replace('aaa', '', 'b')", "aaa");
        check("repeat('ab', 40000)", "TooLong");
        check("repeat('', 9223372036854775807)", "");
        check("replace(repeat('a', 60000), 'a', 'bb')", "TooLong");
        check("pad(-7, 4) + pad('abc', 2) + pad(1, 70000)", "TooLong");
        check("pad('abc', 2)", "abc");
        check("duration('5')", "NotANumber");
        check("base64-decode('*')", "OutOfRange { function: \"base64-decode\" }");
        check("base64-decode('_w')", "OutOfRange { function: \"base64-decode\" }");
        check("base64(repeat('a', 60000))", "TooLong");
        check("sha256(user.id) == sha256('3')", "true");
        check("upper(login.status)", "WrongKind { operation: \"upper\", found: Some(Int) }");
    }

    #[test]
    fn random_reaches_both_ends_and_nothing_else() {
        let mut seen = sandbox::evaluate_often("random(-1, 1)", 200);
        seen.sort_by_key(ToString::to_string);
        seen.dedup();
        assert_eq!(seen, [Value::Int(-1), Value::Int(0), Value::Int(1)]);
        for value in sandbox::evaluate_often("random(1, 2.5)", 200) {
            assert!(matches!(value, Value::Float(number) if (1.0..=2.5).contains(&number)), "{value}");
        }
        check("random(7, 7)", "7");
        check("random(5, 1)", "OutOfRange { function: \"random\" }");
        check("abs(random(-9223372036854775807 - 1, 9223372036854775807)) > 1000", "true");
        check("random(word, 1)", "WrongKind { operation: \"random\", found: Some(Text) }");
    }

    #[test]
    fn choose_takes_each() {
        let mut seen = sandbox::evaluate_often("choose('a', 2, 3s)", 100);
        seen.sort_by_key(ToString::to_string);
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        for value in sandbox::evaluate_often("uuid()", 100) {
            let text = value.to_string();
            let parts: Vec<&str> = text.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{text}");
            assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{text}");
        }
        let mut all = sandbox::evaluate_often("uuid()", 1000);
        all.sort_by_key(ToString::to_string);
        all.dedup();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn drawn_texts_have_their_length_and_letters() {
        for value in sandbox::evaluate_often("random-text(12)", 50) {
            let text = value.to_string();
            assert_eq!(text.len(), 12, "{text}");
            assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{text}");
        }
        let mut seen: Vec<char> = sandbox::evaluate_often("random-hex(40)", 50)
            .iter()
            .flat_map(|v| v.to_string().chars().collect::<Vec<_>>())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.iter().collect::<String>(), "0123456789abcdef");
        check("random-text(0)", "");
        check("random-text(-1)", "OutOfRange { function: \"random-text\" }");
        check("random-text(9223372036854775807)", "TooLong");
    }

    #[test]
    fn the_table_has_every_function_once_in_order_with_a_sample_that_is_true() {
        for (index, spec) in FUNCTIONS.iter().enumerate() {
            assert_eq!(spec.function as usize, index, "{}", spec.name);
            assert_eq!(find(spec.name), Some(spec.function), "{}", spec.name);
            assert!(spec.summary.ends_with('.') && spec.sample.starts_with(spec.name), "{}", spec.name);
            match sandbox::evaluate(spec.sample) {
                Ok(value) if !spec.gives.is_empty() => {
                    assert_eq!(value.to_string(), spec.gives, "{}", spec.sample);
                }
                Ok(_) => assert!(spec.function.is_drawn(), "{}: says not what it gives", spec.name),
                Err(error) => panic!("{}: {error}", spec.sample),
            }
        }
    }

    #[test]
    fn what_a_function_says_of_kinds_at_load_is_what_it_does() {
        for spec in FUNCTIONS.iter().filter(|spec| !spec.gives.is_empty()) {
            let expression = sandbox::compile(spec.sample).expect("it compiles");
            let value = sandbox::evaluate(spec.sample).expect("it has a value");
            if let Some(kind) = expression.kind() {
                assert_eq!(value.kind(), Some(kind), "{}", spec.sample);
            }
        }
    }
}
