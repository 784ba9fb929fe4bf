//! `http`: one HTTP request.
//!
//! ```kdl
//! http POST "/login" name=login timeout="5s" {
//!     header x-tenant "blue"
//!     json { user "${user.id}"; password "secret" }
//!     expect { status 200 201 }
//!     save token json-path="$.token"
//! }
//! ```

pub mod expect;
pub mod form;
mod json;
mod mistake;
pub mod multipart;
mod pattern;
pub mod read;
mod request;
pub mod save;
pub mod transfer;
mod whole_url;

use throng_components::run::StepHeader;
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Spanned, ValueKind};

use super::properties::{NAME, ON_FAILURE, TARGET, TIMEOUT};
use super::{Step, retry};
use crate::behavior::{Compiler, Conduct, Perform};
use crate::plugins::protocols::Keep;

/// The step.
#[derive(Debug)]
pub struct Http;

impl Step for Http {
    const SPEC: NodeSpec = NodeSpec {
        name: "http",
        summary: "Sends one HTTP request and waits for the whole answer.",
        sample: "http GET \"/\" name=home { expect { status 200 } }",
        arguments: &[
            ArgumentSpec {
                name: "method",
                kind: ValueKind::Name,
                required: true,
                summary: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or another token.",
            },
            ArgumentSpec {
                name: "path",
                kind: ValueKind::Template,
                required: true,
                summary: "Path and query, behind the target's URL. Values in it are percent-encoded; a path that is one value, as \"${next}\", is taken as it stands. A whole URL has to be the target's own.",
            },
        ],
        properties: &[
            FieldSpec {
                summary: "What results call the step; without it, method and path as written.",
                ..NAME
            },
            FieldSpec { summary: "The target; may be left out where there is only one.", ..TARGET },
            FieldSpec {
                summary: "How long an attempt may take, connecting included; without it, the target's.",
                ..TIMEOUT
            },
            ON_FAILURE,
        ],
        children: &[
            "header",
            "body",
            "json",
            "form",
            "multipart",
            "expect",
            "save",
            "redirects",
            "compression",
            "retry",
        ],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let method = read::method(&mut fields);
        let path = fields.text_argument(1);
        let name = fields.text("name");
        let timeout = read::timeout(&mut fields);
        let stop_on_failure = fields.word("on-failure") == Some("stop");
        let target = compiler.target_of(&mut fields, "http", "an HTTP target", |address| {
            matches!(address, TargetAddress::Url { .. } | TargetAddress::Demo)
        });
        let body = read::body(&mut fields, compiler);
        let expect = expect::read(&mut fields, compiler);
        let saves = save::read(&mut fields, compiler);
        let retry = retry::read(&mut fields, compiler);
        let length = body.as_ref().map_or(Some(0), read::Body::constant_length);
        let mut headers = read::headers(&mut fields, compiler, target, length);
        let follow = fields.child("redirects").and_then(|node| fields.take(transfer::read_redirects(node)));
        let compression =
            fields.child("compression").and_then(|node| fields.take(transfer::read_compression(node)));
        let path_entry = node.arguments.get(1).filter(|_| path.is_some());
        let template = path_entry.and_then(|entry| compiler.template(entry));
        let read = fields.finish(method.zip(path).zip(target));
        let (Some(((method, path), target)), Some(template)) = (compiler.take(read), template) else {
            return;
        };
        let name = step_name(name, &method, &path);
        let Some(step) = compiler.step(&name, node.name.span) else { return };
        read::accept_encoding(&mut headers, compression.as_ref().unwrap_or(&target.compression));
        let conduct = Conduct::of(target, follow.unwrap_or(target.follow));
        let session = Keep { session: conduct.keeps(), ..Keep::default() };
        let parts = request::Parts {
            method: method.clone(),
            home: conduct.home.clone(),
            base: base(target),
            front: 0,
            path: template,
            headers,
            body,
        };
        let request = match parts.compile(path.span) {
            Ok(request) => request,
            Err(mistake) => return compiler.problem(mistake),
        };
        let timeout = timeout.unwrap_or(target.timeout);
        let perform = Perform {
            keep: saves.iter().fold(expect.keep().and(session), |keep, save| keep.and(save.keep())),
            conduct: Some(Box::new(conduct)),
            expect,
            saves,
            stop_on_failure,
            retry,
            ..Perform::plain(step, target.id, request, timeout)
        };
        compiler.perform(&name, header(&name, &method, target), perform);
    }
}

/// What results call the step.
fn step_name(name: Option<Spanned<&str>>, method: &http::Method, path: &Spanned<&str>) -> String {
    name.map_or_else(|| format!("{method} {}", path.value), |name| name.value.to_owned())
}

/// What stands in front of every path of a target.
fn base(target: &Target) -> String {
    match &target.address {
        TargetAddress::Url { base, .. } => base.clone(),
        TargetAddress::Demo | TargetAddress::Noop | TargetAddress::Custom { .. } => String::new(),
    }
}

/// What listeners are told of the step.
fn header(name: &str, method: &http::Method, target: &Target) -> StepHeader {
    let (address, port) = match &target.address {
        TargetAddress::Url { host, port, .. } => (host.clone(), *port),
        TargetAddress::Demo | TargetAddress::Noop | TargetAddress::Custom { .. } => (target.name.clone(), 0),
    };
    StepHeader { name: name.to_owned(), protocol: "http", method: method.to_string(), address, port }
}
