//! Makes a tree of an expression's words, and says all that is wrong with it on the way.

use throng_components::workload::{Problems, Span};

use super::frame::{Name, Resolve};
use super::functions::{self, Function};
use super::kinds;
use super::lexer::{Lexer, Token, Word};
use super::mistake::{ExpressionMistake, Place};
use super::operators::{LEVELS, Operator, Prefix};
use super::tree::{Expression, Node};
use crate::behavior::value::{Kind, Value};

/// How deep brackets, calls, signs and conditions may be nested, so that no walk of the tree runs out of stack.
const DEPTH_MAX: usize = 64;

/// Compiles the expression from byte `start` to the end of the text.
pub(super) fn compile(
    text: &str,
    start: usize,
    place: Place,
    resolve: &mut dyn Resolve,
) -> Result<Expression, Problems> {
    let first = Token { word: Word::End, start, end: start };
    let lexer = Lexer::new(text, start, place);
    let mut parser = Parser { lexer, token: first, place, resolve, problems: Problems::new(), depth: 0 };
    let root = parser.whole();
    match root {
        Some(root) => parser.problems.or(Expression::new(root.node, root.kind)),
        None => Err(parser.problems),
    }
}

/// A part of the tree, what is known of its value, and where it stands.
struct Part {
    node: Node,
    /// `None` when only the run knows it.
    kind: Option<Kind>,
    start: usize,
    end: usize,
}

