//! Every key sequence of the platform's two guides, from outside over HTTP, in the forms that the digits come in. The tables
//! here are the guides' own, written down a second time.

use futures_util::{StreamExt, stream};

use crate::app::{Caller, Form, RESTAURANT, Reply, TECH_SUPPORT, TestApp};

/// What a caller may press at a menu: every key, and nothing.
const KEYS: [Option<&str>; 13] = [
    None,
    Some("0"),
    Some("1"),
    Some("2"),
    Some("3"),
    Some("4"),
    Some("5"),
    Some("6"),
    Some("7"),
    Some("8"),
    Some("9"),
    Some("*"),
    Some("#"),
];

/// A menu of a guide: what is heard, and where each key leads.
struct Menu {
    name: &'static str,
    heard: &'static str,
    keys: &'static [(&'static str, Leads)],
    other: Leads,
}

/// Where a key leads.
#[derive(Clone, Copy)]
enum Leads {
    To(&'static str),
    Ends(&'static str),
    HangsUp,
    Dials(&'static str),
    /// The same menu again, with these words.
    Again(&'static str),
}

use Leads::{Again, Dials, Ends, HangsUp, To};

const MAIN: &str = "Welcome to ABC Restaurant, to book a table press 1, to speak to a representative press 2, \
                    to hear our restaurant hours press 3";
const INVALID: Leads = Ends("Invalid input, please call again");

/// "Advanced IVR Guide", its tables.
const RESTAURANT_MENUS: [Menu; 5] = [
    Menu {
        name: "main",
        heard: MAIN,
        keys: &[
            ("1", To("reservations")),
            ("2", To("connect")),
            (
                "3",
                Ends("Our restaurant hours are between 9AM and 9PM every day of the week"),
            ),
        ],
        other: INVALID,
    },
    Menu {
        name: "reservations",
        heard: "Press 1 to make a new reservation, press 2 to reschedule an existing reservation, press 3 to \
                return to main menu",
        keys: &[
            ("1", To("book")),
            ("2", To("reschedule")),
            ("3", To("main")),
        ],
        other: INVALID,
    },
    Menu {
        name: "connect",
        heard: "Connecting you to the next available representative. Press 1 to connect now, press 2 to return \
                to main menu",
        keys: &[("1", Dials("+6568332048")), ("2", To("main"))],
        other: INVALID,
    },
    Menu {
        name: "book",
        heard: "Reserving a Table, Press 1 to reserve a table for today, Press 2 to reserve a table for tomorrow",
        keys: &[
            ("1", Ends("We have booked your table for today, thank you")),
            (
                "2",
                Ends("We have booked your table for tomorrow, thank you"),
            ),
        ],
        other: INVALID,
    },
    Menu {
        name: "reschedule",
        heard: "Rescheduling your reservation, Press 1 to keep your current reservation, press 2 to change your \
                reservation to tomorrow",
        keys: &[
            ("1", Ends("Keeping your current reservation, thank you")),
            ("2", Ends("Changing your reservation to tomorrow thank you")),
        ],
        other: INVALID,
    },
];

const SORRY: &str = "Sorry, we did not understand your response. If you have resolved your issue already, press \
                     one. Or press two to speak to an agent";

/// "Simple IVR": another key, or none, repeats with the guide's words; the third ends the call.
const SUPPORT_MENUS: [Menu; 3] = [
    Menu {
        name: "main",
        heard: "Dear customer, Thank you for contacting Xyz technical support recently. If you have resolved your \
                issue already, press one. Or press two to speak to an agent",
        keys: &[("1", HangsUp), ("2", Dials("+6568332048"))],
        other: Again("second"),
    },
    Menu {
        name: "second",
        heard: SORRY,
        keys: &[("1", HangsUp), ("2", Dials("+6568332048"))],
        other: Again("third"),
    },
    Menu {
        name: "third",
        heard: SORRY,
        keys: &[("1", HangsUp), ("2", Dials("+6568332048"))],
        other: HangsUp,
    },
];

/// How many calls are carried at once.
const CALLS_AT_ONCE: usize = 8;

/// The longest sequences tried: from the main menu to the deepest and back again.
const DEPTH: usize = 4;

fn menu<'m>(menus: &'m [Menu], name: &str) -> &'m Menu {
    menus
        .iter()
        .find(|menu| menu.name == name)
        .expect("the table names only its own menus")
}

fn leads(menu: &Menu, keys: Option<&str>) -> Leads {
    let found = menu.keys.iter().find(|(key, _)| Some(*key) == keys);
    found.map_or(menu.other, |(_, leads)| *leads)
}

/// Every sequence that ends where a key ends the call, or at the depth limit.
fn sequences(menus: &[Menu]) -> Vec<Vec<Option<&'static str>>> {
    let mut done = Vec::new();
    let mut open = vec![(Vec::new(), "main")];
    while let Some((pressed, at)) = open.pop() {
        for keys in KEYS {
            let mut pressed = pressed.clone();
            pressed.push(keys);
            match leads(menu(menus, at), keys) {
                To(next) | Again(next) if pressed.len() < DEPTH => open.push((pressed, next)),
                _ => done.push(pressed),
            }
        }
    }
    done
}

async fn follow(app: &TestApp, number: &str, menus: &[Menu], form: Form, pressed: &[Option<&str>]) {
    let mut caller: Caller<'_> = app.caller(number);
    caller.form = form;
    let mut at = menu(menus, "main");
    let mut reply = caller.dial().await;
    assert_eq!(reply.heard(), [at.heard]);
    for keys in pressed {
        let leads = leads(at, *keys);
        reply = caller.press(*keys).await;
        expect(&reply, leads, menus, pressed);
        if let To(next) | Again(next) = leads {
            at = menu(menus, next);
        }
    }
    if reply.dials().is_some() {
        after_the_bridge(&mut caller, number).await;
    }
}

fn expect(reply: &Reply, leads: Leads, menus: &[Menu], pressed: &[Option<&str>]) {
    match leads {
        To(next) | Again(next) => {
            assert_eq!(reply.names(), ["sayAndCapture"], "{pressed:?}");
            assert_eq!(reply.heard(), [menu(menus, next).heard], "{pressed:?}");
        }
        Ends(words) => {
            assert_eq!(reply.names(), ["say", "hangup"], "{pressed:?}");
            assert_eq!(reply.heard(), [words], "{pressed:?}");
        }
        HangsUp => assert_eq!(reply.names(), ["hangup"], "{pressed:?}"),
        Dials(number) => {
            assert_eq!(reply.names(), ["makeCall"], "{pressed:?}");
            assert_eq!(reply.dials(), Some(number), "{pressed:?}");
        }
    }
}

async fn after_the_bridge(caller: &mut Caller<'_>, number: &str) {
    let reply = caller.bridged(200).await;
    assert!(reply.hangs_up());
    if number == RESTAURANT {
        assert_eq!(
            reply.heard(),
            ["Thank you for calling ABC Restaurant. Goodbye"]
        );
    }
}

async fn follow_all(number: &str, menus: &[Menu], forms: &[Form]) -> usize {
    let app = TestApp::start().await;
    let sequences = sequences(menus);
    for form in forms.iter().copied() {
        stream::iter(&sequences)
            .for_each_concurrent(CALLS_AT_ONCE, |pressed| {
                follow(&app, number, menus, form, pressed)
            })
            .await;
    }
    sequences.len()
}

#[tokio::test]
async fn every_key_sequence_of_the_restaurant() {
    assert!(
        follow_all(
            RESTAURANT,
            &RESTAURANT_MENUS,
            &[Form::Payload, Form::EventData, Form::Bare]
        )
        .await
            > 100
    );
}

#[tokio::test]
async fn every_key_sequence_of_the_tech_support() {
    assert!(
        follow_all(
            TECH_SUPPORT,
            &SUPPORT_MENUS,
            &[Form::Payload, Form::EventData]
        )
        .await
            > 30
    );
}
