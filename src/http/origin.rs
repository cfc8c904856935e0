//! From whose address a request came, also behind reverse proxies: a header is believed only as far as the addresses
//! that wrote it are trusted.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::config::ForwardedHeader;

/// The address that a request came from: `peer`'s own, or, when that is a trusted proxy, the right-most address in the
/// header that is no trusted proxy. `None` when a trusted proxy names an address that cannot be read.
pub fn origin(
    peer: IpAddr,
    headers: &HeaderMap,
    header: ForwardedHeader,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut nearest = peer.to_canonical();
    for hop in hops(headers, header).iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        nearest = read_address(hop)?;
    }
    Some(nearest)
}

/// The hops that a header names, over all its lines, the farthest first.
fn hops(headers: &HeaderMap, header: ForwardedHeader) -> Vec<String> {
    let name = match header {
        ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    let lines = headers.get_all(name);
    let elements = lines.iter().flat_map(|line| {
        String::from_utf8_lossy(line.as_bytes())
            .split(',')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    match header {
        ForwardedHeader::XForwardedFor => elements.collect(),
        ForwardedHeader::Forwarded => elements.map(|element| forwarded_for(&element)).collect(),
    }
}

/// The `for` of one element of a `Forwarded` header; empty when it has none.
fn forwarded_for(element: &str) -> String {
    let mut pairs = element
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"));
    found.map_or_else(String::new, |(_, value)| value.trim_matches('"').to_owned())
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`.
fn read_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let without_port = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(address)?
        }
        None => match hop.split_once(':') {
            Some((address, port)) if is_port(port) && address.contains('.') => address,
            _ => hop,
        },
    };
    without_port
        .parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue};
    use ipnet::IpNet;
    use proptest::prelude::*;

    use super::{ForwardedHeader, origin};

    fn seen(peer: &str, lines: &[&str], trusted: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                "x-forwarded-for",
                HeaderValue::from_str(line).expect("a header's text"),
            );
        }
        let trusted: Vec<IpNet> = trusted
            .iter()
            .map(|net| net.parse().expect("a network"))
            .collect();
        let peer = peer.parse().expect("an address");
        origin(peer, &headers, ForwardedHeader::XForwardedFor, &trusted).map(|it| it.to_string())
    }

    #[test]
    fn a_header_is_believed_as_far_as_its_writers_are_trusted() {
        let proxy = &["10.0.0.0/8"];
        for (peer, lines, expected) in [
            ("192.0.2.9", &["18.140.80.2"][..], Some("192.0.2.9")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["18.140.80.2"], Some("18.140.80.2")),
            ("10.0.0.1", &["18.140.80.2, 192.0.2.9"], Some("192.0.2.9")),
            ("10.0.0.1", &["18.140.80.2", "192.0.2.9"], Some("192.0.2.9")),
            ("10.0.0.1", &["192.0.2.9, 10.0.0.2"], Some("192.0.2.9")),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3")),
            ("10.0.0.1", &["192.0.2.9:4711"], Some("192.0.2.9")),
            ("10.0.0.1", &["[2001:db8::1]:4711"], Some("2001:db8::1")),
            ("10.0.0.1", &["2001:db8::1"], Some("2001:db8::1")),
            ("10.0.0.1", &["::ffff:192.0.2.9"], Some("192.0.2.9")),
            ("::ffff:10.0.0.1", &["192.0.2.9"], Some("192.0.2.9")),
            ("10.0.0.1", &["18.140.80.2, unknown"], None),
            ("10.0.0.1", &["18.140.80.2,"], None),
        ] {
            assert_eq!(
                seen(peer, lines, proxy).as_deref(),
                expected,
                "{peer} {lines:?}"
            );
        }
        assert_eq!(
            seen("10.0.0.1", &["18.140.80.2"], &[]).as_deref(),
            Some("10.0.0.1")
        );
    }

    #[test]
    fn the_standard_header_is_read_when_it_is_the_one_configured() {
        let mut headers = HeaderMap::new();
        let line = "for=18.140.80.2;proto=https, By=10.0.0.9;For=\"[2001:db8::1]:80\"";
        headers.insert("forwarded", HeaderValue::from_static(line));
        let peer: IpAddr = [10, 0, 0, 1].into();
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let seen = |header| origin(peer, &headers, header, &trusted).map(|it| it.to_string());
        assert_eq!(
            seen(ForwardedHeader::Forwarded).as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(
            seen(ForwardedHeader::XForwardedFor).as_deref(),
            Some("10.0.0.1")
        );
    }

    /// A hop as a stranger may write it.
    fn hop() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("18.140.80.2".to_owned()),
            any::<[u8; 4]>().prop_map(|it| IpAddr::from(it).to_string()),
            any::<[u8; 16]>().prop_map(|it| format!("[{}]:443", IpAddr::from(it))),
            "[ -~]{0,20}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever a stranger writes into the header, the trusted proxy appends the stranger's own address, and that
        /// one is seen.
        #[test]
        fn no_chain_of_hops_hides_a_stranger(
            hops in prop::collection::vec(hop(), 0..6),
            stranger in any::<[u8; 4]>(),
            lines in any::<bool>(),
        ) {
            let stranger = IpAddr::from(stranger);
            let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().expect("a network")];
            prop_assume!(!trusted[0].contains(&stranger));
            let mut headers = HeaderMap::new();
            let forged = HeaderValue::from_str(&hops.join(", ")).expect("printable");
            if lines {
                headers.append("x-forwarded-for", forged.clone());
                headers.append("x-forwarded-for", HeaderValue::from_str(&stranger.to_string()).expect("printable"));
            } else {
                let line = format!("{}, {stranger}", hops.join(", "));
                headers.append("x-forwarded-for", HeaderValue::from_str(&line).expect("printable"));
            }
            headers.append("forwarded", forged);
            let proxy = IpAddr::from([10, 0, 0, 1]);
            let header = ForwardedHeader::XForwardedFor;
            prop_assert_eq!(origin(proxy, &headers, header, &trusted), Some(stranger));
            prop_assert_eq!(origin(stranger, &headers, header, &trusted), Some(stranger));
        }
    }
}
