//! Heads that were read lately. A server under load says the same again and again, with another date once a second: a head that is
//! byte for byte a known one means the same, and to compare it costs a twentieth of reading it.

use throng_components::sample::ErrorType;

use super::head::{Head, parse};
use super::length::{Asked, Length};
use crate::plugins::protocols::Keep;

/// Heads that are remembered: as many as a behaviour's steps mostly have.
const HEADS: usize = 4;
/// The longest head that is remembered, in bytes.
const LONGEST: usize = 1 << 10;

/// A head that was read, and what it meant.
#[derive(Debug)]
struct Known {
    bytes: Vec<u8>,
    asked: Asked,
    keep: Keep,
    status: u16,
    length: Length,
    persists: bool,
}

/// What one thread remembers.
#[derive(Debug, Default)]
pub(crate) struct KnownHeads {
    heads: Vec<Known>,
    /// The one that is forgotten next.
    oldest: usize,
}

impl KnownHeads {
    /// The head that bytes begin with, and how long it is: remembered, or read by [`parse`].
    ///
    /// # Errors
    /// As [`parse`].
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        asked: Asked,
        keep: Keep,
    ) -> Result<Option<(Head, usize)>, ErrorType> {
        let same =
            |known: &&Known| known.asked == asked && known.keep == keep && bytes.starts_with(&known.bytes);
        if let Some(Known { bytes, status, length, persists, .. }) = self.heads.iter().find(same) {
            let head = Head { status: *status, length: *length, persists: *persists, headers: None };
            return Ok(Some((head, bytes.len())));
        }
        let read = parse(bytes, asked, keep)?;
        if let Some((head, used)) = &read
            && head.headers.is_none()
            && *used <= LONGEST
        {
            self.remember(&bytes[..*used], asked, keep, head);
        }
        Ok(read)
    }

    fn remember(&mut self, bytes: &[u8], asked: Asked, keep: Keep, head: &Head) {
        let Head { status, length, persists, .. } = *head;
        if self.heads.len() < HEADS {
            self.heads.push(Known { bytes: bytes.to_vec(), asked, keep, status, length, persists });
            return;
        }
        let known = &mut self.heads[self.oldest];
        self.oldest = (self.oldest + 1) % HEADS;
        known.bytes.clear();
        known.bytes.extend_from_slice(bytes);
        *known = Known { bytes: std::mem::take(&mut known.bytes), asked, keep, status, length, persists };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(length: usize) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")
    }

    fn read(heads: &mut KnownHeads, text: &str, asked: Asked, keep: Keep) -> Option<(Length, usize, bool)> {
        let read = heads.read(text.as_bytes(), asked, keep).expect("a head");
        read.map(|(head, used)| (head.length, used, head.headers.is_some()))
    }

    #[test]
    fn what_is_remembered_is_what_is_read() {
        let (mut heads, asked, keep) = (KnownHeads::default(), Asked::default(), Keep::default());
        for round in 0..3 {
            for length in 0..=HEADS {
                let text = format!("{}body", head(length));
                let expected = (Length::Exactly(length as u64), head(length).len(), false);
                assert_eq!(read(&mut heads, &text, asked, keep), Some(expected), "{round}");
                assert_eq!(read(&mut heads, &text, asked, keep), Some(expected), "{round}, again");
            }
        }
        assert_eq!(heads.heads.len(), HEADS);
        assert_eq!(
            read(&mut heads, &head(HEADS)[..9], asked, keep),
            None,
            "a known one's beginning is not it"
        );
    }

    #[test]
    fn who_asks_counts() {
        let mut heads = KnownHeads::default();
        let (asked, keep) = (Asked::default(), Keep::default());
        let of = |bytes: u64, kept: bool| Some((Length::Exactly(bytes), head(5).len(), kept));
        for _ in 0..2 {
            assert_eq!(read(&mut heads, &head(5), asked, keep), of(5, false));
            assert_eq!(read(&mut heads, &head(5), Asked { head: true, ..asked }, keep), of(0, false));
            assert_eq!(read(&mut heads, &head(5), asked, Keep { head: true, ..keep }), of(5, true));
        }
        assert_eq!(heads.heads.len(), 2, "fields that somebody wants are read each time");
    }

    #[test]
    fn what_is_long_or_wrong_is_not_remembered() {
        let mut heads = KnownHeads::default();
        let (asked, keep) = (Asked::default(), Keep::default());
        assert!(heads.read(b"SSH-2.0", asked, keep).is_err());
        let long = format!("HTTP/1.1 204 X\r\na: {}\r\n\r\n", "b".repeat(LONGEST));
        assert!(read(&mut heads, &long, asked, keep).is_some());
        assert!(heads.heads.is_empty());
    }
}
