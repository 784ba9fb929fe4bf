//! Bodies in chunks (RFC 9112, section 7.1): read byte by byte where it matters, and in whole stretches where it does not.

use throng_components::sample::ErrorType;

use super::head::FIELDS_MOST;

/// Bytes of a body's size lines that say nothing about sizes, at most: extensions, blanks, zeros in front.
const IDLE_MOST: u16 = 16 << 10;
/// Bytes of the fields behind the last chunk, at most.
const TRAILER_MOST: usize = 16 << 10;
/// Digits of the largest size.
const DIGITS: u8 = 16;

/// Where in a body the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The first digit of a size.
    #[default]
    SizeStart,
    /// Further digits, or what may follow them.
    Size,
    /// Blanks behind a size: no digit may follow.
    SizeBlank,
    /// Behind a `;`.
    Extension,
    /// The line feed that ends a size line.
    SizeEnd,
    /// A chunk.
    Data,
    /// The end of a chunk's line.
    DataReturn,
    DataEnd,
    /// The first byte of a line behind the last chunk.
    LineStart,
    /// Further bytes of it.
    Line,
    LineEnd,
    /// The last line feed.
    LastEnd,
    /// Behind the body.
    Over,
}

/// A body in chunks, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    /// Bytes of the chunk that are still to come; while its size is read, the size so far.
    left: u64,
    /// Digits of the size so far.
    digits: u8,
    idle: u16,
    /// The fields behind the last chunk. They are held against the standard and then forgotten: nobody asks for them.
    trailer: Vec<u8>,
}

