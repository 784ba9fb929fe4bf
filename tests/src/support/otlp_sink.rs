//! A strict OpenTelemetry receiver within the test: HTTP or gRPC on a free port, on a thread of its own.
//!
//! It keeps what it accepts and notes what is wrong with it. A test can make it refuse, hang, or go away and come back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tonic::codegen::Service;

use super::otlp_checks::{metrics_request, string_attribute, trace_request};

/// Bytes of one request at most: well below the 4 MiB that receivers refuse.
const REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Protobuf over HTTP/1.1.
    Http,
    /// Protobuf over gRPC.
    Grpc,
}

/// What the receiver does with requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conduct {
    /// Takes them.
    #[default]
    Accept,
    /// Answers that it is not available just now.
    Refuse,
    /// Never answers.
    Hang,
}

/// What was accepted, and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Spans, in order.
    pub spans: Vec<Span>,
    /// The `service.name` that each came under, by span id.
    pub services: HashMap<Vec<u8>, String>,
    /// Metrics, one vector an export, in order.
    pub metrics: Vec<Vec<Metric>>,
    /// Requests, refused ones included.
    pub requests: u64,
    /// What was wrong in single requests.
    pub wrong: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Received>,
    changed: Condvar,
    conduct: Mutex<Conduct>,
}

impl Shared {
    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn conduct(&self) -> Conduct {
        *self.conduct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; `false` when it is refused. A hung one never comes back.
    async fn admit(&self) -> bool {
        self.received().requests += 1;
        self.changed.notify_all();
        match self.conduct() {
            Conduct::Accept => true,
            Conduct::Refuse => false,
            Conduct::Hang => std::future::pending().await,
        }
    }

    fn keep_traces(&self, request: ExportTraceServiceRequest) {
        let wrong = trace_request(&request);
        let mut received = self.received();
        received.wrong.extend(wrong);
        for origin in request.resource_spans {
            let attributes = origin.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service = string_attribute(&attributes, "service.name");
            for span in origin.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let before = received.services.insert(span.span_id.clone(), service.to_owned());
                if before.is_some_and(|before| before != service) {
                    received.wrong.push(format!("`{}` came under two services", span.name));
                }
                received.spans.push(span);
            }
        }
        self.changed.notify_all();
    }

    fn keep_metrics(&self, request: ExportMetricsServiceRequest) {
        let wrong = metrics_request(&request);
        let mut received = self.received();
        received.wrong.extend(wrong);
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        received.metrics.push(scopes.flat_map(|scope| scope.metrics).collect());
        self.changed.notify_all();
    }

    fn complain(&self, what: String) {
        self.received().wrong.push(what);
    }
}

/// The receiver. Dropped, it goes away, with every connection.
#[derive(Debug)]
pub struct OtlpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl OtlpSink {
    /// Starts a receiver on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start(wire: Wire) -> io::Result<Self> {
        Self::start_at(wire, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts a receiver at an address, such as that of one that went away.
    ///
    /// # Errors
    /// When the address is taken or there is no thread to be had.
    pub fn start_at(wire: Wire, address: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = oneshot::channel();
        let serving = shared.clone();
        let thread = std::thread::Builder::new().name("otlp-sink".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, wire, serving) => {}
                    _ = stopped => {}
                }
            });
            // The runtime goes here, and every connection with it.
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for a listener.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it does with requests from now on.
    pub fn conduct(&self, conduct: Conduct) {
        *self.shared.conduct.lock().unwrap_or_else(PoisonError::into_inner) = conduct;
    }

    /// A copy of what has been accepted.
    pub fn received(&self) -> Received {
        self.shared.received().clone()
    }

    /// Waits until something holds of what was received; `false` when it did not in time.
    pub fn wait(&self, limit: Duration, mut holds: impl FnMut(&Received) -> bool) -> bool {
        let received = self.shared.received();
        let waited = self.shared.changed.wait_timeout_while(received, limit, |received| !holds(received));
        waited.is_ok_and(|(_, result)| !result.timed_out())
    }
}

impl Drop for OtlpSink {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A sink that panicked has failed its test already.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, wire: Wire, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        match wire {
            Wire::Http => tokio::spawn(serve_http(stream, shared.clone())),
            Wire::Grpc => tokio::spawn(serve_grpc(stream, shared.clone())),
        };
    }
}

async fn serve_http(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    // A client that goes away is no mistake of its own.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let status = |status| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    };
    let (head, body) = request.into_parts();
    let kind = head.headers.get(hyper::header::CONTENT_TYPE).map(hyper::header::HeaderValue::as_bytes);
    if head.method != Method::POST || kind != Some(b"application/x-protobuf".as_slice()) {
        shared.complain(format!("{} {} with content type {kind:?}", head.method, head.uri));
        return status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let packed = head.headers.get(hyper::header::CONTENT_ENCODING).is_some_and(|kind| kind == "gzip");
    let Some(body) = (if packed { unpacked(&body) } else { Some(body) }) else {
        shared.complain("a body that is not gzip and says so".to_owned());
        return status(StatusCode::BAD_REQUEST);
    };
    if body.len() > REQUEST_BYTES {
        shared.complain(format!("a request of {} bytes", body.len()));
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if !shared.admit().await {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let kept = match head.uri.path() {
        "/v1/traces" => ExportTraceServiceRequest::decode(body).map(|request| shared.keep_traces(request)),
        "/v1/metrics" => {
            ExportMetricsServiceRequest::decode(body).map(|request| shared.keep_metrics(request))
        }
        path => {
            shared.complain(format!("nothing is at {path}"));
            return status(StatusCode::NOT_FOUND);
        }
    };
    match kept {
        Ok(()) => status(StatusCode::OK),
        Err(error) => {
            shared.complain(error.to_string());
            status(StatusCode::BAD_REQUEST)
        }
    }
}

/// Agents pack what they pass on; throng itself does not.
fn unpacked(body: &[u8]) -> Option<Bytes> {
    let mut whole = Vec::new();
    // One byte more than is taken shows that it is too long.
    let limit = REQUEST_BYTES as u64 + 1;
    flate2::read::GzDecoder::new(body).take(limit).read_to_end(&mut whole).ok()?;
    Some(whole.into())
}

async fn serve_grpc(stream: TcpStream, shared: Arc<Shared>) {
    let traces = TraceServiceServer::new(Endpoint(shared.clone()));
    let metrics = MetricsServiceServer::new(Endpoint(shared));
    let service = service_fn(move |request: Request<Incoming>| {
        let (mut traces, mut metrics) = (traces.clone(), metrics.clone());
        async move {
            // Either answers `unimplemented` to what is not its own.
            if request.uri().path().contains("MetricsService") {
                metrics.call(request).await
            } else {
                traces.call(request).await
            }
        }
    });
    // A client that goes away is no mistake of its own.
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Both services of the gRPC receiver.
#[derive(Clone, Debug)]
struct Endpoint(Arc<Shared>);

impl Endpoint {
    async fn admit(&self) -> Result<(), tonic::Status> {
        if self.0.admit().await { Ok(()) } else { Err(tonic::Status::unavailable("not just now")) }
    }
}

#[tonic::async_trait]
impl TraceService for Endpoint {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.admit().await?;
        self.0.keep_traces(request.into_inner());
        Ok(tonic::Response::new(ExportTraceServiceResponse { partial_success: None }))
    }
}

#[tonic::async_trait]
impl MetricsService for Endpoint {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        self.admit().await?;
        self.0.keep_metrics(request.into_inner());
        Ok(tonic::Response::new(ExportMetricsServiceResponse { partial_success: None }))
    }
}
