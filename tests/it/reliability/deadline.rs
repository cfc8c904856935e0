//! R18: no work goes on, and no place stays taken, after its caller has left. Clients hang up at random points of a
//! request, ten thousand times.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::by_day_or_night;
use super::crowd::{Crowd, action};
use super::process::Home;
use super::random::Random;

/// How often somebody hangs up, by day and by night.
const TIMES: (usize, usize) = (2_000, 10_000);

/// Places at the server: were one in a thousand not given back, none would be left.
const PLACES: &str = "24";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_leaves_nothing_behind() {
    let home = Home::new()
        .env("CALLWRIGHT_HTTP__MAX_CONNECTIONS", PLACES)
        .env("CALLWRIGHT_HTTP__MAX_CONNECTIONS_PER_ADDRESS", PLACES);
    let server = home.start();
    let crowd = Crowd::gather(4, home.address);
    let (mut random, address) = (Random::announced("R18"), home.address);
    let times = by_day_or_night(TIMES.0, TIMES.1);
    let before = server.sockets();
    let hanging = tokio::task::spawn_blocking(move || {
        for _ in 0..times {
            hang_up(address, &mut random);
        }
    });
    hanging.await.expect("hanging up does not fail");
    let left = Instant::now();
    while server.sockets() > before + 4 {
        assert!(left.elapsed() < Duration::from_secs(5), "sockets stay open");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let closed = left.elapsed();
    let ledger = crowd.disperse().await;
    println!(
        "R18: {times} hang-ups at random points: every place given back {} ms after the last; {} webhooks of others acknowledged meanwhile, {} not 200, {} apologies",
        closed.as_millis(),
        ledger.acknowledged.len(),
        ledger.refused_actions,
        ledger.apologies
    );
    assert_eq!(ledger.refused_actions + ledger.apologies, 0);
    let lost = ledger.lost(home.address, &home.unstored()).await;
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Sends some of a request, perhaps waits a little, and goes: politely, or with what it was sent unread.
fn hang_up(address: SocketAddr, random: &mut Random) {
    let body = action(&uuid::Uuid::new_v4().to_string(), None, None).to_string();
    let request = format!(
        "POST /webhooks/vca HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // A server whose places are all taken closes the connection: that is an end like any other here.
    let Ok(mut stream) = TcpStream::connect(address) else {
        return;
    };
    let part = random.between(0, request.len() as u64 + 1) as usize;
    // Half of them send all of it, so that they leave in the middle of the work.
    let part = if random.between(0, 2) == 0 {
        request.len()
    } else {
        part
    };
    let _ = stream.write_all(&request.as_bytes()[..part]);
    match random.between(0, 4) {
        0 => std::thread::sleep(Duration::from_micros(random.between(0, 2_000))),
        1 => {
            let _ = stream.shutdown(Shutdown::Write);
        }
        2 if part == request.len() => {
            let _ = stream.read(&mut [0; 16]);
        }
        _ => {}
    }
}