/// Every method gives `None` after a mistake that makes the rest unreadable; other mistakes are noted, and reading goes
/// on as if the kind were not known.
struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The word that is looked at.
    token: Token<'a>,
    place: Place,
    resolve: &'a mut dyn Resolve,
    problems: Problems,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Option<Part> {
        self.advance()?;
        let root = self.condition()?;
        if self.token.word == Word::End { Some(root) } else { self.unexpected("an operator or the end") }
    }

    /// Goes to the next word; gives the one that was looked at.
    fn advance(&mut self) -> Option<Token<'a>> {
        match self.lexer.next() {
            Ok(next) => Some(std::mem::replace(&mut self.token, next)),
            Err(mistake) => {
                self.problems.push(mistake);
                None
            }
        }
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token.word, Word::Sign(found) if found == sign)
    }

    fn expect(&mut self, sign: &'static str, expected: &'static str) -> Option<Token<'a>> {
        if self.is(sign) { self.advance() } else { self.unexpected(expected) }
    }

    fn unexpected<T>(&mut self, expected: &'static str) -> Option<T> {
        let found = match &self.token.word {
            Word::Literal(value) => value.to_string(),
            Word::Name(name) => (*name).to_owned(),
            Word::Sign(sign) => (*sign).to_owned(),
            Word::End => String::new(),
        };
        self.problems.push(ExpressionMistake::Syntax { span: self.here(), found, expected });
        None
    }

    /// Where the word stands that is looked at.
    fn here(&self) -> Span {
        self.place.span(self.token.start, self.token.end)
    }

    fn span(&self, part: &Part) -> Span {
        self.place.span(part.start, part.end)
    }

    /// Goes one level deeper, where that is allowed.
    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth <= DEPTH_MAX {
            return Some(());
        }
        self.problems.push(ExpressionMistake::TooDeep { span: self.here(), most: DEPTH_MAX });
        None
    }

    /// `a` or `a ? b : c`.
    fn condition(&mut self) -> Option<Part> {
        let condition = self.chain(0)?;
        if !self.is("?") {
            return Some(condition);
        }
        let sign = self.here();
        if let Some(kind) = condition.kind.filter(|kind| *kind != Kind::Bool) {
            let left = Some((kind, self.span(&condition)));
            let mistake = ExpressionMistake::WrongOperand { span: sign, operator: "?", left, right: None };
            self.problems.push(mistake);
        }
        self.enter()?;
        self.advance()?;
        let then = self.condition()?;
        self.expect(":", "`:` and the other value")?;
        let otherwise = self.condition()?;
        self.depth -= 1;
        Some(Part {
            kind: kinds::shared(&[then.kind, otherwise.kind]),
            start: condition.start,
            end: otherwise.end,
            node: Node::Condition(Box::new([condition.node, then.node, otherwise.node])),
        })
    }

    /// Operators of one level, and of the tighter ones between them.
    fn chain(&mut self, level: usize) -> Option<Part> {
        let Some(operators) = LEVELS.get(level) else { return self.prefixed() };
        let mut whole = self.chain(level + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = operators.iter().copied().find(|operator| self.is(operator.sign())) {
            let sign = self.here();
            self.advance()?;
            let right = self.chain(level + 1)?;
            whole.kind = self.joined(operator, sign, &whole, &right);
            whole.end = right.end;
            rest.push((operator, right.node));
        }
        if !rest.is_empty() {
            whole.node = Node::Chain(Box::new(whole.node), rest);
        }
        Some(whole)
    }

    fn joined(&mut self, operator: Operator, sign: Span, left: &Part, right: &Part) -> Option<Kind> {
        kinds::of_operator(operator, left.kind, right.kind).unwrap_or_else(|kinds::Refused| {
            self.problems.push(ExpressionMistake::WrongOperand {
                span: sign,
                operator: operator.sign(),
                left: left.kind.map(|kind| (kind, self.span(left))),
                right: right.kind.map(|kind| (kind, self.span(right))),
            });
            None
        })
    }

    fn prefixed(&mut self) -> Option<Part> {
        let Some(prefix) = [Prefix::Minus, Prefix::Not].into_iter().find(|prefix| self.is(prefix.sign()))
        else {
            return self.primary();
        };
        self.enter()?;
        let sign = self.here();
        let start = self.advance()?.start;
        let value = self.prefixed()?;
        self.depth -= 1;
        let kind = kinds::of_prefix(prefix, value.kind).unwrap_or_else(|kinds::Refused| {
            let right = value.kind.map(|kind| (kind, self.span(&value)));
            let operator = prefix.sign();
            self.problems.push(ExpressionMistake::WrongOperand { span: sign, operator, left: None, right });
            None
        });
        Some(Part { kind, start, end: value.end, node: Node::Prefix(prefix, Box::new(value.node)) })
    }

    fn primary(&mut self) -> Option<Part> {
        match self.token.word {
            Word::Literal(_) => {
                let Token { word: Word::Literal(value), start, end } = self.advance()? else { return None };
                Some(Part { kind: value.kind(), node: Node::Literal(value), start, end })
            }
            Word::Name(name) => {
                let token = self.advance()?;
                if self.is("(") { self.call(name, &token) } else { Some(self.name(name, &token)) }
            }
            Word::Sign("(") => {
                self.enter()?;
                let start = self.advance()?.start;
                let inside = self.condition()?;
                let end = self.expect(")", "an operator or `)`")?.end;
                self.depth -= 1;
                Some(Part { start, end, ..inside })
            }
            Word::Sign(_) | Word::End => self.unexpected("a value"),
        }
    }

    fn name(&mut self, path: &str, token: &Token<'_>) -> Part {
        let (start, end) = (token.start, token.end);
        if let Some(value) = self.resolve.constant(path) {
            return Part { kind: value.kind(), node: Node::Literal(value), start, end };
        }
        let (node, kind) = match self.resolve.resolve(path) {
            Some(name) => (Node::Name(name), kind_of(name)),
            None => match path {
                "true" | "false" => (Node::Literal(Value::Bool(path == "true")), Some(Kind::Bool)),
                "now" | "user.id" | "iteration" if self.resolve.before_run() => {
                    self.not_before_run(path, self.place.span(start, end));
                    (Node::Literal(Value::Unset), None)
                }
                "now" => (Node::Name(Name::Now), kind_of(Name::Now)),
                "user.id" => (Node::Name(Name::UserId), kind_of(Name::UserId)),
                "iteration" => (Node::Name(Name::Iteration), kind_of(Name::Iteration)),
                _ => {
                    self.unknown_name(path, token);
                    (Node::Literal(Value::Unset), None)
                }
            },
        };
        Part { node, kind, start, end }
    }

    fn not_before_run(&mut self, name: &str, span: Span) {
        self.problems.push(ExpressionMistake::NotBeforeRun { span, name: name.to_owned() });
    }

    fn unknown_name(&mut self, path: &str, token: &Token<'_>) {
        let mut known = self.resolve.known();
        if self.resolve.before_run() {
            let (span, name) = (self.place.span(token.start, token.end), path.to_owned());
            return self.problems.push(ExpressionMistake::UnknownParameter { span, name, known });
        }
        for own in ["now", "user.id", "iteration"] {
            if !known.iter().any(|name| name == own) {
                known.push(own.to_owned());
            }
        }
        let span = self.place.span(token.start, token.end);
        self.problems.push(ExpressionMistake::UnknownName { span, name: path.to_owned(), known });
    }

    /// A function's arguments; its name has been read.
    fn call(&mut self, name: &str, token: &Token<'_>) -> Option<Part> {
        self.enter()?;
        self.advance()?;
        let mut arguments = Vec::new();
        while !self.is(")") {
            if !arguments.is_empty() {
                self.expect(",", "`,` or `)`")?;
            }
            arguments.push(self.condition()?);
        }
        let end = self.advance()?.end;
        self.depth -= 1;
        let span = self.place.span(token.start, token.end);
        let (node, kind) = if let Some(function) = functions::find(name) {
            let kind = self.checked(function, span, &arguments);
            if function == Function::Env {
                self.environment(arguments)
            } else {
                if function.is_drawn() && self.resolve.before_run() {
                    self.not_before_run(name, span);
                }
                let nodes = arguments.into_iter().map(|argument| argument.node).collect();
                (Node::Call(function, nodes), kind)
            }
        } else {
            self.unknown_function(name, span);
            (Node::Literal(Value::Unset), None)
        };
        Some(Part { node, kind, start: token.start, end })
    }

    /// `env("NAME")` and `env("NAME", "default")`: the variable's value now, before anything runs.
    fn environment(&mut self, arguments: Vec<Part>) -> (Node, Option<Kind>) {
        let nothing = (Node::Literal(Value::Unset), None);
        let mut arguments = arguments.into_iter();
        let Some(first) = arguments.next() else { return nothing };
        let place = self.span(&first);
        let name = match first.node {
            Node::Literal(Value::Text(name)) => name,
            // An unknown name or another kind has been told of.
            Node::Literal(Value::Unset) => return nothing,
            _ if first.kind.is_some_and(|kind| kind != Kind::Text) => return nothing,
            _ => {
                self.problems.push(ExpressionMistake::UnnamedVariable { span: place });
                return nothing;
            }
        };
        if let Some(value) = self.resolve.environment(&name) {
            return (Node::Literal(Value::Text(value)), Some(Kind::Text));
        }
        if let Some(default) = arguments.next() {
            return (default.node, default.kind);
        }
        self.problems.push(ExpressionMistake::NotInEnvironment { span: place, name: name.to_string() });
        nothing
    }

    fn unknown_function(&mut self, name: &str, span: Span) {
        let (name, known) = (name.to_owned(), functions::names().collect());
        self.problems.push(ExpressionMistake::UnknownFunction { span, name, known });
    }

    /// The kind of a call's value, after a look at its arguments.
    fn checked(&mut self, function: Function, span: Span, arguments: &[Part]) -> Option<Kind> {
        let (name, (least, most)) = (function.name(), function.arity());
        let found = arguments.len();
        if !(least..=most).contains(&found) {
            self.problems.push(ExpressionMistake::WrongArgumentCount {
                span,
                function: name,
                found,
                least,
                most,
            });
            return None;
        }
        let argument_kinds: Vec<Option<Kind>> = arguments.iter().map(|argument| argument.kind).collect();
        for (index, argument) in arguments.iter().enumerate() {
            if let Some(found) = argument.kind
                && let Err(expected) = function.takes(index, found, &argument_kinds)
            {
                let span = self.span(argument);
                let function = name;
                self.problems.push(ExpressionMistake::WrongArgument { span, function, found, expected });
            }
        }
        function.kind(&argument_kinds)
    }
}

