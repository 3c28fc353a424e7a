//! What is answered without the service, or not at all.

use http::StatusCode;
use pauper_message::Error;

use super::chores::Chore;
use super::job::sound;
use super::{Exchange, Now, State};

impl Exchange {
    /// The client broke a rule of the protocol.
    #[cold]
    pub(super) fn refuse_wire(&mut self, error: pauper_wire::Error, now: &Now) {
        self.drop_request();
        let text = format!("{}: refused with {}: {error}", self.peer, error.status());
        self.chores.push(Chore::Note(text));
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
                trail.begin(None, self.peer, self.read, now);
            }
        }
        self.refusal = Some(status);
        let answer = pauper_message::plain_answer(Error::new(status, text));
        let peer = self.peer;
        let mut answer = sound(answer.and_close(), &|| peer.to_string());
        self.send(&mut answer, now);
    }

    pub(super) fn note(&mut self, text: &str) {
        self.chores.push(Chore::Note(format!("{}: {text}", self.peer)));
    }

    /// A time limit passed, if one did; see [`deadline`](Self::deadline).
    pub fn expire(&mut self, now: &Now) {
        if self.deadline().is_none_or(|deadline| deadline > now.elapsed()) {
            return;
        }
        if self.output.waits_for_client()
            && self.timing.stalled(self.shared.config.write_stall(), now)
        {
            self.note("took no byte of its answer (write_stall)");
            self.broken = true;
            self.close(now);
            return;
        }
        match self.state {
            State::Head if self.timing.head_begun() => {
                self.note("refused with 408: slow head (head_time)");
                let text = "the head took too long (head_time)";
                self.refuse(StatusCode::REQUEST_TIMEOUT, text, now);
            }
            State::Body => {
                self.note("refused with 408: slow body (body_rate)");
                self.drop_request();
                let text = "the body took too long (body_rate)";
                self.refuse(StatusCode::REQUEST_TIMEOUT, text, now);
            }
            State::Draining => self.enter(State::Closing { linger: true }, now),
            State::Head | State::Lingering => self.enter(State::Closed, now),
            State::Away
            | State::Sending
            | State::Stream
            | State::Driven
            | State::TakenOver
            | State::Closing { .. }
            | State::Closed => {}
        }
    }
}
