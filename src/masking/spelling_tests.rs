//! Which spellings are one person, and which calling numbers are none.

use super::{caller, key_digits};
use crate::call::PhoneNumber;

#[test]
fn spellings_of_one_person_have_one_key() {
    for (one, other) in [
        ("+5215512345678", "+525512345678"),
        ("+5491123456789", "+541123456789"),
        ("+6591234567", "6591234567"),
    ] {
        let key = |text: &str| key_digits(&PhoneNumber::new(text)).into_owned();
        assert_eq!(key(one), key(other), "{one}");
    }
    assert_ne!(
        key_digits(&PhoneNumber::new("+525512345678")),
        key_digits(&PhoneNumber::new("+545512345678"))
    );
}

#[test]
fn a_caller_is_read_as_networks_write_numbers() {
    let called = PhoneNumber::new("+6561000000");
    let read = |text: &str| caller(Some(&PhoneNumber::new(text)), &called).map(|it| it.with_plus());
    for told in ["+6591234567", "6591234567", "006591234567"] {
        assert_eq!(read(told).as_deref(), Some("+6591234567"), "{told}");
    }
    assert_eq!(
        read("+65123456789").as_deref(),
        Some("+65123456789"),
        "a number of no plan is still a number"
    );
    for hidden in [
        "",
        "anonymous",
        "ANONYMOUS",
        "unknown",
        "private",
        "restricted",
        "unavailable",
        "266696687",
        "7378742833",
        "+2562533",
        "8656696",
        "86282452253",
        "7748283",
        "123456",
        "+65 9123 4567",
        "sip:a@b",
        "+6561000000",
        "6561000000",
    ] {
        assert_eq!(read(hidden), None, "{hidden}");
    }
    assert_eq!(caller(None, &called), None);
}
