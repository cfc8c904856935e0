//! A platform that does its worst with requests for calls, as a seed says, and writes down what it did. Its word is what
//! the server is judged by.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::random::Random;
use crate::voice_api::scripted::{Act, answer, created, read, refused};

/// What it does with the `nth` request (from 0) for a call to a number.
pub(crate) type Mood = Arc<dyn Fn(&str, usize) -> Deed + Send + Sync>;

/// What it does with a request.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    /// Whether a call is placed.
    pub(crate) places: bool,
    /// What is answered.
    pub(crate) answer: Act,
}

/// A call that it placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) session: String,
    /// `clientRequestId`.
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// What it wrote down, by the number that was to be called.
#[derive(Debug, Default)]
struct Book {
    placed: HashMap<String, Vec<Placed>>,
    /// When it was asked.
    asked: HashMap<String, Vec<Instant>>,
}

/// The platform.
pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    book: Arc<Mutex<Book>>,
    serving: JoinHandle<()>,
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Platform {
    pub(crate) async fn with(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        Self::at(listener.expect("a port is free"), mood)
    }

    /// One that places every call and says so.
    pub(crate) async fn kind() -> Self {
        Self::with(kind()).await
    }

    pub(crate) fn at(listener: TcpListener, mood: Mood) -> Self {
        let address = listener.local_addr().expect("it is bound");
        let book: Arc<Mutex<Book>> = Arc::default();
        let serving = tokio::spawn({
            let book = book.clone();
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    tokio::spawn(serve(socket, mood.clone(), book.clone()));
                }
            }
        });
        Self {
            address,
            book,
            serving,
        }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no panic holds it")
    }

    /// The calls that it placed to a number.
    pub(crate) fn placed(&self, to: &str) -> Vec<Placed> {
        self.book().placed.get(to).cloned().unwrap_or_default()
    }

    /// When it was asked to call a number.
    pub(crate) fn asked(&self, to: &str) -> Vec<Instant> {
        let book = self.book();
        book.asked.get(to).cloned().unwrap_or_default()
    }

    /// How many numbers it called, and how many of them more than once.
    pub(crate) fn called(&self) -> (usize, usize) {
        let book = self.book();
        let twice = book.placed.values().filter(|calls| calls.len() > 1).count();
        (book.placed.len(), twice)
    }
}

/// Places every call and says so.
pub(crate) fn kind() -> Mood {
    Arc::new(|_, _| Deed {
        places: true,
        answer: Act::Close,
    })
}

async fn serve(mut socket: TcpStream, mood: Mood, book: Arc<Mutex<Book>>) {
    let Some(seen) = read(&mut socket, &Act::Close).await else {
        return;
    };
    if !seen.path.ends_with("/callflows") {
        let empty = Act::Answer(200, "", "{}".to_owned());
        return answer(socket, empty).await;
    }
    let act = {
        let mut book = book.lock().expect("no panic holds it");
        book.take(&seen.body, &mood)
    };
    answer(socket, act).await;
}

impl Book {
    fn take(&mut self, body: &Value, mood: &Mood) -> Act {
        let params = &body["callflow"][0]["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (from, to) = (text(&params["source"]), text(&params["destination"]));
        let id = text(&body["clientRequestId"]);
        let asked = self.asked.entry(to.clone()).or_default();
        let deed = mood(&to, asked.len());
        asked.push(Instant::now());
        if !deed.places {
            return deed.answer;
        }
        let session = uuid::Uuid::new_v4().to_string();
        let placed = self.placed.entry(to.clone()).or_default();
        placed.push(Placed {
            session: session.clone(),
            id,
            from,
            to,
        });
        match (deed.answer, created(&session)) {
            // A deed that has no answer of its own says what it did.
            (Act::Close, created) => created,
            (Act::HalfBody(_), Act::Answer(_, _, whole)) => Act::HalfBody(whole),
            (Act::EndAtOnce, _) => Act::Close,
            (other, _) => other,
        }
    }
}

/// One that is at its worst, as `seed` says.
pub(crate) fn nasty(seed: u64) -> Mood {
    Arc::new(move |to, nth| {
        let number: u64 = to.trim_start_matches('+').parse().unwrap_or(0);
        let mut random = Random::of(seed ^ number.wrapping_mul(31).wrapping_add(nth as u64));
        let (places, answer) = fate(random.between(0, 200));
        Deed { places, answer }
    })
}

/// Of 200 requests so many end so.
fn fate(of: u64) -> (bool, Act) {
    let page = |status| Act::Answer(status, "", "<html>Sorry</html>".to_owned());
    let later = |header| Act::Answer(429, header, "{}".to_owned());
    match of {
        0..90 => (true, Act::Close),
        90..100 => (true, Act::ResetRead),
        100..110 => (true, Act::EndAtOnce),
        110..120 => (true, Act::HalfBody(String::new())),
        120..126 => (true, page(200)),
        126..132 => (true, page(502)),
        132..140 => (false, page(500)),
        140..148 => (false, page(503)),
        148..156 => (false, Act::ResetRead),
        156..160 => (false, later("Retry-After: 1\r\n")),
        160..164 => (false, later("")),
        164..170 => (false, refused(400, -1007)),
        170..176 => (false, refused(401, 401)),
        176..182 => (false, refused(404, 404)),
        182..190 => (false, refused(422, -1014)),
        190..198 => (false, refused(200, -9999)),
        198 => (true, Act::Silence),
        _ => (false, Act::Silence),
    }
}
