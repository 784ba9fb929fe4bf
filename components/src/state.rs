//! What lives during a run and can be saved: written down piece by piece, and taken up again in another process.
//!
//! State is restored *into* what the workload makes anew. So what is declared is never saved, and a type names both: what of
//! it is state, and what is declared.
//!
//! ```
//! use throng_components::state::{State, StateReader, StateWriter};
//!
//! struct Lamp {
//!     colour: &'static str,
//!     lit: u64,
//! }
//!
//! throng_components::state_of!(Lamp { saved: lit; declared: colour });
//!
//! let mut writer = StateWriter::default();
//! Lamp { colour: "red", lit: 7 }.save(&mut writer);
//! let bytes = writer.finish().unwrap();
//! let mut lamp = Lamp { colour: "red", lit: 0 };
//! lamp.restore(&mut StateReader::new(&bytes)).unwrap();
//! assert_eq!(lamp.lit, 7);
//! ```

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that can be saved and restored. What it writes it reads, piece by piece.
pub trait State {
    /// Writes it down, and changes nothing. A plug-in lends its state out once for both, and so to be changed.
    fn save(&mut self, writer: &mut StateWriter);

    /// Takes it over from where it was written, into what was declared alike.
    ///
    /// # Errors
    /// When what was written is something else.
    fn restore(&mut self, reader: &mut StateReader<'_>) -> Result<(), NotRestored>;
}

/// Where state is written.
#[derive(Debug, Default)]
pub struct StateWriter {
    bytes: Vec<u8>,
    failed: Option<postcard::Error>,
}

impl StateWriter {
    /// Writes a value.
    pub fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        if self.failed.is_some() {
            return;
        }
        match postcard::to_extend(value, std::mem::take(&mut self.bytes)) {
            Ok(bytes) => self.bytes = bytes,
            Err(error) => self.failed = Some(error),
        }
    }

    /// All that was written.
    ///
    /// # Errors
    /// When a value could not be written: no type of throng's own is so, a plug-in's may be.
    pub fn finish(self) -> Result<Vec<u8>, NotSaved> {
        self.failed.map_or(Ok(self.bytes), |error| Err(NotSaved(error.to_string())))
    }
}

/// Why a state could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSaved(String);

impl fmt::Display for NotSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where state is read from.
#[derive(Debug)]
pub struct StateReader<'a> {
    rest: &'a [u8],
}

impl<'a> StateReader<'a> {
    /// Reads what a writer wrote.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next value. A length that is written is never trusted: no more is taken from memory than there are bytes left.
    ///
    /// # Errors
    /// When what stands there is no such value.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, NotRestored> {
        let (value, rest) = postcard::take_from_bytes(self.rest).map_err(NotRestored::Encoding)?;
        self.rest = rest;
        Ok(value)
    }

    /// The end is reached.
    ///
    /// # Errors
    /// When something is left.
    pub fn end(&self) -> Result<(), NotRestored> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotRestored::Other("something is left over")) }
    }
}

/// Why a state could not be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRestored {
    /// What stands there is no such value.
    Encoding(postcard::Error),
    /// It is the state of something that is declared otherwise.
    Other(&'static str),
}

