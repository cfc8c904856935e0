//! One connection's time: how long it may take over a head, between requests, and over reading its answer.
//!
//! hyper has one timer for heads, which also runs between requests. A kept connection may be idle for a minute where half
//! a head may not, so the timers are here, around the socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// How long a connection that we end is read for what was still under way, so that our last answer is not lost to a
/// reset.
const LINGER: Duration = Duration::from_secs(1);

/// How long each part of a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From a head's beginning to its end; for the first one, from the connection's beginning.
    pub(super) head: Duration,
    /// From an answer to the next head's beginning.
    pub(super) idle: Duration,
    /// From an answer's first byte that is not taken to its last that is.
    pub(super) answer: Duration,
}

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing has come, or a part of a head.
    Head,
    /// A request is being answered.
    Busy,
    /// The answer is made and on its way.
    Answered,
    /// The answer is gone, and nothing has come since.
    Idle,
}

const STAGES: [Stage; 4] = [Stage::Head, Stage::Busy, Stage::Answered, Stage::Idle];

/// A connection's stage, seen by its socket, its service and the census. Each change counts, so that a timer knows
/// whether it was set for this stage or an earlier one of the same name.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU64);

impl Progress {
    pub(super) fn stage(&self) -> Stage {
        stage_of(self.0.load(Ordering::Acquire))
    }

    pub(super) fn enter(&self, stage: Stage) {
        let number = STAGES
            .iter()
            .position(|one| *one == stage)
            .unwrap_or_default() as u64;
        let next = |now: u64| (now / 4 + 1) * 4 + number;
        self.0.update(Ordering::AcqRel, Ordering::Acquire, next);
    }
}

fn stage_of(mark: u64) -> Stage {
    STAGES[(mark % 4) as usize]
}

/// A socket that gives up on a peer who takes too long.
pub(super) struct TimedIo<T> {
    inner: T,
    progress: Arc<Progress>,
    patience: Patience,
    /// The stage that is waited in for something to read, and until when. The timer is set anew only when it has gone off,
    /// or when it would go off too late: a busy connection waits thousands of times a second.
    waiting: (u64, Instant),
    read_timer: Option<Pin<Box<Sleep>>>,
    write_timer: Option<Pin<Box<Sleep>>>,
    linger_timer: Option<Pin<Box<Sleep>>>,
}

impl<T> TimedIo<T> {
    pub(super) fn new(inner: T, progress: Arc<Progress>, patience: Patience) -> Self {
        Self {
            inner,
            progress,
            patience,
            waiting: (u64::MAX, Instant::now()),
            read_timer: None,
            write_timer: None,
            linger_timer: None,
        }
    }

    /// Gives up when the stage's time for reading is over; there is none while a request is answered.
    fn wait_for_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mark = self.progress.0.load(Ordering::Acquire);
        let patience = match stage_of(mark) {
            Stage::Busy => return Poll::Pending,
            Stage::Head => self.patience.head,
            Stage::Answered | Stage::Idle => self.patience.idle,
        };
        if self.waiting.0 != mark {
            self.waiting = (mark, Instant::now() + patience);
        }
        let until = self.waiting.1;
        let timer = self
            .read_timer
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= until {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            timer.as_mut().reset(until);
        }
    }

    /// Gives up when the peer has not taken the answer in time.
    fn wait_for_write<W>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<W>> {
        let patience = self.patience.answer;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        timer
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(cx, buf) else {
            return self.wait_for_read(cx);
        };
        if buf.filled().len() > before && self.progress.stage() == Stage::Idle {
            self.progress.enter(Stage::Head);
        }
        Poll::Ready(read)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(cx, buf) {
            Poll::Pending => self.wait_for_write(cx),
            ready => ready,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write_vectored(cx, bufs) {
            Poll::Pending => self.wait_for_write(cx),
            ready => ready,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Pending => self.wait_for_write(cx),
            Poll::Ready(flushed) => {
                self.write_timer = None;
                if self.progress.stage() == Stage::Answered {
                    self.progress.enter(Stage::Idle);
                }
                Poll::Ready(flushed)
            }
        }
    }

    /// Says that we are done, then reads what the peer still sends until it is done as well, or for [`LINGER`].
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger_timer.is_none() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
        }
        let timer = self
            .linger_timer
            .get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut scrap = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// An answer's body; when hyper lets go of it, the answer is made.
pub(super) struct Answer {
    body: Body,
    progress: Arc<Progress>,
}

impl Answer {
    pub(super) fn new(body: Body, progress: Arc<Progress>) -> Self {
        Self { body, progress }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.progress.enter(Stage::Answered);
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
