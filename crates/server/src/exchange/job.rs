//! What an exchange hands to its driver because it may block.

use std::ops::Range;
use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use pauper_iolist::IoList;
use pauper_message::{
    BodyPlan, BodySource, Error, FilePart, Pieces, Plan, Request, RequestBody, Response, Service,
    drop_quietly, guard, plain_answer,
};
use pauper_wire::BodyLength;

use super::collect::Collector;
use super::input::INPUT;
use super::output::{next_with_bytes, read_at};
use super::shared::{Held, Shared};
use super::upgraded::{Driven, News};
use crate::log_macros::{Clean, log_error, log_info};

/// How much of a file is read at a time, where files are not sent by the system.
const FILE_PIECE: u64 = 64 * 1024;

/// Where a job stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Nothing to do.
    Idle,
    /// The service has not seen the head.
    Begin,
    /// The service has; its body has to be collected.
    Collect,
    /// A part of the body has to be stored.
    Store,
    /// The service is to answer, and to read the body while it arrives.
    Stream,
    /// The service is to answer.
    Call,
    /// The driver of an upgraded connection is to be called; then it was.
    Drive,
    Driven,
    /// There is an answer.
    Answered,
    /// A piece of an answer is to be made, or of a file to be read.
    Pull,
    /// It is there.
    Pulled,
}

/// A part of a body, in the buffer that it was read into.
#[derive(Default)]
pub(super) struct Parcel {
    pub(super) bytes: Vec<u8>,
    /// Where the body's bytes are, and whether a chunk of the client ends with them.
    pub(super) spans: Vec<(Range<u32>, bool)>,
    /// Whether the body ends with it.
    pub(super) last: bool,
}

/// Where a body of unknown content comes from.
pub(super) enum Spring {
    Pieces(Pieces),
    File(FilePart),
}

/// What a spring gave; nothing at its end.
pub(super) type Pulled = Result<Option<IoList>, Error>;

/// A piece of work of one connection that runs code of the user, or waits for a disk: looking at a
/// head, storing a part of a body, answering, making the next piece of an answer.
///
/// It owns all that it needs, so it can be done on any thread. A driver calls
/// [`prepare`](Self::prepare), then [`call`](Self::call) if that [is due](Self::wants_call), and
/// brings the job back with [`Exchange::done`](super::Exchange::done). The buffers in it are used
/// again.
pub struct Job {
    shared: Arc<Shared>,
    pub(super) request: Request,
    pub(super) stage: Stage,
    pub(super) body: BodyLength,
    pub(super) collector: Collector,
    pub(super) parcel: Parcel,
    pub(super) answer: Option<Response>,
    pub(super) spring: Option<Spring>,
    pub(super) pulled: Option<Pulled>,
    /// The protocols that the request asked for (RFC 9110, section 7.8), if the answer is to be
    /// one of them.
    pub(super) upgrades: Vec<String>,
    /// The endpoint of the request, for as long as its answer is being made.
    endpoint: u32,
    /// The driver of an upgraded connection, and what it is told.
    pub(super) driven: Option<Box<Driven>>,
    pub(super) news: News,
    /// Bodies that a handler wants to read as they arrive are kept, and look as if.
    pub(super) keeps_streams: bool,
    /// What is counted of the request's body.
    held: Option<Held>,
    /// For the next body in memory.
    spare_body: Vec<u8>,
}

