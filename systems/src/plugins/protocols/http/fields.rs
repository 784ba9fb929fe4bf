//! The header fields of a request, in their order, their names as they were written.

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

/// The name of a field: what it is, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName {
    known: HeaderName,
    /// `None` where it was written in lower case.
    written: Option<Arc<str>>,
}

impl FieldName {
    /// The name that a text is; `None` when it is no token.
    pub fn of(text: &str) -> Option<Self> {
        let known = HeaderName::from_bytes(text.as_bytes()).ok()?;
        let written = (known.as_str() != text).then(|| text.into());
        Some(Self { known, written })
    }

    /// The name, whatever its case.
    pub fn known(&self) -> &HeaderName {
        &self.known
    }

    /// The name as it was written.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(self.known.as_str())
    }
}

impl From<HeaderName> for FieldName {
    fn from(known: HeaderName) -> Self {
        Self { known, written: None }
    }
}

/// Header fields. A name may stand in them more than once. No value holds a line break: its type sees to that.
#[derive(Clone, Debug, Default)]
pub struct RequestFields(Vec<(FieldName, HeaderValue)>);

impl RequestFields {
    /// No fields, with room for so many.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// Puts one behind the others.
    pub fn append(&mut self, name: impl Into<FieldName>, value: HeaderValue) {
        self.0.push((name.into(), value));
    }

    /// The first one of a name.
    pub fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.all(name).next()
    }

    /// All of a name.
    pub fn all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        self.0.iter().filter(move |(known, _)| known.known == *name).map(|(_, value)| value)
    }

    /// Whether there is one of a name.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Takes all of a name out; tells whether there were any.
    pub fn remove(&mut self, name: &HeaderName) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known.known != *name);
        self.0.len() < before
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, HOST};

    use super::*;

    #[test]
    fn names_are_one_whatever_their_case_and_stay_as_they_were_written() {
        let mut fields = RequestFields::default();
        for (name, value) in [("Accept", "a"), ("X-Tenant", "b"), ("accept", "c")] {
            fields.append(FieldName::of(name).expect("a name"), HeaderValue::from_static(value));
        }
        let written: Vec<&str> = fields.iter().map(|(name, _)| name.written()).collect();
        assert_eq!(written, ["Accept", "X-Tenant", "accept"]);
        assert_eq!(fields.all(&ACCEPT).collect::<Vec<_>>(), ["a", "c"]);
        assert!(fields.remove(&ACCEPT) && !fields.remove(&HOST));
        assert_eq!(fields.iter().count(), 1);
        assert!(FieldName::of("a b").is_none() && FieldName::of("").is_none());
    }
}
