//! Our numbers as the platform lists them: their countries are open from then on, and they themselves are not called.

use std::sync::Arc;

use callwright::call::PhoneNumber;
use callwright::clock::Clock;
use callwright::config::Config;
use callwright::dialer::Dialer;
use callwright::emulator::{Account, Emulator, Mischief, Pace, Serving, Setup};
use callwright::flow::Library;
use callwright::outbound::Destinations;
use callwright::session::Apology;
use callwright::shelf::Shelf;
use callwright::store::keys;
use callwright::store::sqlite::SqliteStore;
use callwright::switchboard::Switchboard;
use callwright::world::Outside;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{ACCOUNT, KEY, platform_settings};
use crate::app::RESTAURANT;

/// A number of ours that only the platform knows, and somebody in its country.
const OURS_IN_THAILAND: &str = "+6621234567";
const SOMEBODY_IN_THAILAND: &str = "+66812345678";

/// A dialer whose platform has `numbers`, for whoever has `key`.
struct Asking {
    dialer: Dialer,
    switchboard: Arc<Switchboard>,
    _serving: Serving,
    _folder: TempDir,
}

impl Asking {
    async fn the_platform(numbers: [&str; 2], key: &str) -> Self {
        let setup = Setup {
            seed: 7,
            pace: Pace::Virtual,
            mischief: Mischief::NONE,
        };
        let account = Account::new(ACCOUNT, key, numbers);
        let emulator = Emulator::new(setup, [account], Clock::system());
        let socket = TcpListener::bind("127.0.0.1:0").await;
        let serving = emulator.serve(socket.expect("a port is free"));
        let serving = serving.expect("it has an address");

        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let url = format!("sqlite://{}", at("callwright.db"));
        let base = format!("http://{}", serving.address());
        let keys_file = ("CALLWRIGHT_KEYS__FILE".to_owned(), at("callwright.keys"));
        let settings = platform_settings(&base).into_iter().chain([keys_file]);
        let config = Config::load(None, settings).expect("the configuration is valid");
        let keys = keys::find(&config.keys, async { SqliteStore::is_new(&url) }).await;
        let store = SqliteStore::open(&url, &keys.expect("keys are made")).await;
        let store = Arc::new(store.expect("the store opens"));

        let shelf = Arc::new(Shelf::of(Library::new([], [])));
        let apology = Apology {
            text: config.apology.text.clone(),
            voice: config.apology.voice.clone(),
        };
        let destinations = Destinations::new([PhoneNumber::new(RESTAURANT)], []);
        let switchboard = Arc::new(Switchboard::new(
            store.clone(),
            shelf.clone(),
            apology,
            destinations,
            Arc::new(Outside::new(&config, None).expect("this machine encrypts")),
            Clock::system(),
        ));
        let dialer = Dialer::new(&config, store, shelf, switchboard.clone(), Clock::system());
        Self {
            dialer,
            switchboard,
            _serving: serving,
            _folder: folder,
        }
    }

    /// The rule by which a call to `number` is refused, if it is.
    fn refused(&self, number: &str) -> Option<&'static str> {
        let (number, from) = (PhoneNumber::new(number), PhoneNumber::new(RESTAURANT));
        let allowed = self.switchboard.destinations().allow(&number, &from);
        allowed.err().map(|refused| refused.rule())
    }
}

#[tokio::test]
async fn a_number_that_the_platform_lists_opens_its_country_and_is_not_called() {
    let asking = Asking::the_platform([RESTAURANT, OURS_IN_THAILAND], KEY).await;
    assert_eq!(asking.refused(SOMEBODY_IN_THAILAND), Some("country_closed"));
    assert!(
        asking.dialer.ask_for_numbers().await.failed.is_empty(),
        "all was told"
    );
    assert_eq!(asking.refused(SOMEBODY_IN_THAILAND), None);
    assert_eq!(asking.refused(OURS_IN_THAILAND), Some("own_number"));
}

#[tokio::test]
async fn a_platform_that_does_not_tell_changes_nothing() {
    let asking = Asking::the_platform([RESTAURANT, OURS_IN_THAILAND], "another-key").await;
    assert!(
        !asking.dialer.ask_for_numbers().await.failed.is_empty(),
        "nothing was told"
    );
    assert_eq!(asking.refused(SOMEBODY_IN_THAILAND), Some("country_closed"));
}
