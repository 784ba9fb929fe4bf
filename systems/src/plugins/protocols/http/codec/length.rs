//! How long an answer's body is, by its request, its status and its fields (RFC 9112, section 6.3).

use throng_components::sample::ErrorType;

/// What of a request the length of its answer depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The method is HEAD: an answer says how long its body would be, and has none.
    pub(crate) head: bool,
    /// The method is CONNECT: what follows a success is no HTTP.
    pub(crate) connect: bool,
    /// It asks for another protocol.
    pub(crate) upgrades: bool,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// So many bytes; none where there is no body.
    Exactly(u64),
    /// It comes in chunks, each with its length.
    Chunked,
    /// It ends with the connection.
    UntilClose,
}

/// What `Content-Length` says, in all its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Declared {
    /// There is none.
    #[default]
    Nothing,
    /// So many bytes, by each of them.
    Bytes(u64),
    /// No number, or several.
    Nonsense,
}

/// What `Transfer-Encoding` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    /// There is none.
    #[default]
    Nothing,
    /// Its last one is `chunked`.
    Chunked,
    /// Its last one is another.
    Other,
}

impl Declared {
    /// Takes one more field: a number, or a list of the same one.
    pub(super) fn note(self, value: &[u8]) -> Self {
        value.split(|byte| *byte == b',').fold(self, |known, item| match (known, digits(item.trim_ascii())) {
            (Self::Nothing, Some(bytes)) => Self::Bytes(bytes),
            (Self::Bytes(known), Some(bytes)) if known == bytes => Self::Bytes(bytes),
            _ => Self::Nonsense,
        })
    }
}

/// A number of nothing but digits: `+5` is none.
fn digits(text: &[u8]) -> Option<u64> {
    let number = |total: u64, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        total.checked_mul(10)?.checked_add(digit)
    };
    if text.is_empty() { None } else { text.iter().try_fold(0, number) }
}

impl Coding {
    /// What one more field of it comes to: the last one counts.
    pub(super) fn of(value: &[u8]) -> Self {
        let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
        let chunked = value.is_ascii() && last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        if chunked { Self::Chunked } else { Self::Other }
    }
}

/// How long the body of a final answer is.
///
/// # Errors
/// When its fields contradict each other, or the standard: nobody can tell where it ends.
pub(super) fn length(
    asked: Asked,
    status: u16,
    is_old: bool,
    coding: Coding,
    declared: Declared,
) -> Result<Length, ErrorType> {
    let bare = matches!(status, 101 | 204 | 304) || asked.head;
    if bare || (asked.connect && (200..300).contains(&status)) {
        return Ok(Length::Exactly(0));
    }
    match (coding, declared) {
        // HTTP/1.0 has no codings: whoever sends one has taken it from elsewhere.
        (Coding::Chunked | Coding::Other, _) if is_old => Err(ErrorType::PROTOCOL),
        (Coding::Chunked, _) => Ok(Length::Chunked),
        (Coding::Other, _) | (Coding::Nothing, Declared::Nothing) => Ok(Length::UntilClose),
        (Coding::Nothing, Declared::Bytes(bytes)) => Ok(Length::Exactly(bytes)),
        (Coding::Nothing, Declared::Nonsense) => Err(ErrorType::PROTOCOL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(values: &[&str]) -> Declared {
        values.iter().fold(Declared::Nothing, |known, value| known.note(value.as_bytes()))
    }

    #[test]
    fn declared_lengths() {
        let check =
            |values: &[&str], expected: Declared| assert_eq!(declared(values), expected, "{values:?}");
        check(&[], Declared::Nothing);
        check(&["5"], Declared::Bytes(5));
        check(&["5", "5"], Declared::Bytes(5));
        check(&["5, 5 ,\t5"], Declared::Bytes(5));
        check(&["005"], Declared::Bytes(5));
        check(&["18446744073709551615"], Declared::Bytes(u64::MAX));
        for nonsense in [&["5", "6"][..], &["5,6"], &["x", "5"], &[""], &["5,"], &["+5"], &["-5"], &["5 5"]] {
            check(nonsense, Declared::Nonsense);
        }
        check(&["18446744073709551616"], Declared::Nonsense);
    }

    #[test]
    fn codings() {
        let check =
            |value: &str, expected: Coding| assert_eq!(Coding::of(value.as_bytes()), expected, "{value}");
        check("chunked", Coding::Chunked);
        check("gzip , Chunked ", Coding::Chunked);
        check("chunked, gzip", Coding::Other);
        check("", Coding::Other);
        check("\u{fc}, chunked", Coding::Other);
    }

    fn check(asked: Asked, status: u16, fields: (Coding, Declared), expected: Result<Length, ErrorType>) {
        let found = length(asked, status, false, fields.0, fields.1);
        assert_eq!(found, expected, "{asked:?} {status} {fields:?}");
    }

    #[test]
    fn lengths() {
        let (plain, ten) = (Asked::default(), Declared::Bytes(10));
        check(plain, 200, (Coding::Nothing, ten), Ok(Length::Exactly(10)));
        check(plain, 200, (Coding::Chunked, ten), Ok(Length::Chunked));
        check(plain, 200, (Coding::Chunked, Declared::Nonsense), Ok(Length::Chunked));
        check(plain, 200, (Coding::Other, ten), Ok(Length::UntilClose));
        check(plain, 200, (Coding::Nothing, Declared::Nothing), Ok(Length::UntilClose));
        check(plain, 200, (Coding::Nothing, Declared::Nonsense), Err(ErrorType::PROTOCOL));
        for status in [101, 204, 304] {
            check(plain, status, (Coding::Chunked, Declared::Nonsense), Ok(Length::Exactly(0)));
        }
        let head = Asked { head: true, ..plain };
        check(head, 200, (Coding::Nothing, ten), Ok(Length::Exactly(0)));
        let connect = Asked { connect: true, ..plain };
        check(connect, 200, (Coding::Nothing, ten), Ok(Length::Exactly(0)));
        check(connect, 502, (Coding::Nothing, ten), Ok(Length::Exactly(10)));
        let old = |coding| length(plain, 200, true, coding, ten);
        assert_eq!(old(Coding::Nothing), Ok(Length::Exactly(10)));
        assert_eq!([old(Coding::Chunked), old(Coding::Other)], [Err(ErrorType::PROTOCOL); 2]);
    }
}
