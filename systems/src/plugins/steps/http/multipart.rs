//! A body of several parts: `multipart { field a "b"; file upload "photo.png" type="image/png" }` (RFC 7578).

use bytes::Bytes;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, ValueKind};

use super::mistake::HttpMistake;
use crate::behavior::{Compiler, EvaluationError, Frame, Template};

/// `multipart`.
pub const MULTIPART: NodeSpec = NodeSpec {
    name: "multipart",
    summary: "Sends a form with files, as `multipart/form-data`.",
    sample: "multipart { field title \"a photo\"; file upload \"photo.png\" type=\"image/png\" }",
    children: &["field", "file"],
    ..NodeSpec::EMPTY
};

const NAME: ArgumentSpec =
    ArgumentSpec { name: "name", kind: ValueKind::Name, required: true, summary: "The field's name." };

/// `field`, in `multipart`.
pub const FIELD: NodeSpec = NodeSpec {
    name: "field",
    summary: "Sends a field of a form.",
    sample: "field title \"a photo\"",
    arguments: &[
        NAME,
        ArgumentSpec { name: "value", kind: ValueKind::Template, required: true, summary: "Its value." },
    ],
    ..NodeSpec::EMPTY
};

/// `file`, in `multipart`.
pub const FILE: NodeSpec = NodeSpec {
    name: "file",
    summary: "Sends a file, which is read once, when the workload is loaded.",
    sample: "file upload \"photo.png\" type=\"image/png\"",
    arguments: &[
        NAME,
        ArgumentSpec {
            name: "path",
            kind: ValueKind::Text,
            required: true,
            summary: "The file, at most 16 MiB; relative to the file that names it.",
        },
    ],
    properties: &[
        FieldSpec {
            name: "type",
            kind: ValueKind::Text,
            default: "application/octet-stream",
            summary: "Its media type.",
        },
        FieldSpec {
            name: "filename",
            kind: ValueKind::Text,
            default: "",
            summary: "What the target is told of its name; without it, the last part of the path.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// The largest file that is sent.
const FILE_BYTES_MOST: usize = 16 << 20;

/// One part: its head, and what follows.
#[derive(Debug)]
struct Part {
    head: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(Template),
    File(Bytes),
}

/// Parts in their order.
#[derive(Debug)]
pub(super) struct Multipart(Vec<Part>);

/// A body and the line between its parts.
pub(super) struct Parted {
    pub(super) body: Vec<u8>,
    pub(super) boundary: String,
}

impl Multipart {
    /// The parts that a node's children make.
    pub(super) fn read(node: &Node, fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Self {
        let mut parts = Vec::new();
        for child in &node.children {
            let part = match child.name.value.as_str() {
                "field" => field(child, fields, compiler),
                "file" => file(child, fields, compiler),
                _ => None,
            };
            parts.extend(part);
        }
        Self(parts)
    }

    /// Its bytes when it has no places for values.
    pub(super) fn constant(&self) -> Option<Parted> {
        let texts: Option<Vec<_>> = self
            .0
            .iter()
            .map(|part| match &part.content {
                Content::Text(template) => template.constant().map(str::as_bytes),
                Content::File(bytes) => Some(&bytes[..]),
            })
            .collect();
        Some(self.join(&texts?))
    }

    /// Its bytes with a user's values.
    pub(super) fn render(&self, frame: &mut Frame<'_>) -> Result<Parted, EvaluationError> {
        let mut contents = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            contents.push(match &part.content {
                Content::Text(template) => Bytes::from(template.value(frame)?.to_string()),
                Content::File(bytes) => bytes.clone(),
            });
        }
        let contents: Vec<&[u8]> = contents.iter().map(|bytes| &bytes[..]).collect();
        Ok(self.join(&contents))
    }

    fn join(&self, contents: &[&[u8]]) -> Parted {
        // The first one that stands in no content: mostly the very first, and always the same for the same contents.
        let mut candidates = (0_u64..).map(|number| format!("throng-{number:016x}"));
        let stands = |boundary: &String| {
            let finder = memchr::memmem::Finder::new(boundary.as_bytes());
            contents.iter().any(|content| finder.find(content).is_some())
        };
        let boundary = candidates.find(|boundary| !stands(boundary)).unwrap_or_default();
        let room: usize = contents.iter().map(|content| content.len()).sum();
        let mut body = Vec::with_capacity(room + 256 * (contents.len() + 1));
        for (part, content) in self.0.iter().zip(contents) {
            body.extend_from_slice(format!("--{boundary}\r\n{}\r\n\r\n", part.head).as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Parted { body, boundary }
    }
}

fn field(node: &Node, fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Part> {
    let mut field = Fields::of(node, &FIELD, 0);
    let name = field.text_argument(0);
    let entry = field.any_argument(1);
    let read = field.finish(name.zip(entry));
    let (name, entry) = fields.take(read)?;
    let head = format!("Content-Disposition: form-data; name=\"{}\"", escaped(name.value));
    compiler.value(entry).map(|value| Part { head, content: Content::Text(value) })
}

fn file(node: &Node, fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Part> {
    let mut file = Fields::of(node, &FILE, 0);
    let name = file.text_argument(0);
    let path = file.text_argument(1);
    let kind = file.text("type").map_or("application/octet-stream", |kind| {
        if http::HeaderValue::from_str(kind.value).is_err() {
            file.problem(HttpMistake::HeaderValue { span: kind.span });
        }
        kind.value
    });
    let shown = file.text("filename").map(|shown| shown.value);
    let content = path.as_ref().and_then(|path| match compiler.read_file(path.value, FILE_BYTES_MOST) {
        Ok(content) => Some(content),
        Err(reason) => {
            file.problem(HttpMistake::File { span: path.span, found: path.value.to_owned(), reason });
            None
        }
    });
    let read = file.finish(name.zip(path).zip(content));
    let ((name, path), content) = fields.take(read)?;
    let shown = shown.unwrap_or_else(|| path.value.rsplit(['/', '\\']).next().unwrap_or_default());
    let head = format!(
        "Content-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {kind}",
        escaped(name.value),
        escaped(shown)
    );
    Some(Part { head, content: Content::File(Bytes::from(content)) })
}

/// A name within quotes, as browsers write it: what would end the quotes or the line is percent-encoded.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
