//! The specification's own vectors, and its reference implementation in Rust as the receiver.

use ring::signature::{ED25519, UnparsedPublicKey};
use standardwebhooks::Webhook;

use super::*;

const SHARED_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// From the tests of the specification's libraries (`whsk_`, `whpk_`).
const PRIVATE_KEY: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

fn secret(text: &str) -> Secret {
    Secret::read(text).expect("it is a secret")
}

#[test]
fn the_specification_s_vector_holds() {
    let signature = secret(SHARED_SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        r#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn the_reference_implementation_signs_as_we_do() {
    let reference = Webhook::new(SHARED_SECRET).expect("the same secret");
    for (id, timestamp, body) in [
        ("evt_1", 1_790_000_000, "{}"),
        ("evt_1", 1_790_000_001, ""),
        ("evt_2", 0, r#"{"data":{"name":"Zoë ☎"}}"#),
    ] {
        let theirs = reference.sign(id, timestamp, body.as_bytes());
        let ours = secret(SHARED_SECRET).sign(id, timestamp, body);
        assert_eq!(ours, theirs.expect("it signs"));
    }
}

#[test]
fn a_private_key_signs_so_that_its_public_half_verifies() {
    let key = secret(PRIVATE_KEY);
    let public = key.public().expect("it has one");
    let public = BASE64.decode(public.strip_prefix("whpk_").expect("its mark"));
    let public = UnparsedPublicKey::new(&ED25519, public.expect("base64"));
    let signature = key.sign("msg_1", 1_614_265_330, "{}");
    let bytes = BASE64.decode(signature.strip_prefix("v1a,").expect("its mark"));
    let bytes = bytes.expect("base64");
    assert!(public.verify(b"msg_1.1614265330.{}", &bytes).is_ok());
    assert!(public.verify(b"msg_2.1614265330.{}", &bytes).is_err());
    assert_eq!(secret(SHARED_SECRET).public(), None);
}

/// RFC 8032, section 7.1, test 1, beneath the framing: the key is the one that the seed gives.
#[test]
fn a_seed_alone_is_a_private_key() {
    let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let key = secret(&format!("whsk_{seed}"));
    assert_eq!(key.public(), Some(format!("whpk_{public}")));
}

#[test]
fn what_is_no_secret_is_refused_and_not_repeated() {
    for text in [
        "",
        "whsec_",
        "whsec_AAAA",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_not base64 at all, is it, not at all",
        "whsk_AAAA",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        // A public half that is not that of its private one.
        "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    ] {
        let refused = Secret::read(text).expect_err(text);
        assert!(!refused.to_string().contains("MfKQ"));
    }
    let shown = format!("{:?}", secret(SHARED_SECRET));
    assert_eq!(shown, "Secret(••••)");
}
