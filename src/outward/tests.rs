//! Ways to name this machine and its neighbours, none of which may be dialled.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use super::*;

/// Addresses of this machine, of private networks and of those with a purpose of their own, in the spellings that people
/// have got past others with.
const INWARD: [&str; 97] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0177.1",
    "00000177.0.0.1",
    "127.0.0.0x1",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "0",
    "0.0.0.0",
    "00.0.0.0",
    "0x0",
    "0.1.2.3",
    "10.0.0.1",
    "10.1",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.169.254",
    "169.254.43518",
    "169.16689662",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "0251.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "192.168.257",
    "192.11010305",
    "3232235521",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0.0.0.0]",
    "[::2]",
    "[1::1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2002:0808:0808::1]",
    "[3fff::1]",
    "[2a00:1450::5efe:127.0.0.1]",
    "[2a00:1450::200:5efe:10.0.0.1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::5efe:127.0.0.1]",
    "[fec0::1]",
    "[ff02::1]",
];

fn way_out(allowed: &[IpNet]) -> Outward {
    Outward::new(allowed, Duration::from_secs(1)).expect("this machine encrypts")
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Names that answer in turn with these.
#[derive(Clone)]
struct Turncoat(Arc<Mutex<VecDeque<Vec<IpAddr>>>>);

impl Turncoat {
    fn new(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().expect("an IP")).collect();
        Self(Arc::new(Mutex::new(answers.iter().map(parse).collect())))
    }

    fn way_out(&self, allowed: &[IpNet]) -> Outward {
        Outward::with_names(allowed, Duration::from_secs(1), Arc::new(self.clone()))
            .expect("this machine encrypts")
    }
}

impl Resolve for Turncoat {
    fn resolve(&self, _: Name) -> Resolving {
        let next = self.0.lock().expect("nobody panics with it").pop_front();
        Box::pin(async move {
            let found = next.expect("it is asked as often as it answers");
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// Why a request is refused, before it is sent or as it is.
async fn refusal(out: &Outward, url: &Url) -> Refused {
    match out.request(Method::GET, url) {
        Err(refused) => refused,
        Ok(request) => {
            let error = request.send().await.expect_err("it does not leave");
            Refused::in_error(&error).unwrap_or_else(|| panic!("{url}: {error:?}"))
        }
    }
}

#[tokio::test]
async fn nothing_inward_is_dialled_however_it_is_spelt() {
    let canary = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    canary.set_nonblocking(true).expect("it can be asked");
    let port = canary.local_addr().expect("it is bound").port();
    let out = way_out(&[]);
    for host in INWARD {
        for scheme in ["http", "https"] {
            for at in [String::new(), format!(":{port}"), ":22".to_owned()] {
                let target = url(&format!("{scheme}://{host}{at}/webhooks"));
                assert_eq!(refusal(&out, &target).await, Refused::Network, "{target}");
            }
        }
    }
    let nobody = canary.accept().expect_err("nobody has called");
    assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn names_of_this_machine_are_refused_as_its_addresses_are() {
    let out = way_out(&[]);
    for host in ["localhost", "LOCALHOST", "ⓛocalhost"] {
        for scheme in ["http", "https"] {
            let target = url(&format!("{scheme}://{host}:1/"));
            assert_eq!(refusal(&out, &target).await, Refused::Network, "{target}");
        }
    }
}

#[test]
fn what_is_no_address_of_a_webhook_is_refused() {
    for (text, refused) in [
        ("", Refused::NotAUrl),
        ("example.com/hooks", Refused::NotAUrl),
        ("//example.com", Refused::NotAUrl),
        ("https://", Refused::NotAUrl),
        ("https://[::1%25lo]/", Refused::NotAUrl),
        ("https://[fe80::1%25eth0]/", Refused::NotAUrl),
        ("https://1.2.3.4.5/", Refused::NotAUrl),
        ("https://256.256.256.256/", Refused::NotAUrl),
        ("file:///etc/passwd", Refused::Scheme),
        ("gopher://example.com/", Refused::Scheme),
        ("ftp://example.com/", Refused::Scheme),
        ("ws://example.com/", Refused::Scheme),
        ("data:text/plain,x", Refused::Scheme),
        ("https://user@example.com/", Refused::Credentials),
        ("https://user:word@example.com/", Refused::Credentials),
        ("https://:word@example.com/", Refused::Credentials),
        ("https://example.com@127.0.0.1/", Refused::Credentials),
    ] {
        assert_eq!(read(text), Err(refused), "{text}");
    }
    for text in ["https://example.com/hooks?a=b", "http://example.com:8080"] {
        assert!(read(text).is_ok(), "{text}");
    }
}

#[test]
fn the_world_is_let_through_encrypted() {
    let out = way_out(&[]);
    for host in [
        "8.8.8.8",
        "100.63.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "[2606:4700::1111]",
        "[2001:4860:4860::8888]",
        "[64:ff9b::8.8.8.8]",
        "[::ffff:8.8.8.8]",
    ] {
        let encrypted = url(&format!("https://{host}/"));
        assert!(out.request(Method::POST, &encrypted).is_ok(), "{host}");
        let plain = out.request(Method::POST, &url(&format!("http://{host}/")));
        assert_eq!(plain.err(), Some(Refused::Plain), "{host}");
    }
}

/// A listener on this machine that redirects whoever calls, and counts them.
async fn redirecting() -> (u16, Arc<Mutex<u32>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let socket = socket.expect("a port is free");
    let port = socket.local_addr().expect("it is bound").port();
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            *counted.lock().expect("nobody panics with it") += 1;
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, calls)
}

#[tokio::test]
async fn a_network_that_is_allowed_is_reached_and_no_redirect_followed() {
    let (port, calls) = redirecting().await;
    let own = ["127.0.0.0/8".parse().expect("a network")];
    let out = Turncoat::new(&[&["127.0.0.1"]]).way_out(&own);
    for host in ["127.0.0.1", "hooks.example"] {
        let target = url(&format!("http://{host}:{port}/"));
        let request = out.request(Method::GET, &target).expect("it is allowed");
        let answer = request.send().await.expect("somebody answers");
        assert_eq!(answer.status(), 302);
    }
    assert_eq!(*calls.lock().expect("nobody panics with it"), 2);
}

#[tokio::test]
async fn a_name_that_turns_inward_is_refused_each_time() {
    let out = Turncoat::new(&[
        &["8.8.8.8", "127.0.0.1"],
        &["::ffff:10.0.0.1"],
        &["fd00:ec2::254"],
    ])
    .way_out(&[]);
    for _ in 0..3 {
        let target = url("https://rebinding.example/");
        assert_eq!(refusal(&out, &target).await, Refused::Network);
    }
    let out = Turncoat::new(&[&["8.8.8.8"]]).way_out(&[]);
    assert_eq!(
        refusal(&out, &url("http://plain.example/")).await,
        Refused::Plain
    );
}
