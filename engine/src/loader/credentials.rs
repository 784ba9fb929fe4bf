//! Credentials in URLs, which no message shows.

use std::borrow::Cow;

/// A text in which user and password of every URL are blotted out. It stays as long as it was, so that places in it hold.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for (scheme, _) in text.match_indices("://") {
        let start = scheme + 3;
        let ends = |letter: char| letter.is_whitespace() || ['"', '`'].contains(&letter);
        let end = text[start..].find(ends).map_or(text.len(), |length| start + length);
        // Behind the last `@` and not the first: a password may have one that is not encoded.
        if let Some(length) = text[start..end].rfind('@') {
            masked.to_mut().replace_range(start..start + length, &"*".repeat(length));
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(masked(text), expected);
        assert_eq!(text.len(), expected.len());
    }

    #[test]
    fn users_and_passwords_are_blotted_out() {
        check("proxy \"http://ann:pa:ss@h:1\" x@y", "proxy \"http://*********@h:1\" x@y");
        check("`http://a@h` and \"https://b:ü@h/p\"", "`http://*@h` and \"https://****@h/p\"");
        check("http://u:p@ss@h", "http://******@h");
        check("\"http://h/\" and ann@h", "\"http://h/\" and ann@h");
    }
}
