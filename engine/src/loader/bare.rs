//! Texts without quotes that KDL takes apart, or for a comment, or for a block.

/// How long the path or address is that a text begins with, as its first word tells: one that has a slash and is no
/// quantity, or a scheme, whose slashes would begin a comment.
pub(super) fn address_length(text: &str, word: usize) -> Option<usize> {
    let first = text.get(..word)?;
    let path = first.contains('/') && !first.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let scheme = ["http:", "https:"].contains(&first) && text[word..].starts_with("//");
    (path || scheme).then(|| {
        let ends = |c: char| c.is_whitespace() || "{}();\"".contains(c);
        let (mut length, line) = (0, text.lines().next().unwrap_or_default());
        while let Some(end) = line[length..].find(ends) {
            length += end;
            // A `${…}` is part of it.
            let value = line[..length].ends_with('$') && line[length..].starts_with('{');
            match line[length..].find('}').filter(|_| value) {
                Some(closed) => length += closed + 1,
                None => return length,
            }
        }
        line.len()
    })
}

/// How long the text is that has a `${…}` and no quotes, and begins with a word that a brace follows at once.
pub(super) fn expression_length(text: &str, word: usize) -> Option<usize> {
    if !text.get(..word)?.ends_with('$') || !text[word..].starts_with('{') {
        return None;
    }
    let line = text.lines().next()?;
    let closed = word + line[word..].find('}')? + 1;
    let ends = |c: char| c.is_whitespace() || u8::try_from(c).is_ok_and(ends_word);
    Some(line[closed..].find(ends).map_or(line.len(), |more| closed + more))
}

/// Whether a byte ends a bare word.
pub(super) fn ends_word(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'(' | b')' | b'[' | b']' | b';' | b'=' | b'"' | b'#' | b'\\')
}
