//! Heads that end: how many headers, how many bytes, how long an address.
//!
//! hyper's own limits lie a little higher and are the backstop; within them a refusal says what it is about.

use axum::extract::Request;

use super::problem::Problem;

/// The most headers of a request.
pub const MAX_HEADERS: usize = 64;

/// The most bytes of a request's head.
pub const MAX_HEAD: usize = 16 * 1024;

/// The most bytes of a request's path and query.
pub const MAX_ADDRESS: usize = 4 * 1024;

/// Why a request's head is refused, when it is larger than is allowed.
pub fn judge(request: &Request) -> Result<(), Problem> {
    if address_length(request) > MAX_ADDRESS {
        return Err(Problem::address_too_long(MAX_ADDRESS));
    }
    if request.headers().len() > MAX_HEADERS || head_length(request) > MAX_HEAD {
        return Err(Problem::head_too_large(MAX_HEADERS, MAX_HEAD));
    }
    Ok(())
}

fn address_length(request: &Request) -> usize {
    request
        .uri()
        .path_and_query()
        .map_or(0, |address| address.as_str().len())
}

/// How many bytes the head had on the wire, when it was written without needless spaces.
fn head_length(request: &Request) -> usize {
    let line =
        request.method().as_str().len() + address_length(request) + " HTTP/1.1\r\n".len() + 1;
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    line + headers + "\r\n".len()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn status(request: Request) -> u16 {
        judge(&request).map_or_else(|problem| problem.status().as_u16(), |()| 200)
    }

    fn with_headers(count: usize, value: &str) -> Request {
        (0..count)
            .fold(Request::get("/"), |request, at| {
                request.header(format!("x-{at:03}"), value)
            })
            .body(Body::empty())
            .expect("a test's request is valid")
    }

    #[test]
    fn the_number_of_headers_has_an_exact_limit() {
        assert_eq!(status(with_headers(MAX_HEADERS, "v")), 200);
        assert_eq!(status(with_headers(MAX_HEADERS + 1, "v")), 431);
    }

    #[test]
    fn the_heads_length_has_an_exact_limit() {
        let bare = "GET / HTTP/1.1\r\nx-000: \r\n\r\n".len();
        for (length, expected) in [(MAX_HEAD, 200), (MAX_HEAD + 1, 431)] {
            assert_eq!(
                status(with_headers(1, &"v".repeat(length - bare))),
                expected
            );
        }
    }

    #[test]
    fn the_addresss_length_has_an_exact_limit() {
        for (length, expected) in [(MAX_ADDRESS, 200), (MAX_ADDRESS + 1, 414)] {
            let address = format!("/?{}", "q".repeat(length - 2));
            let request = Request::get(address).body(Body::empty());
            assert_eq!(
                status(request.expect("a test's request is valid")),
                expected
            );
        }
    }
}
