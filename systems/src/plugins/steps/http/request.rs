//! The request an `http` step sends: made once where it holds no variables, else for each attempt.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Uri};
use throng_components::workload::{Problem, Span};

use super::mistake::HttpMistake;
use super::multipart::Parted;
use super::read::Body;
use super::whole_url::own_front;
use crate::behavior::{Escape, EvaluationError, Frame, RequestTemplate, Template, resolve};
use crate::plugins::protocols::{Elsewhere, FieldName, HttpRequest, Rendered, Request, RequestFields};

/// What a request is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) method: Method,
    /// The target's own place.
    pub(super) home: Elsewhere,
    /// The target's own path, in front of the step's.
    pub(super) base: String,
    /// How many bytes in front of the path name the target, where it is written as a whole URL.
    pub(super) front: usize,
    pub(super) path: Template,
    pub(super) headers: Vec<(FieldName, Template)>,
    pub(super) body: Option<Body>,
}

/// A body as it is sent, and its media type where it has one of its own.
#[derive(Default)]
struct Written {
    bytes: Bytes,
    kind: Option<HeaderValue>,
}

impl Written {
    fn of(text: String, kind: Option<&'static str>) -> Self {
        Self { bytes: Bytes::from(text), kind: kind.map(HeaderValue::from_static) }
    }

    fn of_parts(parted: Parted) -> Self {
        let kind = format!("multipart/form-data; boundary={}", parted.boundary);
        Self { bytes: Bytes::from(parted.body), kind: HeaderValue::try_from(kind).ok() }
    }
}

impl Body {
    /// What it is every time, when it holds no places for values.
    fn constant(&self) -> Option<Written> {
        Some(match self {
            Self::Text(template, _) => Written::of(template.constant()?.to_owned(), None),
            Self::Json(json) => Written::of(json.constant()?, Some(JSON)),
            Self::Form(form) => Written::of(form.constant()?, Some(FORM)),
            Self::Multipart(parts) => Written::of_parts(parts.constant()?),
        })
    }

    /// How long it is every time, in bytes; `None` where that varies.
    pub(super) fn constant_length(&self) -> Option<usize> {
        self.constant().map(|written| written.bytes.len())
    }

    /// What it is with a user's values.
    fn render(&self, frame: &mut Frame<'_>) -> Result<Written, EvaluationError> {
        let mut text = String::new();
        let kind = match self {
            Self::Text(template, escape) => template.render(frame, *escape, &mut text).map(|()| None)?,
            Self::Json(json) => json.render(frame, &mut text).map(|()| Some(JSON))?,
            Self::Form(form) => form.render(frame, &mut text).map(|()| Some(FORM))?,
            Self::Multipart(parts) => return parts.render(frame).map(Written::of_parts),
        };
        Ok(Written::of(text, kind))
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A request that is the same every time.
#[derive(Debug)]
struct Constant(Arc<dyn Request>);

impl RequestTemplate for Constant {
    fn render(&self, _: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        Ok(Rendered::Lent(&self.0))
    }
}

impl Parts {
    /// The template: a request made now where nothing in it varies.
    pub(super) fn compile(mut self, path: Span) -> Result<Box<dyn RequestTemplate>, Problem> {
        let (known, whole) = (self.path.front(), self.path.constant().is_some());
        self.front = own_front(known, whole, &self.home, &self.base, path)?;
        // What begins with an expression is looked at when there is a value.
        if (whole || !known.is_empty()) && !self.begins_well(&known[self.front..]) {
            return Err(HttpMistake::Path { span: path, found: known.to_owned() }.into());
        }
        let body = self.body.as_ref().map_or(Some(Written::default()), Body::constant);
        let headers = self.constant_fields();
        let constant_path = self.path.constant().map(|text| self.behind_base(&text[self.front..]));
        if let Some(text) = &constant_path
            && text.parse::<Uri>().is_err()
        {
            return Err(HttpMistake::Path { span: path, found: text.clone() }.into());
        }
        match (body, headers, constant_path) {
            (Some(body), Some(headers), Some(path_text)) => {
                let made = self.make(&path_text, headers, body);
                let request = made.ok_or(HttpMistake::Path { span: path, found: path_text })?;
                Ok(Box::new(Constant(Arc::new(request))))
            }
            _ => Ok(Box::new(self)),
        }
    }

    /// The fields, when they hold no places for values.
    fn constant_fields(&self) -> Option<RequestFields> {
        let mut fields = RequestFields::with_capacity(self.headers.len() + 1);
        for (name, value) in &self.headers {
            fields.append(name.clone(), HeaderValue::from_str(value.constant()?).ok()?);
        }
        Some(fields)
    }

    /// Whether a text can stand behind the base and in front of all else.
    fn begins_well(&self, text: &str) -> bool {
        let complete = self.front > 0 || !self.base.is_empty();
        text.starts_with('/') || (complete && (text.is_empty() || text.starts_with(['?', '#'])))
    }

    /// A path behind the target's own.
    fn behind_base(&self, path: &str) -> String {
        let root = if self.base.is_empty() && !path.starts_with('/') { "/" } else { "" };
        format!("{}{root}{path}", self.base)
    }

    /// A request from its texts.
    fn make(&self, path: &str, mut fields: RequestFields, body: Written) -> Option<HttpRequest> {
        let uri: Uri = path.parse().ok()?;
        if let Some(kind) = body.kind
            && !fields.contains(&CONTENT_TYPE)
        {
            fields.append(CONTENT_TYPE, kind);
        }
        HttpRequest::new(self.method.clone(), uri, fields, body.bytes).ok()
    }
}

impl Parts {
    /// A path that is a value as a whole, as a page or a `location` names it: what has a meaning in it keeps it. A URL has
    /// to be the target's own. The target's base is put in front where the value does not have it.
    fn whole_path(&self, value: &str) -> Option<String> {
        let (place, uri) = resolve(value.as_bytes(), &self.home, &Uri::from_static("/"))?;
        let path = uri.path_and_query()?.as_str();
        let has_base = path.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'));
        let base = if has_base { "" } else { self.base.as_str() };
        (place == self.home).then(|| format!("{base}{path}"))
    }
}

impl RequestTemplate for Parts {
    fn render(&self, frame: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        let mut path = self.base.clone();
        if self.path.is_expression() {
            let value = self.path.value(frame)?.to_string();
            path = self.whole_path(&value).ok_or(EvaluationError::Header)?;
        } else {
            self.path.render(frame, Escape::Url, &mut path)?;
            let base = self.base.len();
            if self.front > 0 {
                path.replace_range(base..base + self.front, "");
            }
            if !self.begins_well(&path[base..]) {
                return Err(EvaluationError::Header);
            }
            if !path.starts_with('/') {
                path.insert(0, '/');
            }
        }
        let mut headers = RequestFields::with_capacity(self.headers.len() + 1);
        for (name, template) in &self.headers {
            let mut value = String::new();
            template.render(frame, Escape::Header, &mut value)?;
            let value = HeaderValue::try_from(value).map_err(|_| EvaluationError::Header)?;
            headers.append(name.clone(), value);
        }
        let body = match &self.body {
            None => Written::default(),
            Some(body) => body.render(frame)?,
        };
        let request = self.make(&path, headers, body).ok_or(EvaluationError::Header)?;
        Ok(request.into())
    }
}