impl Chunked {
    /// Whether all of it has come.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// Takes what of `bytes` belongs to the body, and tells how many they are. Each stretch of content goes to `content`.
    ///
    /// # Errors
    /// When this is no body in chunks, or what `content` says.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut content: impl FnMut(&[u8]) -> Result<(), ErrorType>,
    ) -> Result<usize, ErrorType> {
        let mut rest = bytes;
        while !self.is_over()
            && let Some((byte, behind)) = rest.split_first()
        {
            if self.place == Place::Data {
                let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                let (data, behind) = rest.split_at(length);
                content(data)?;
                self.left -= length as u64;
                if self.left == 0 {
                    self.place = Place::DataReturn;
                }
                rest = behind;
            } else {
                self.place = self.step(*byte)?;
                rest = behind;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// The place behind a byte that is no content.
    fn step(&mut self, byte: u8) -> Result<Place, ErrorType> {
        match (self.place, byte) {
            (Place::SizeStart, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                (self.left, self.digits) = (0, 0);
                self.digit(byte)
            }
            (Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (Place::Size | Place::SizeBlank, b' ' | b'\t') => self.idle(Place::SizeBlank),
            (Place::Size | Place::SizeBlank, b';') => self.idle(Place::Extension),
            (Place::Size | Place::SizeBlank | Place::Extension, b'\r') => Ok(Place::SizeEnd),
            // A bare line feed ends no line of a body: where one reader sees an extension or a field, another could see a chunk.
            (Place::Extension, byte) if byte != b'\n' => self.idle(Place::Extension),
            (Place::SizeEnd, b'\n') if self.left == 0 => Ok(Place::LineStart),
            (Place::SizeEnd, b'\n') => Ok(Place::Data),
            (Place::DataReturn, b'\r') => Ok(Place::DataEnd),
            (Place::DataEnd, b'\n') => Ok(Place::SizeStart),
            (Place::LineStart, b'\r') => Ok(Place::LastEnd),
            (Place::LineStart | Place::Line, byte) if byte != b'\n' => {
                self.keep(byte)?;
                Ok(if byte == b'\r' { Place::LineEnd } else { Place::Line })
            }
            (Place::LineEnd, b'\n') => self.keep(byte).map(|()| Place::LineStart),
            (Place::LastEnd, b'\n') => self.judge_trailer().map(|()| Place::Over),
            _ => Err(ErrorType::PROTOCOL),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<Place, ErrorType> {
        let digit = char::from(byte).to_digit(16).ok_or(ErrorType::PROTOCOL)?;
        let size = self.left.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
        self.left = size.ok_or(ErrorType::PROTOCOL)?;
        self.digits = self.digits.saturating_add(1);
        if self.digits > DIGITS { self.idle(Place::Size) } else { Ok(Place::Size) }
    }

    fn idle(&mut self, place: Place) -> Result<Place, ErrorType> {
        self.idle += 1;
        if self.idle > IDLE_MOST { Err(ErrorType::PROTOCOL) } else { Ok(place) }
    }

    fn keep(&mut self, byte: u8) -> Result<(), ErrorType> {
        if self.trailer.len() >= TRAILER_MOST {
            return Err(ErrorType::PROTOCOL);
        }
        self.trailer.push(byte);
        Ok(())
    }

    fn judge_trailer(&mut self) -> Result<(), ErrorType> {
        if self.trailer.is_empty() {
            return Ok(());
        }
        let mut trailer = std::mem::take(&mut self.trailer);
        trailer.extend_from_slice(b"\r\n");
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MOST];
        match httparse::parse_headers(&trailer, &mut fields) {
            Ok(httparse::Status::Complete((length, _))) if length == trailer.len() => Ok(()),
            _ => Err(ErrorType::PROTOCOL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of bytes that come in one piece, or in two, or each by itself: content and how many were used.
    fn read(parts: &[&[u8]]) -> Result<(String, usize, bool), ErrorType> {
        let (mut chunked, mut content, mut used) = (Chunked::default(), Vec::new(), 0);
        for part in parts {
            used += chunked.take(part, |data| {
                content.extend_from_slice(data);
                Ok(())
            })?;
        }
        Ok((String::from_utf8_lossy(&content).into_owned(), used, chunked.is_over()))
    }

    /// `expected`: the content, what is left behind it, and whether the body is over.
    fn check(text: &str, expected: Result<(&str, &str, bool), ErrorType>) {
        let bytes = text.as_bytes();
        let expected =
            expected.map(|(content, behind, over)| (content.to_owned(), text.len() - behind.len(), over));
        for at in 0..=bytes.len() {
            assert_eq!(read(&[&bytes[..at], &bytes[at..]]), expected, "{text:?} parted at {at}");
        }
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&each), expected, "{text:?} byte by byte");
    }

    #[test]
    fn chunks_are_put_together() {
        check("5\r\nhello\r\n0\r\n\r\n", Ok(("hello", "", true)));
        check("2\r\nhe\r\n03\r\nllo\r\n000\r\n\r\n", Ok(("hello", "", true)));
        check("A\r\n0123456789\r\n0\r\n\r\nHTTP/1.1", Ok(("0123456789", "HTTP/1.1", true)));
        check("0\r\n\r\n", Ok(("", "", true)));
        check("5\r\nhel", Ok(("hel", "", false)));
        check("1;a=b;c=\"d\"\r\nx\r\n0 ;y\r\n\r\n", Ok(("x", "", true)));
        check("1 \t\r\nx\r\n0\r\n\r\n", Ok(("x", "", true)));
    }

    #[test]
    fn fields_behind_the_last_chunk_are_held_against_the_standard() {
        check("0\r\na: b\r\nc:\r\n\r\n", Ok(("", "", true)));
        check("0\r\na b: c\r\n\r\n", Err(ErrorType::PROTOCOL));
        check("0\r\na: b\r\n c\r\n\r\n", Err(ErrorType::PROTOCOL));
        check("0\r\na: b\rc\r\n\r\n", Err(ErrorType::PROTOCOL));
        check("0\r\na\r\n\r\n", Err(ErrorType::PROTOCOL));
        check("0\r\na: b\nc: d\r\n\r\n", Err(ErrorType::PROTOCOL));
        check("0\r\n\n", Err(ErrorType::PROTOCOL));
        check(&format!("0\r\n{}\r\n", "a:\r\n".repeat(FIELDS_MOST)), Ok(("", "", true)));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for text in [
            "\r\n",
            "x",
            "-1\r\n",
            "0x5\r\n",
            "1\nx",
            "1;a\nx",
            "1 2\r\n",
            "1\rx",
            "1\r\nxy",
            "1\r\nx\rz",
            "0\r\n\rx",
        ] {
            check(text, Err(ErrorType::PROTOCOL));
        }
        check("ffffffffffffffff\r\nab", Ok(("ab", "", false)));
        check("10000000000000000\r\n", Err(ErrorType::PROTOCOL));
    }

    #[test]
    fn what_says_nothing_has_a_bound() {
        let long = usize::from(IDLE_MOST);
        let refused = |text: String| assert_eq!(read(&[text.as_bytes()]), Err(ErrorType::PROTOCOL));
        refused(format!("1;{}", "x".repeat(long)));
        refused(format!("1{}", " ".repeat(long + 1)));
        refused("0".repeat(long + usize::from(DIGITS) + 1));
        refused(format!("1;{}\r\nx\r\n", "x".repeat(9)).repeat(long / 10 + 1));
        refused(format!("0\r\nx: {}\r\n\r\n", "y".repeat(TRAILER_MOST)));
        refused(format!("0\r\n{}\r\n", "a:\r\n".repeat(FIELDS_MOST + 1)));
    }
}