impl fmt::Display for NotRestored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(error) => write!(f, "{error}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// As many as were declared, in their order.
impl<T: State> State for Vec<T> {
    fn save(&mut self, writer: &mut StateWriter) {
        writer.put(&(self.len() as u64));
        for one in self {
            one.save(writer);
        }
    }

    fn restore(&mut self, reader: &mut StateReader<'_>) -> Result<(), NotRestored> {
        if reader.take::<u64>()? != self.len() as u64 {
            return Err(NotRestored::Other("there are more of a kind, or fewer, than the workload declares"));
        }
        self.iter_mut().try_for_each(|one| one.restore(reader))
    }
}

/// What some runs have and others do not: what is not asked for any more is left, and what was not there begins anew.
impl<T: State> State for Option<Box<T>> {
    fn save(&mut self, writer: &mut StateWriter) {
        let state = self.as_mut().map(|state| {
            let mut writer = StateWriter::default();
            state.save(&mut writer);
            writer
        });
        if let Some(Some(failed)) = state.as_ref().map(|state| &state.failed) {
            writer.failed = Some(failed.clone());
        }
        writer.put(&state.map(|state| state.bytes));
    }

    fn restore(&mut self, reader: &mut StateReader<'_>) -> Result<(), NotRestored> {
        match (reader.take::<Option<Vec<u8>>>()?, self) {
            (Some(bytes), Some(state)) => {
                let mut reader = StateReader::new(&bytes);
                state.restore(&mut reader)?;
                reader.end()
            }
            _ => Ok(()),
        }
    }
}

/// Says which fields of a type are state (`saved`), which hold state of their own (`within`) and which are declared or
/// empty whenever it is saved. A field that is left out does not compile.
#[macro_export]
macro_rules! state_of {
    ($type:ty {
        $(saved: $($saved:ident),+ ;)?
        $(within: $($within:ident),+ ;)?
        $(declared: $($declared:ident),+)?
    }) => {
        impl $crate::state::State for $type {
            fn save(&mut self, writer: &mut $crate::state::StateWriter) {
                let Self { $($($saved,)+)? $($($within,)+)? $($($declared: _,)+)? } = self;
                let _ = &writer;
                $($(writer.put(&*$saved);)+)?
                $($($crate::state::State::save($within, writer);)+)?
            }

            fn restore(
                &mut self,
                reader: &mut $crate::state::StateReader<'_>,
            ) -> Result<(), $crate::state::NotRestored> {
                let Self { $($($saved,)+)? $($($within,)+)? $($($declared: _,)+)? } = self;
                let _ = &reader;
                $($(*$saved = reader.take()?;)+)?
                $($($crate::state::State::restore($within, reader)?;)+)?
                Ok(())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Inner {
        count: u64,
        text: String,
    }

    state_of!(Inner { saved: count, text; });

    #[derive(Default)]
    struct Outer {
        parts: Vec<Inner>,
        number: u128,
        limit: u8,
    }

    state_of!(Outer { saved: number; within: parts; declared: limit });

    fn outer(parts: usize) -> Outer {
        Outer { parts: std::iter::repeat_with(Inner::default).take(parts).collect(), number: 0, limit: 9 }
    }

    fn saved() -> Vec<u8> {
        let mut outer = outer(2);
        outer.number = u128::MAX;
        outer.parts[1] = Inner { count: 5, text: "x".to_owned() };
        let mut writer = StateWriter::default();
        outer.save(&mut writer);
        writer.finish().expect("it can be written")
    }

    fn restore(bytes: &[u8], parts: usize) -> Result<Outer, NotRestored> {
        let (mut outer, mut reader) = (outer(parts), StateReader::new(bytes));
        outer.restore(&mut reader)?;
        reader.end().map(|()| outer)
    }

    #[test]
    fn what_is_saved_is_restored_into_what_is_declared() {
        let found = restore(&saved(), 2).expect("it can be read");
        assert_eq!((found.number, found.limit), (u128::MAX, 9));
        assert_eq!((found.parts[1].count, found.parts[1].text.as_str()), (5, "x"));
    }

    #[test]
    fn what_is_declared_otherwise_is_refused() {
        assert!(matches!(restore(&saved(), 3), Err(NotRestored::Other(_))));
        let mut more = saved();
        more.push(0);
        assert!(matches!(restore(&more, 2), Err(NotRestored::Other(_))));
        for length in 0..saved().len() {
            assert!(matches!(restore(&saved()[..length], 2), Err(NotRestored::Encoding(_))), "{length}");
        }
    }

    #[test]
    fn a_length_that_is_a_lie_takes_no_memory() {
        let mut writer = StateWriter::default();
        writer.put(&u64::MAX);
        let bytes = writer.finish().expect("it can be written");
        assert!(StateReader::new(&bytes).take::<Vec<u64>>().is_err());
        assert!(StateReader::new(&bytes).take::<String>().is_err());
    }
}
