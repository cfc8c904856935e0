//! What every store promises, tried on each engine by the same list. A test takes an [`Engine`] and speaks to the
//! promise only; what is an engine's own is tested beside (`store_sqlite.rs`).

pub(crate) mod attempts;
mod calls;
mod erasing;
mod events;
mod flows;
pub(crate) mod handoffs;
mod listing;
mod looking;
pub(crate) mod rotating;
pub(crate) mod samples;
mod upkeep;
pub(crate) mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use callwright::store::Store;
use callwright::store::postgres::PostgresStore;
use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;

use crate::cluster;

/// A place that holds one database, which can be opened, closed and opened again.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// Opens the database; the first time it is empty.
    async fn open(&self) -> Arc<dyn Store>;
}

/// SQLite in a folder of its own, sealed with keys of its own.
struct Sqlite {
    folder: tempfile::TempDir,
    keys: Keys,
}

impl Sqlite {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            keys: Keys::generate(),
        }
    }
}

#[async_trait]
impl Engine for Sqlite {
    async fn open(&self) -> Arc<dyn Store> {
        let url = format!("sqlite://{}/callwright.db", self.folder.path().display());
        let store = SqliteStore::open(&url, &self.keys).await;
        Arc::new(store.expect("a sound database"))
    }
}

/// A database of its own on the shared PostgreSQL server.
struct Postgres {
    url: String,
    keys: Keys,
}

impl Postgres {
    fn new() -> Option<Self> {
        Some(Self {
            url: cluster::database()?,
            keys: Keys::generate(),
        })
    }
}

#[async_trait]
impl Engine for Postgres {
    async fn open(&self) -> Arc<dyn Store> {
        let store = PostgresStore::open(&self.url, &self.keys).await;
        Arc::new(store.expect("a sound database"))
    }
}

/// Runs the list on an engine. A second engine is one more line of `on!`.
macro_rules! contract {
    ($($module:ident: $($test:ident)*;)*) => {
        macro_rules! on {
            ($engine:ident, $make:expr) => {
                mod $engine {
                    $($(
                        #[tokio::test]
                        async fn $test() {
                            if let Some(engine) = $make {
                                super::$module::$test(&engine).await;
                            }
                        }
                    )*)*
                }
            };
        }
    };
}

contract! {
    calls:
        nothing_is_known_of_a_stranger
        an_exchange_is_recalled
        every_field_of_a_session_comes_back
        a_reply_comes_back_byte_for_byte
        secret_variables_come_back_and_secret_digits_do_not
        a_known_event_is_overtaken
        a_step_is_left_once
        a_session_does_not_go_back
        a_session_may_jump_ahead
        an_apology_moves_nothing
        an_apology_leaves_a_live_session_alone
        an_exchange_after_the_summary_revives_nothing
        of_many_answers_to_one_step_one_is_kept
        many_calls_at_once_are_all_kept
        an_abandoned_write_is_kept_whole_or_not_at_all;
    webhooks:
        a_status_alone_is_a_session
        a_recording_alone_is_a_session
        a_repeated_status_changes_nothing
        a_summary_ends_the_session_for_good
        an_empty_summary_ends_a_session_too
        legs_are_the_statuses_until_the_summary_comes
        words_that_we_do_not_know_are_kept
        a_recording_is_as_its_newest_update_says
        any_order_gives_the_same_record
        a_number_is_as_its_latest_update_says
        many_numbers_come_in_one_update;
    listing:
        newest_first_with_all_that_a_listing_shows
        each_filter_holds
        filters_hold_together
        pages_meet_without_gap_or_overlap
        a_page_that_is_just_full_is_the_last
        live_sessions_are_counted;
    flows:
        no_flows_were_ever_kept
        the_last_good_set_is_replaced_whole
        a_live_session_holds_its_version
        a_call_may_begin_on_a_version_that_just_left
        what_nothing_needs_is_forgotten
        a_session_that_fell_silent_holds_nothing;
    attempts:
        a_call_that_was_begun_comes_back_whole
        every_state_of_a_call_comes_back
        one_request_is_one_call
        one_line_has_one_call_at_a_time
        a_change_is_made_over_what_was_read
        who_lost_the_lease_dials_nobody
        a_session_finds_the_calls_it_may_have_come_of
        a_call_that_was_not_heard_of_holds_its_version
        a_closed_store_begins_nothing;
    events:
        a_session_is_told_of_once_and_in_its_order
        the_first_that_is_heard_of_a_session_may_be_its_end
        what_is_saved_at_the_hang_up_is_told_and_no_secret
        a_recording_is_told_of_once_it_is_ready
        what_was_told_is_not_told_again_after_a_restart
        many_sessions_are_told_of_each_in_its_order
        each_endpoint_gets_what_it_wants
        who_takes_an_event_has_it_for_a_while
        many_take_events_and_each_is_taken_once
        what_failed_waits_and_what_is_given_up_does_not
        an_endpoint_is_left_alone_when_it_asks_for_it
        any_range_is_sent_again
        events_go_when_their_time_or_room_is_over
        who_lost_the_lease_spreads_and_prunes_nothing;
    handoffs:
        every_outcome_of_a_handoff_comes_back
        a_call_that_a_script_told_of_is_found_by_both_numbers
        what_was_given_back_comes_back;
    erasing:
        a_person_is_erased_everywhere
        a_live_call_of_a_person_goes_once_it_is_over
        a_call_that_was_silent_for_a_day_is_not_waited_for
        what_comes_late_of_an_erased_session_is_kept
        people_are_erased_while_calls_come
        sessions_go_when_their_time_is_over;
    looking:
        others_sessions_that_name_a_person_go
        who_names_a_person_later_is_not_waited_for
        calls_to_others_that_name_a_person_go
        what_is_written_until_a_call_ends_goes_too
        a_restart_in_the_middle_goes_on
        many_are_looked_through_for_all_at_once
        who_lost_the_lease_erases_nobody;
    upkeep:
        all_of_it_survives_a_restart
        forgotten_events_are_new_again_and_leave_their_trace
        many_events_are_forgotten_at_one_call
        a_closed_store_says_so
        what_waits_at_the_close_is_kept_or_refused
        an_open_store_answers
        a_lease_has_one_holder
        a_lease_that_ran_out_is_taken_over_and_its_last_holder_fenced_off
        many_take_a_lease_and_one_gets_it;
}

on!(sqlite, Some(super::Sqlite::new()));
on!(postgres, super::Postgres::new());
on!(
    sqlite_rotating,
    Some(super::rotating::Rotating(super::Sqlite::new()))
);
on!(
    postgres_rotating,
    super::Postgres::new().map(super::rotating::Rotating)
);
