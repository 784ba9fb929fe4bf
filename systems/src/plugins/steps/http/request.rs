//! The request an `http` step sends: made once where it holds no variables, else for each attempt.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri};
use throng_components::workload::{Problem, Span};

use super::mistake::HttpMistake;
use super::read::Body;
use crate::behavior::{Escape, EvaluationError, Frame, RequestTemplate, Template};
use crate::plugins::protocols::{HttpRequest, Request};

/// What a request is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) method: Method,
    /// The target's own path, in front of the step's.
    pub(super) base: String,
    pub(super) path: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Option<Body>,
}

/// A request that is the same every time.
#[derive(Debug)]
struct Constant(Arc<dyn Request>);

impl RequestTemplate for Constant {
    fn render(&self, _: &mut Frame<'_>) -> Result<Arc<dyn Request>, EvaluationError> {
        Ok(Arc::clone(&self.0))
    }
}

impl Parts {
    /// The template: a request made now where nothing in it varies.
    pub(super) fn compile(self, path: Span) -> Result<Box<dyn RequestTemplate>, Problem> {
        let body = match &self.body {
            None => Some(String::new()),
            Some(Body::Text(template, _)) => template.constant().map(str::to_owned),
            Some(Body::Json(json)) => json.constant(),
        };
        let headers: Option<Vec<_>> = self
            .headers
            .iter()
            .map(|(name, value)| Some((name.clone(), HeaderValue::from_str(value.constant()?).ok()?)))
            .collect();
        let constant_path = self.path.constant().map(|text| format!("{}{text}", self.base));
        if let Some(text) = &constant_path
            && (!text.starts_with('/') || text.parse::<Uri>().is_err())
        {
            return Err(HttpMistake::Path { span: path, found: text.clone() }.into());
        }
        match (body, headers, constant_path) {
            (Some(body), Some(headers), Some(path_text)) => {
                let made = self.make(&path_text, headers, body);
                let request = made.map_err(|_| HttpMistake::Path { span: path, found: path_text.clone() })?;
                Ok(Box::new(Constant(Arc::new(request))))
            }
            _ => Ok(Box::new(self)),
        }
    }

    /// A request from its texts.
    fn make(
        &self,
        path: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: String,
    ) -> Result<HttpRequest, http::uri::InvalidUri> {
        let uri: Uri = path.parse()?;
        let mut map = HeaderMap::with_capacity(headers.len() + 1);
        for (name, value) in headers {
            map.append(name, value);
        }
        if matches!(self.body, Some(Body::Json(_))) && !map.contains_key(CONTENT_TYPE) {
            map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        // Method, blank, path, blank, version, line end; name, colon, blank, value, line end; an empty line.
        let line = self.method.as_str().len() + path.len() + 12;
        let fields: usize = map.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let head_bytes = u32::try_from(line + fields + 2).unwrap_or(u32::MAX);
        Ok(HttpRequest {
            method: self.method.clone(),
            uri,
            headers: map,
            body: Bytes::from(body),
            head_bytes,
        })
    }
}

impl RequestTemplate for Parts {
    fn render(&self, frame: &mut Frame<'_>) -> Result<Arc<dyn Request>, EvaluationError> {
        let mut path = self.base.clone();
        self.path.render(frame, Escape::Url, &mut path)?;
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, template) in &self.headers {
            let mut value = String::new();
            template.render(frame, Escape::Header, &mut value)?;
            let value = HeaderValue::try_from(value).map_err(|_| EvaluationError::Header)?;
            headers.push((name.clone(), value));
        }
        let mut body = String::new();
        match &self.body {
            None => {}
            Some(Body::Text(template, escape)) => template.render(frame, *escape, &mut body)?,
            Some(Body::Json(json)) => json.render(frame, &mut body)?,
        }
        let request = self.make(&path, headers, body).map_err(|_| EvaluationError::Header)?;
        Ok(Arc::new(request))
    }
}
