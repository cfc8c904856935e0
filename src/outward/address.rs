//! Which addresses are the world's: those that IANA's registries of special-purpose addresses call globally reachable
//! (2026-11), and of addresses that carry another one inside, those whose inner one is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the internet, not to this machine, a private network or a purpose of its own.
pub fn is_the_worlds(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_v4_the_worlds(address),
        IpAddr::V6(address) => match carried(address) {
            Some(inner) => is_v4_the_worlds(inner),
            None => is_v6_the_worlds(address),
        },
    }
}

fn is_v4_the_worlds(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

fn is_v6_the_worlds(address: Ipv6Addr) -> bool {
    let is_special = matches!(
        address.segments(),
        // Protocol assignments, Teredo among them; documentation; 6to4.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..]
    );
    let is_unicast = address.segments()[0] & 0xe000 == 0x2000;
    is_unicast && !is_special && !is_isatap(address)
}

/// The IPv4 address that an IPv6 address stands for: mapped (RFC 4291), or by NAT64's well-known prefix (RFC 6052).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |address: Ipv6Addr| {
        let [.., a, b, c, d] = address.octets();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last(address)),
        _ => None,
    }
}

/// Whether the second half is that of ISATAP (RFC 5214), which leads to an IPv4 address within a site.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., fifth, sixth, _, _] = address.segments();
    fifth & 0xfdff == 0 && sixth == 0x5efe
}
