//! R6: files with flipped or missing bytes. The server says what is wrong and ends, or it serves what it knows; it never
//! panics, and it never begins anew as if there had been nothing.

use std::fs;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, Ledger};
use super::process::{Home, Server};
use super::random::Random;
use super::{by_day_or_night, quantile};

/// How many damaged copies, by day and by night.
const COPIES: (usize, usize) = (12, 500);

/// How long a server may take to listen, or to say why it does not.
const SETTLES_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_named_and_never_taken_for_an_empty_one() {
    let mut random = Random::announced("R6");
    let home = Home::new();
    let ledger = filled(&home).await;
    let copies = by_day_or_night(COPIES.0, COPIES.1);
    let (mut named, mut served, mut knew_less) = (Vec::new(), 0, 0);
    for _ in 0..copies {
        let (copy, damage) = damaged_copy(&home, &mut random);
        match settle(&copy) {
            Ok(_server) => {
                served += 1;
                let lost = ledger.lost(copy.address, &home.unstored()).await.len();
                assert!(lost < ledger.acknowledged.len(), "{damage}: it began anew");
                knew_less += usize::from(lost > 0);
            }
            Err(took) => {
                let said = copy.read_log();
                assert!(said.contains("callwright."), "{damage}: {said}");
                named.push(took.as_millis());
            }
        }
        assert!(
            !copy.read_log().contains("panicked"),
            "{damage}: {}",
            copy.read_log()
        );
    }
    println!(
        "R6: {copies} damaged copies: {} refused with the file's name, the slowest after {} ms; {served} served, {knew_less} of them without the records that were hit; 0 panics, 0 began anew",
        named.len(),
        quantile(&mut named, 1.0),
    );
}

/// A home in which something has happened. Its server is killed, so that there is a journal to read.
async fn filled(home: &Home) -> Ledger {
    let server = home.start();
    let crowd = Crowd::gather(2, home.address);
    crowd.goes_on(60).await;
    let ledger = crowd.disperse().await;
    server.kill();
    ledger.without_statuses()
}

/// A copy of a home in which one file has been damaged, and in which way.
fn damaged_copy(home: &Home, random: &mut Random) -> (Home, String) {
    let copy = Home::new();
    let mut paths = Vec::new();
    for entry in fs::read_dir(home.path()).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        if name == "server.log" || name.ends_with(".lock") || name.ends_with("-shm") {
            continue;
        }
        fs::copy(&path, copy.path().join(&name)).expect("it can be copied");
        if fs::metadata(&path).is_ok_and(|it| it.len() > 0) {
            paths.push(copy.path().join(name));
        }
    }
    paths.sort();
    let path = &paths[random.between(0, paths.len() as u64) as usize];
    let mut bytes = fs::read(path).expect("it was just copied");
    let place = random.between(0, bytes.len() as u64) as usize;
    let way = if random.between(0, 3) == 0 {
        bytes.truncate(place);
        "cut off"
    } else {
        bytes[place] ^= 1 << random.between(0, 8);
        "flipped"
    };
    fs::write(path, bytes).expect("it can be written");
    (copy, format!("{} {way} at {place}", path.display()))
}

/// A server that listens, or how long it took to end.
fn settle(home: &Home) -> Result<Server, Duration> {
    let began = Instant::now();
    let mut server = home.spawn(&mut home.command());
    loop {
        if server.ended().is_some() {
            return Err(began.elapsed());
        }
        if std::net::TcpStream::connect(home.address).is_ok() {
            return Ok(server);
        }
        assert!(
            began.elapsed() < SETTLES_WITHIN,
            "it neither serves nor ends"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}
