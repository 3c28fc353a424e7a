//! What is answered without the service, or not at all.

use http::StatusCode;
use pauper_message::Error;

use super::{Exchange, Now, State};
use crate::log_macros::{Clean, log_info};

impl Exchange {
    /// The client broke a rule of the protocol.
    #[cold]
    pub(super) fn refuse_wire(&mut self, error: pauper_wire::Error, now: &Now) {
        self.drop_collecting();
        log_info!("{}: refused with {}: {error}", self.peer, error.status());
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        self.refuse(status, error.kind().rule(), now);
    }

    /// Answers with an error of the connection and closes it; only closes it where an answer
    /// would come at the wrong place.
    #[cold]
    pub(super) fn refuse(&mut self, status: StatusCode, text: &str, now: &Now) {
        if !self.wire.response_due() && self.state != State::Head {
            self.enter(State::Closing { linger: true }, now);
            return;
        }
        if self.state == State::Head {
            self.request_read = false;
            if let Some(trail) = &mut self.trail {
                trail.begin(None, self.read, now);
            }
        }
        let answer = pauper_message::plain_answer(Error::new(status, text));
        self.send(answer.and_close(), now);
    }

    /// The request has an answer although its body is not read.
    #[cold]
    pub(super) fn give_up(&mut self, error: Error, now: &Now) {
        if error.status().is_some_and(|status| status.is_client_error()) {
            log_info!("{}: refused with {}", self.peer, Clean(error.log_text()));
        }
        let answer = self.answer_to_error(error);
        self.send(answer, now);
    }

    /// A time limit passed, if one did; see [`deadline`](Self::deadline).
    pub fn expire(&mut self, now: &Now) {
        if self.deadline().is_none_or(|deadline| deadline > now.elapsed()) {
            return;
        }
        if self.has_output() && self.timing.stalled(self.config.write_stall(), now) {
            log_info!("{}: took no byte of its answer (write_stall)", self.peer);
            self.broken = true;
            self.close(now);
            return;
        }
        match self.state {
            State::Head if self.timing.head_begun() => {
                log_info!("{}: refused with 408: slow head (head_time)", self.peer);
                let text = "the head took too long (head_time)";
                self.refuse(StatusCode::REQUEST_TIMEOUT, text, now);
            }
            State::Body => {
                log_info!("{}: refused with 408: slow body (body_rate)", self.peer);
                self.drop_collecting();
                let text = "the body took too long (body_rate)";
                self.refuse(StatusCode::REQUEST_TIMEOUT, text, now);
            }
            State::Draining => self.enter(State::Closing { linger: true }, now),
            State::Head | State::Lingering => self.enter(State::Closed, now),
            State::Begin | State::Call | State::Sending | State::Closing { .. } | State::Closed => {
            }
        }
    }
}