impl Job {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let mut request = Request::blank();
        request.set_server_info(Arc::clone(shared.info()));
        Self {
            shared,
            request,
            stage: Stage::Idle,
            body: BodyLength::Empty,
            collector: Collector::nothing(),
            parcel: Parcel::default(),
            answer: None,
            spring: None,
            pulled: None,
            upgrades: Vec::new(),
            endpoint: 0,
            driven: None,
            news: News::default(),
            keeps_streams: false,
            held: None,
            spare_body: Vec::new(),
        }
    }

    /// Does all but calling the service for its answer. A panic of the service is logged and
    /// answered with 500, and the connection will be closed after it.
    pub fn prepare(&mut self, service: &dyn Service) {
        match self.stage {
            Stage::Begin => self.begin(service),
            Stage::Store => self.store(),
            Stage::Pull => self.pull(),
            Stage::Drive => self.drive(),
            _ => {}
        }
    }

    /// Whether the service is to be called for its answer.
    #[must_use]
    pub fn wants_call(&self) -> bool {
        self.stage == Stage::Call
    }

    /// A number for what is to be done: the same for looking at all heads, and one for each
    /// endpoint's calls, stored bodies, and pieces.
    #[must_use]
    pub fn kind(&self) -> u32 {
        let work = match self.stage {
            Stage::Begin => return 0,
            Stage::Store => 2,
            Stage::Pull | Stage::Drive => 3,
            _ => 1,
        };
        self.endpoint.wrapping_mul(4).wrapping_add(work)
    }

    /// Whether it is about a request that is not answered yet, so that it may be
    /// [refused](Self::refuse).
    #[must_use]
    pub fn is_refusable(&self) -> bool {
        matches!(self.stage, Stage::Begin | Stage::Call | Stage::Store)
    }

    /// Calls the service for its answer.
    pub fn call(&mut self, service: &dyn Service) {
        let response = guard(|| Ok(service.call(&mut self.request)));
        self.settle(response.unwrap_or_else(Response::failed));
    }

    /// Calls the service for its answer to a request whose body it reads from `source` while it
    /// arrives, and gives the source back, if the service left it there.
    pub(crate) fn call_streaming<S: BodySource>(
        &mut self,
        service: &dyn Service,
        source: S,
    ) -> Option<Box<S>> {
        self.request.set_body(RequestBody::stream(source));
        let response = guard(|| Ok(service.call(&mut self.request)));
        let source = guard(|| Ok(self.request.take_body().take_source()));
        self.settle(response.unwrap_or_else(Response::failed));
        source.ok()??.into_any().downcast().ok()
    }

    /// The status of the answer, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(Response::status)
    }

    /// Answers in place of the service that there is too much to do: 503, and when to try again.
    pub fn refuse(&mut self) {
        let error = Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is busy, try again in a moment (max_queue)",
        );
        let answer = plain_answer(error)
            .with_header(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        self.settle(answer);
    }

    fn begin(&mut self, service: &dyn Service) {
        let plan = guard(|| Ok(service.begin(&mut self.request)));
        let plan = plan.unwrap_or_else(|panic| Plan::reject(Response::failed(panic)));
        self.request.set_endpoint(plan.endpoint);
        self.endpoint = plan.endpoint;
        self.collector = match plan.body {
            // Most requests have no body, and nothing to prepare for it.
            BodyPlan::Buffer { .. } if self.body == BodyLength::Empty => {
                self.stage = Stage::Call;
                return;
            }
            BodyPlan::Buffer { limit } => {
                if self.shared.is_full() {
                    return self.refuse_full();
                }
                self.buffer(limit.unwrap_or(self.shared.config.max_body()))
            }
            BodyPlan::Stream if self.body == BodyLength::Empty => {
                self.stage = Stage::Call;
                return;
            }
            BodyPlan::Stream if self.keeps_streams => {
                self.buffer(self.shared.config.max_sink_body()).with_chunks()
            }
            BodyPlan::Stream => {
                let limit = self.shared.config.max_sink_body();
                match self.body {
                    BodyLength::Fixed(length) if length > limit => self.fail(too_long(limit)),
                    _ => self.stage = Stage::Stream,
                }
                return;
            }
            BodyPlan::Sink(sink) => Collector::sink(sink, self.shared.config.max_sink_body()),
            BodyPlan::Reject(response) => return self.settle(*response),
            BodyPlan::Pass => {
                let error = Error::new(StatusCode::NOT_FOUND, "no such page");
                return self.settle(Response::failed(error));
            }
            other => {
                let peer = self.request.peer();
                log_error!("{peer}: a plan that this server does not know: {other:?}");
                return self.settle(plain_answer(pauper_message::abort(500)));
            }
        };
        match self.body {
            BodyLength::Empty => self.finish(),
            BodyLength::Fixed(length) => match self.collector.expect(length) {
                Ok(()) => self.stage = Stage::Collect,
                Err(error) => self.fail(error),
            },
            BodyLength::Chunked => self.stage = Stage::Collect,
        }
    }

    fn buffer(&mut self, limit: u64) -> Collector {
        let buffer = std::mem::take(&mut self.spare_body);
        let held = Held::new(Arc::clone(&self.shared));
        Collector::buffer(buffer, self.shared.config.body_in_memory(), limit).counted(held)
    }

    #[cold]
    fn refuse_full(&mut self) {
        let error = Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server holds too many bodies, try again in a moment (max_buffered)",
        );
        let answer = plain_answer(error)
            .with_header(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        self.settle(answer);
    }

    fn store(&mut self) {
        for (span, ends) in &self.parcel.spans {
            let bytes = &self.parcel.bytes[span.start as usize..span.end as usize];
            if let Err(error) = self.collector.take(bytes) {
                self.fail(error);
                return;
            }
            if *ends {
                self.collector.chunk_ended();
            }
        }
        if self.parcel.last { self.finish() } else { self.stage = Stage::Collect }
    }

    /// The body is whole.
    fn finish(&mut self) {
        match self.collector.finish(&mut self.request) {
            Ok(()) => {
                self.held = self.collector.take_held();
                self.stage = Stage::Call;
            }
            Err(error) => self.fail(error),
        }
    }

    fn drive(&mut self) {
        if let Some(driven) = &mut self.driven {
            driven.drive(&self.news, &self.parcel);
        }
        self.stage = Stage::Driven;
    }

    /// The body cannot be taken.
    #[cold]
    fn fail(&mut self, error: Error) {
        if error.status().is_some_and(|status| status.is_client_error()) {
            log_info!("{}: refused with {}", self.request.peer(), Clean(error.log_text()));
        }
        self.settle(Response::failed(error));
    }

    fn pull(&mut self) {
        let pulled = match &mut self.spring {
            Some(Spring::Pieces(pieces)) => guard(|| Ok(next_with_bytes(pieces)?)),
            Some(Spring::File(part)) => read_piece(part).map_err(Error::from),
            None => Ok(None),
        };
        if !matches!(pulled, Ok(Some(_))) {
            drop_quietly(self.spring.take());
        }
        self.pulled = Some(pulled);
        self.stage = Stage::Pulled;
    }

    /// Takes an answer, and drops what the user put beside the request.
    fn settle(&mut self, response: Response) {
        let peer = self.request.peer();
        let answer = self.answer.insert(response);
        if !is_sound(answer)
            && let Some(broken) = self.answer.take()
        {
            self.answer = Some(mended(broken, &|| peer.to_string()));
        }
        self.upgrades.clear();
        if self.answer.as_ref().is_some_and(Response::is_upgrade) {
            let asked = self.request.header_all("upgrade").flat_map(|value| value.split(','));
            self.upgrades = asked.map(|protocol| protocol.trim().to_owned()).collect();
        }
        if self.body == BodyLength::Empty && self.request.is_bare() {
            // Nothing came with it, and nobody put anything beside it.
            self.stage = Stage::Answered;
            return;
        }
        let body = self.request.take_body();
        let cleared = guard(|| {
            let mut buffer = body.into_buffer();
            self.request.clear();
            if buffer.capacity() <= INPUT {
                buffer.clear();
                Ok(buffer)
            } else {
                Ok(Vec::new())
            }
        });
        if let Ok(buffer) = cleared
            && buffer.capacity() > 0
        {
            self.spare_body = buffer;
        }
        self.collector.abandon(&mut self.spare_body);
        self.held = None;
        self.stage = Stage::Answered;
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// A response that can be sent: one that failed becomes the plain answer to its error, which is
/// logged if it is not the client's fault.
pub(super) fn sound(response: Response, who: &dyn Fn() -> String) -> Response {
    if is_sound(&response) { response } else { mended(response, who) }
}

fn is_sound(response: &Response) -> bool {
    !response.is_fault() && !response.status().is_informational()
}

#[cold]
#[inline(never)]
fn mended(response: Response, who: &dyn Fn() -> String) -> Response {
    let mut error = match response.into_result() {
        Ok(response) if response.is_upgrade() => return response,
        // An interim status would leave the request without an answer.
        Ok(response) => {
            let text = format!("{} is not the status of an answer", response.status());
            drop_quietly(response);
            std::io::Error::other(text).into()
        }
        Err(error) => error,
    };
    // The answer to an error may fail in turn.
    for _ in 0..2 {
        if error.status().is_some_and(|status| status.is_server_error()) {
            log_error!("{}: {}", who(), Clean(error.log_text()));
        }
        match plain_answer(error).into_result() {
            Ok(response) => return response,
            Err(next) => error = next,
        }
    }
    log_error!("{}: an error whose answer fails: {}", who(), Clean(error.log_text()));
    drop_quietly(error);
    Response::new(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A body that is read while it arrives is longer than it may be.
pub(super) fn too_long(limit: u64) -> Error {
    let text = format!("the body is longer than {limit} bytes (max_sink_body)");
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// The next bytes of a file.
fn read_piece(part: &mut FilePart) -> std::io::Result<Option<IoList>> {
    if part.len == 0 {
        return Ok(None);
    }
    let mut bytes = vec![0; part.len.min(FILE_PIECE) as usize];
    let read = read_at(&part.file, &mut bytes, part.offset)?;
    if read == 0 {
        return Err(std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            "the file became shorter while it was sent",
        ));
    }
    bytes.truncate(read);
    part.offset += read as u64;
    part.len -= read as u64;
    Ok(Some(bytes.into()))
}
