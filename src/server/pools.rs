//! The pools as the server begins with them: their rules, their numbers, and whether they and the flows agree: a number is in a
//! pool or answers a flow, never both.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StartError;
use crate::bookings::Bookings;
use crate::bookings::numbers::PoolNumbers;
use crate::call::PhoneNumber;
use crate::clock::Clock;
use crate::config::Config;
use crate::flow::Library;
use crate::flow::model::FlowId;
use crate::masking::PoolRules;
use crate::masking::rules::PoolName;
use crate::shelf::Shelf;
use crate::store::bookings::BookingStore;
use crate::switchboard::Switchboard;

/// Where the configuration's pools and the flows contradict each other, a sentence each; numbers masked.
pub(super) fn contradictions(config: &Config, library: &Library) -> Vec<String> {
    let mut found = Vec::new();
    for (name, pool) in &config.pools {
        let named = pool
            .numbers
            .iter()
            .filter_map(|number| Some((number, library.naming(number)?)));
        found
            .extend(named.map(|(number, flow)| both(number, &flow.id, &format!("[pools.{name}]"))));
    }
    let sections = config
        .pools
        .iter()
        .map(|(name, pool)| (format!("pools.{name}.masking.unknown"), &pool.rules));
    let sections = std::iter::once(("masking.unknown".to_owned(), &config.masking)).chain(sections);
    let own = sections.filter(|(section, rules)| {
        section == "masking.unknown" || rules.unknown.flow != config.masking.unknown.flow
    });
    found.extend(own.filter_map(|(section, rules)| unknown_flow(&section, rules, library)));
    found
}

fn both(number: &PhoneNumber, flow: &FlowId, place: &str) -> String {
    format!("{number} is in {place} and answers the flow `{flow}`: take it out of one of them")
}

fn unknown_flow(section: &str, rules: &PoolRules, library: &Library) -> Option<String> {
    let flow = rules.unknown.flow.as_ref()?;
    let lacks = library.current(flow).is_none();
    lacks.then(|| {
        format!(
            "`flow` of [{section}] names no flow of the folder: write the id of one that is there"
        )
    })
}

/// The rules of every pool: those of the configuration, and `default`.
pub(super) fn rules(config: &Config) -> BTreeMap<PoolName, PoolRules> {
    let configured = config
        .pools
        .iter()
        .map(|(name, pool)| (PoolName::new(name.as_str()), pool.rules.clone()));
    let usual = (PoolName::default(), config.masking.clone());
    std::iter::once(usual).chain(configured).collect()
}

/// The numbers of all pools, those of the configuration kept as it has them.
///
/// # Errors
///
/// A number that was put into a pool answers a flow now, or the store cannot be used.
pub(super) async fn numbers(
    config: &Arc<Config>,
    store: Arc<dyn BookingStore>,
    switchboard: &Switchboard,
    shelf: &Arc<Shelf>,
    clock: &Clock,
) -> Result<Arc<PoolNumbers>, StartError> {
    let destinations = switchboard.destinations().as_ref().clone();
    let bookings = Bookings::new(store.clone(), rules(config), destinations, clock.clone());
    bookings.refresh().await?;
    let numbers = PoolNumbers::new(
        config,
        Arc::new(bookings),
        store,
        shelf.clone(),
        clock.clone(),
    );
    let contradictions = numbers.contradictions(&shelf.library());
    if !contradictions.is_empty() {
        return Err(StartError::Pools(contradictions));
    }
    numbers.keep_configured().await?;
    let bookings = numbers.bookings();
    switchboard.learn(bookings.numbers().into_iter().map(|it| it.number).collect());
    switchboard.mask_by(bookings.clone());
    Ok(Arc::new(numbers))
}
