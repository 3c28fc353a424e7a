//! In the place of encryption, where that was left out: a session that cannot exist.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use pauper_message::TlsInfo;

pub(crate) enum Session {}

impl Session {
    pub(crate) fn has_plaintext(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        match *self {}
    }

    pub(crate) fn feed(&mut self, _: &[u8]) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn take_fed(&mut self) -> bool {
        match *self {}
    }

    pub(crate) fn fill(&mut self, _: &mut impl Read, _: &mut bool, _: bool) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn step(&mut self) {
        match *self {}
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        match *self {}
    }

    pub(crate) fn info(&self) -> Arc<TlsInfo> {
        match *self {}
    }

    pub(crate) fn read(
        &mut self,
        _: &mut (impl Read + Write),
        _: &mut [u8],
        _: &mut bool,
        _: bool,
    ) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn write(&mut self, _: &mut impl Write, _: &[IoSlice<'_>]) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn push(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn flush(&mut self, _: &mut impl Write) -> io::Result<bool> {
        match *self {}
    }

    pub(crate) fn end(&mut self, _: &mut impl Write) -> io::Result<bool> {
        match *self {}
    }
}
