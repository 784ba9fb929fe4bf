//! The body of an answer, as far as it has come.

use throng_components::sample::ErrorType;

use super::chunked::Chunked;
use super::length::Length;

/// A body that is being read.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes are still to come.
    Exactly(u64),
    /// It comes in chunks.
    Chunked(Chunked),
    /// All that comes belongs to it.
    UntilClose,
}

impl Body {
    /// A body none of which has come.
    pub(super) fn new(length: Length) -> Self {
        match length {
            Length::Exactly(bytes) => Self::Exactly(bytes),
            Length::Chunked => Self::Chunked(Chunked::default()),
            Length::UntilClose => Self::UntilClose,
        }
    }

    /// Whether all of it has come. One that ends with the connection never has.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Exactly(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_over(),
            Self::UntilClose => false,
        }
    }

    /// Takes what of `bytes` belongs to it, and tells how many they are.
    ///
    /// # Errors
    /// When this is not its form, or what `content` says.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut content: impl FnMut(&[u8]) -> Result<(), ErrorType>,
    ) -> Result<usize, ErrorType> {
        match self {
            Self::Exactly(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                content(&bytes[..length])?;
                *left -= length as u64;
                Ok(length)
            }
            Self::Chunked(chunked) => chunked.take(bytes, content),
            Self::UntilClose => content(bytes).map(|()| bytes.len()),
        }
    }
}
