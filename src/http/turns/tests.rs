//! Who gets a place, in which order, and that none is lost.

use futures_util::FutureExt;

use super::*;

#[tokio::test(start_paused = true)]
async fn some_places_are_kept_for_calls_on_the_telephone() {
    let turns = Turns::of(3, 1, 1);
    let first = turns.take(Waiting::NewCall).await;
    let second = turns.take(Waiting::NewCall).await;
    assert!(first.is_some() && second.is_some());
    assert!(
        turns.take(Waiting::NewCall).await.is_none(),
        "their places are taken"
    );
    let live = turns.take(Waiting::LiveCall).await;
    assert!(live.is_some(), "one is kept for them");
    assert!(
        turns.take(Waiting::LiveCall).await.is_none(),
        "all are taken"
    );
    assert!(
        turns.take(Waiting::Other).await.is_some(),
        "others have their own"
    );
    drop(first);
    assert!(
        turns.take(Waiting::NewCall).await.is_none(),
        "the place that came free is kept"
    );
    drop(second);
    assert!(
        turns.take(Waiting::NewCall).await.is_some(),
        "a place was given back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_goes_to_calls_on_the_telephone_first_and_to_each_in_turn() {
    let turns = Turns::of(1, 0, 1);
    let mut working = turns.take(Waiting::NewCall).await;
    let waiting = [
        Waiting::NewCall,
        Waiting::NewCall,
        Waiting::LiveCall,
        Waiting::LiveCall,
    ];
    let mut line = waiting.map(|who| Box::pin(turns.take(who)));
    for one in &mut line {
        assert!(one.now_or_never().is_none(), "all places are taken");
    }
    for next in [2, 3, 0, 1] {
        drop(working.take());
        working = (&mut line[next]).now_or_never().expect("its turn has come");
        assert!(working.is_some(), "it was there all the time");
    }
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_leaves_no_place_taken() {
    let turns = Turns::of(2, 1, 1);
    let first = turns.take(Waiting::NewCall).await;
    for _ in 0..10 {
        assert!(turns.take(Waiting::NewCall).await.is_none());
    }
    // One goes before its turn, one at the moment that a place is handed to it.
    let mut gone = Box::pin(turns.take(Waiting::NewCall));
    let mut handed = Box::pin(turns.take(Waiting::NewCall));
    assert!((&mut gone).now_or_never().is_none());
    assert!((&mut handed).now_or_never().is_none());
    drop(gone);
    drop(first);
    drop(handed);
    assert_eq!(turns.actions.book().free, 2);
    assert!(turns.actions.book().then.waiting.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_waited_for_and_a_line_that_stands_is_not() {
    let turns = Turns::of(1, 0, 1);
    let working = turns.take(Waiting::NewCall).await;
    let burst = turns.take(Waiting::NewCall);
    let later = async {
        tokio::time::sleep(STANDS).await;
        let waited = Instant::now();
        assert!(turns.take(Waiting::NewCall).await.is_none());
        assert_eq!(waited.elapsed(), SHORT_PATIENCE);
        let waited = Instant::now();
        let live = turns.take(Waiting::LiveCall);
        let free = async {
            tokio::time::sleep(2 * SHORT_PATIENCE).await;
            drop(working);
        };
        let (live, ()) = tokio::join!(live, free);
        assert!(live.is_some(), "new calls' line is none of live ones'");
        assert_eq!(waited.elapsed(), 2 * SHORT_PATIENCE);
    };
    let (first, ()) = tokio::join!(burst, later);
    assert!(first.is_some(), "it was there when the line began");
}

#[tokio::test(start_paused = true)]
async fn a_call_on_the_telephone_waits_however_long_the_line_stands() {
    let turns = Turns::of(1, 0, 1);
    let _working = turns.take(Waiting::LiveCall).await;
    let first = turns.take(Waiting::LiveCall);
    let later = async {
        tokio::time::sleep(STANDS).await;
        let waited = Instant::now();
        assert!(turns.take(Waiting::LiveCall).await.is_none());
        assert_eq!(waited.elapsed(), PATIENCE);
    };
    tokio::join!(first, later);
}