/// What is known of a name's value.
fn kind_of(name: Name) -> Option<Kind> {
    match name {
        Name::Variable(_) => None,
        Name::Now => Some(Kind::Duration),
        Name::UserId | Name::Iteration => Some(Kind::Int),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sandbox;

    /// The problems of an expression: code, message and help, in the order they were found.
    fn check(text: &str, expected: &[(&str, &str, Option<&str>)]) {
        let problems = sandbox::compile(text).expect_err(text);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.message.as_str(), problem.help.as_deref()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_and_functions() {
        let all = "word, unset, login.status, now, user.id, iteration";
        let help = format!("did you mean `word`? known: {all}");
        check("wrod", &[("T0070", "unknown name `wrod`", Some(&help))]);
        let help = "a difference is written with blanks: `word - 1`";
        check("word-1", &[("T0070", "unknown name `word-1`", Some(help))]);
        let problems = sandbox::compile("randm(1, 2)").expect_err("unknown");
        let help = problems.iter().next().and_then(|problem| problem.help.as_deref()).unwrap_or_default();
        assert!(help.starts_with("did you mean `random`?"), "{help}");
        let several = sandbox::compile("wrod + nwo").expect_err("two of them");
        assert_eq!(several.iter().count(), 2);
    }

    #[test]
    fn arguments() {
        check("random(1)", &[("T0072", "`random` takes 2 arguments, not 1", None)]);
        check("uuid(1)", &[("T0072", "`uuid` takes 0 arguments, not 1", None)]);
        check("min()", &[("T0072", "`min` takes 2 arguments or more, not 0", None)]);
        check("substring('a')", &[("T0072", "`substring` takes 2 to 3 arguments, not 1", None)]);
        check("upper(1)", &[("T0075", "`upper` does not take a whole number", None)]);
        check("min(1, 2s)", &[("T0075", "`min` does not take a duration", None)]);
        check("max(true, word)", &[("T0075", "`max` does not take true or false", None)]);
        let help = "set it, run with `--env HOME=…`, or write a default: `env('HOME', '…')`";
        check("env('HOME')", &[("T0186", "the environment has no variable `HOME`", Some(help))]);
        let help = Some("for example: `env('SHOP_TOKEN')`");
        check("env(word)", &[("T0190", "`env` does not say which variable", help)]);
        check("env(5)", &[("T0075", "`env` does not take a whole number", None)]);
    }

    #[test]
    fn syntax() {
        check("", &[("T0074", "the expression ends too early", None)]);
        check("1 +", &[("T0074", "the expression ends too early", None)]);
        check("1 2", &[("T0074", "`2` cannot stand here", None)]);
        check("(1", &[("T0074", "the expression ends too early", None)]);
        check("max(1 2)", &[("T0074", "`2` cannot stand here", None)]);
        check("max(1,)", &[("T0074", "`)` cannot stand here", None)]);
        check("true ? 1", &[("T0074", "the expression ends too early", None)]);
        check("word = 1", &[("T0074", "`=` cannot stand here", Some("`==` compares"))]);
        check("word & true", &[("T0074", "`&` cannot stand here", Some("`&&` joins two conditions"))]);
        check("'a", &[("T0074", "`'` cannot stand here", None)]);
        check("99999999999999999999", &[("T0078", "`99999999999999999999` is too large", None)]);
    }

    #[test]
    fn kinds() {
        check("1 + true", &[("T0075", "`+` does not join a whole number and true or false", None)]);
        let unit = "write the number with its unit, as in `500ms`";
        check("now > 5", &[("T0075", "`>` does not join a duration and a whole number", Some(unit))]);
        let number = "`int(…)` or `float(…)` makes a number of a text";
        check("'1' * 2", &[("T0075", "`*` does not join a text and a whole number", Some(number))]);
        check("-1s", &[("T0075", "`-` does not take a duration", None)]);
        check("!1", &[("T0075", "`!` does not take a whole number", None)]);
        check("1 ? 2 : 3", &[("T0075", "`?` does not take a whole number", None)]);
        check("word * true", &[("T0075", "`*` does not take true or false", None)]);
        check("(1 < 2) < 3", &[("T0075", "`<` does not join true or false and a whole number", None)]);
    }

    #[test]
    fn nesting_is_bounded() {
        let help = Some("`set` a variable to a part of it first");
        for (open, close) in [("(", ")"), ("abs(", ")"), ("-", ""), ("true ? ", " : 1")] {
            let text = format!("{}1{}", open.repeat(65), close.repeat(65));
            check(&text, &[("T0077", "the expression is nested deeper than 64 levels", help)]);
            let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            assert!(sandbox::compile(&text).is_err());
        }
    }
}
