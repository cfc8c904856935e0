//! A flow's look-up of a name whose owner turns it inward between two of them: from the flow's file to the socket.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::Outside;
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::Source;
use crate::flow::need::Met;
use crate::flow::step::{Call, Paused, Progress, Turn, start};
use crate::outward::Outward;
use crate::switchboard::World as _;

/// Our own system, whose network is allowed, and a neighbour that is nobody's business.
const OURS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const INWARD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

/// A name that leads to these in turn.
#[derive(Clone)]
struct Turncoat(Arc<Mutex<VecDeque<Vec<Ipv4Addr>>>>);

impl Resolve for Turncoat {
    fn resolve(&self, _: Name) -> Resolving {
        let next = self.0.lock().expect("nobody panics with it").pop_front();
        Box::pin(async move {
            let found = next
                .expect("it is asked as often as it answers")
                .into_iter();
            Ok(Box::new(found.map(|ip| SocketAddr::new(IpAddr::V4(ip), 0))) as Addrs)
        })
    }
}

/// Listens at an address, answers everybody with a name, and counts them.
async fn listens(at: Ipv4Addr, port: u16) -> (u16, Arc<AtomicUsize>) {
    let socket = TcpListener::bind((at, port)).await.expect("it is free");
    let port = socket.local_addr().expect("it is bound").port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"name\":\"Ada\"}";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

fn flow(port: u16) -> Flow {
    let text = format!(
        "callwright = 1\n[flow]\nid = \"dips\"\nstart = \"ask\"\nanswers = \"any\"\n[lookup.ask]\nget = \"http://rebinding.example:{port}/\"\n\
         save.name = \"name\"\nrequire = [\"name\"]\nok = \"found\"\nfailed = \"failed\"\n[end.found]\nsay = \"Hello {{name}}.\"\n[end.failed]\nsay = \"No.\"\n"
    );
    let path = "dips.toml".to_owned();
    let mut checked = check(&[Source { path, text }]);
    assert_eq!(checked.flows.len(), 1, "{:?}", checked.diagnostics);
    checked.flows.remove(0).1
}

/// Begins a call, which asks at once, and gives the step that it ends on.
async fn ends_on(world: &Outside, flow: &Flow, id: &str) -> String {
    let call = Call {
        id: id.to_owned(),
        ..Call::default()
    };
    let Ok(Progress::Needs(paused)) = start(flow, &call, Default::default()) else {
        panic!("the flow asks first");
    };
    let met: Met = world.meet(&paused.need, Duration::from_secs(1)).await;
    let Ok(Progress::Turn(Turn { path, .. })) = Paused::resume(*paused, flow, &call, &met) else {
        panic!("the flow goes on");
    };
    path.last().expect("it came somewhere").to_string()
}

#[tokio::test]
async fn a_name_that_turns_inward_between_two_look_ups_is_not_dialled() {
    let (port, ours) = listens(OURS, 0).await;
    let (_, canary) = listens(INWARD, port).await;
    let names = Turncoat(Arc::new(Mutex::new(VecDeque::from([
        vec![OURS],
        vec![INWARD],
        vec![OURS, INWARD],
        vec![OURS],
    ]))));
    let allowed = ["127.0.0.2/32".parse().expect("a network")];
    let out = Outward::with_names(&allowed, Duration::from_secs(1), Arc::new(names.clone()));
    let world = Outside::through(out.expect("this machine encrypts"), Arc::default(), None);
    let flow = flow(port);
    let mut ends = Vec::new();
    for id in ["a", "b", "c", "d"] {
        ends.push(ends_on(&world, &flow, id).await);
    }
    assert_eq!(ends, ["found", "failed", "failed", "found"]);
    let count = |it: &AtomicUsize| it.load(Ordering::SeqCst);
    assert_eq!((count(&ours), count(&canary)), (2, 0));
    let left = names.0.lock().expect("nobody panics with it").len();
    assert_eq!(
        left, 0,
        "each look-up asks for the name once, and dials what it was told"
    );
}
