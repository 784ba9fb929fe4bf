//! Takes an editor's messages in their order and answers each.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use gen_lsp_types::{
    CompletionOptions, CompletionParams, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentFormattingParams, DocumentSymbolParams,
    HoverParams, PositionEncodingKind, PublishDiagnosticsParams, Save, ServerCapabilities,
    TextDocumentContentChangeEvent, TextDocumentPositionParams, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextEdit, Uri,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, ProtocolError, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use throng_systems::plugins::Registry;

use super::completion::completion;
use super::diagnostics::diagnostics;
use super::hover::hover;
use super::positions::Positions;
use super::symbols::symbols;
use crate::loader::format;

/// Why the server ended before it was asked to.
#[derive(Debug)]
pub enum ServerError {
    /// The editor does not keep to the protocol.
    Protocol(ProtocolError),
    /// The editor has gone away.
    Gone,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "the editor does not keep to the protocol: {error}"),
            Self::Gone => write!(f, "the editor has gone away"),
        }
    }
}

impl std::error::Error for ServerError {}

impl From<ProtocolError> for ServerError {
    fn from(error: ProtocolError) -> Self {
        if error.channel_is_disconnected() { Self::Gone } else { Self::Protocol(error) }
    }
}

/// Serves one editor until it says that it is done.
///
/// # Errors
/// The editor goes away without a word, or says what nobody understands.
pub fn serve(connection: &Connection, registry: &Registry) -> Result<(), ServerError> {
    let (id, _) = connection.initialize_start()?;
    let server = json!({ "name": "throng", "version": env!("CARGO_PKG_VERSION") });
    connection.initialize_finish(id, json!({ "capabilities": capabilities(), "serverInfo": server }))?;
    let mut server = Server { connection, registry, open: BTreeMap::new() };
    // Some editors say twice that they are done, and some go without a last word.
    let mut done = false;
    for message in &connection.receiver {
        match message {
            Message::Request(request) if request.method == "shutdown" => {
                done = true;
                server.send(Response::new_ok(request.id, ()).into())?;
            }
            Message::Request(request) if done => {
                let refusal = "throng is shutting down".to_owned();
                server
                    .send(Response::new_err(request.id, ErrorCode::InvalidRequest as i32, refusal).into())?;
            }
            Message::Request(request) => {
                let response = server.answer(request);
                server.send(response.into())?;
            }
            Message::Notification(notification) if notification.method == "exit" => break,
            Message::Notification(notification) => server.hear(notification)?,
            Message::Response(_) => {}
        }
    }
    if done { Ok(()) } else { Err(ServerError::Gone) }
}

fn capabilities() -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Full),
        save: Some(Save::Bool(true)),
        ..TextDocumentSyncOptions::default()
    };
    let triggers = [" ", "=", "{"].map(str::to_owned).to_vec();
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::UTF16),
        text_document_sync: Some(sync.into()),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(triggers),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(true.into()),
        document_formatting_provider: Some(true.into()),
        document_symbol_provider: Some(true.into()),
        ..ServerCapabilities::default()
    }
}

/// An open file.
#[derive(Debug, Default)]
struct Document {
    text: String,
    /// What the editor was last told of it.
    diagnostics: Vec<Diagnostic>,
}

struct Server<'a> {
    connection: &'a Connection,
    registry: &'a Registry,
    /// By address.
    open: BTreeMap<String, Document>,
}

impl Server<'_> {
    fn send(&self, message: Message) -> Result<(), ServerError> {
        self.connection.sender.send(message).map_err(|_| ServerError::Gone)
    }

    /// Takes notice of what became of a file. What cannot be understood is passed over: nobody waits for an answer.
    fn hear(&mut self, notification: Notification) -> Result<(), ServerError> {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                let Ok(params) = read::<DidOpenTextDocumentParams>(params) else { return Ok(()) };
                let document = params.text_document;
                self.open
                    .insert(document.uri.0.clone(), Document { text: document.text, ..Document::default() });
                self.publish(&document.uri, Some(document.version))
            }
            "textDocument/didChange" => {
                let Ok(params) = read::<DidChangeTextDocumentParams>(params) else { return Ok(()) };
                let version = params.text_document.version;
                let uri = params.text_document.text_document_identifier.uri;
                let Some(document) = self.open.get_mut(&uri.0) else { return Ok(()) };
                for change in params.content_changes {
                    // Whole texts are what was asked for; a part would carry a range.
                    if let TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) =
                        change
                    {
                        document.text = whole.text;
                    }
                }
                self.publish(&uri, Some(version))
            }
            "textDocument/didSave" => {
                let Ok(params) = read::<DidSaveTextDocumentParams>(params) else { return Ok(()) };
                // What it includes may have changed meanwhile.
                self.publish(&params.text_document.uri, None)
            }
            "textDocument/didClose" => {
                let Ok(params) = read::<DidCloseTextDocumentParams>(params) else { return Ok(()) };
                let uri = params.text_document.uri;
                self.open.remove(&uri.0);
                self.notify(PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() })
            }
            _ => Ok(()),
        }
    }

    /// Tells what is wrong in an open file.
    fn publish(&mut self, uri: &Uri, version: Option<i32>) -> Result<(), ServerError> {
        let Some(document) = self.open.get_mut(&uri.0) else { return Ok(()) };
        document.diagnostics = diagnostics(uri, &document.text, self.registry);
        let diagnostics = document.diagnostics.clone();
        self.notify(PublishDiagnosticsParams { uri: uri.clone(), version, diagnostics })
    }

    fn notify(&self, params: PublishDiagnosticsParams) -> Result<(), ServerError> {
        let method = "textDocument/publishDiagnostics".to_owned();
        self.send(Notification::new(method, params).into())
    }

    /// Answers a question; `null` about a file that is not open.
    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            "textDocument/completion" => read(params).map(|params: CompletionParams| {
                let at = params.text_document_position_params;
                self.at(&at, |document| completion(&document.text, at.position, self.registry))
            }),
            "textDocument/hover" => read(params).map(|params: HoverParams| {
                let at = params.text_document_position_params;
                self.at(&at, |document| {
                    hover(&document.text, at.position, &document.diagnostics, self.registry)
                })
            }),
            "textDocument/formatting" => read(params).map(|params: DocumentFormattingParams| {
                self.about(&params.text_document.uri, |document| formatted(&document.text))
            }),
            "textDocument/documentSymbol" => read(params).map(|params: DocumentSymbolParams| {
                self.about(&params.text_document.uri, |document| symbols(&document.text))
            }),
            _ => {
                let message = format!("throng does not answer `{method}`");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match answer {
            Ok(answer) => Response::new_ok(id, answer),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    fn at<T: Serialize>(&self, at: &TextDocumentPositionParams, answer: impl Fn(&Document) -> T) -> Value {
        self.about(&at.text_document.uri, answer)
    }

    fn about<T: Serialize>(&self, uri: &Uri, answer: impl Fn(&Document) -> T) -> Value {
        let answer = self.open.get(&uri.0).map(answer);
        serde_json::to_value(answer).unwrap_or_default()
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Result<P, serde_json::Error> {
    serde_json::from_value(params)
}

/// The edit that gives a text its form: none for one that has it or does not parse.
fn formatted(text: &str) -> Vec<TextEdit> {
    match format(Path::new(""), text.as_bytes()) {
        Ok(new_text) if new_text != text => {
            vec![TextEdit { range: Positions::of(text).of_bytes(0..text.len()), new_text }]
        }
        _ => Vec::new(),
    }
}
