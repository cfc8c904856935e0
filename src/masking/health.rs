//! How virtual numbers are, by what the platform says of them in its updates and its lists. Numbers flap: a word is believed
//! once it has held for a while, but that a number is gone is believed at once, since calls from it fail.

use jiff::{SignedDuration, Timestamp};

use super::number::{Health, Heard, PoolNumber};

/// The platform's words (`operationalStatus`; `isHealthy` of its list, which calls a number that fails Active). `None` for
/// words that are new.
pub fn word(status: Option<&str>, is_healthy: Option<bool>) -> Option<Health> {
    let said = match status?.to_ascii_lowercase().as_str() {
        "active" => Health::Active,
        "unhealthy" => Health::Unhealthy,
        "expiring" => Health::Expiring,
        "inactive" => Health::Inactive,
        _ => return None,
    };
    match (said, is_healthy) {
        (Health::Active, Some(false)) => Some(Health::Unhealthy),
        _ => Some(said),
    }
}

/// The number after it was said, at that time, that it is so; `None` when that changes nothing.
pub fn hear(
    number: &PoolNumber,
    said: Health,
    at: Timestamp,
    flap: SignedDuration,
) -> Option<PoolNumber> {
    let known_since = number.heard.map_or(number.changed_at, |heard| heard.since);
    if at < known_since {
        return None;
    }
    match number.heard {
        _ if said == number.health => {
            let unsaid = PoolNumber {
                heard: None,
                ..number.clone()
            };
            number.heard.is_some().then_some(unsaid)
        }
        _ if said == Health::Inactive => Some(believed(number, said, at)),
        Some(heard) if heard.health == said => ripen(number, at, flap),
        _ if flap.is_zero() => Some(believed(number, said, at)),
        _ => Some(PoolNumber {
            heard: Some(Heard {
                health: said,
                since: at,
            }),
            ..number.clone()
        }),
    }
}

/// The number once what was said of it has held for long enough; `None` before.
pub fn ripen(number: &PoolNumber, now: Timestamp, flap: SignedDuration) -> Option<PoolNumber> {
    let heard = number.heard?;
    let held = now.duration_since(heard.since);
    (held >= flap).then(|| believed(number, heard.health, now))
}

fn believed(number: &PoolNumber, health: Health, at: Timestamp) -> PoolNumber {
    PoolNumber {
        health,
        heard: None,
        changed_at: at,
        ..number.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::PhoneNumber;
    use crate::masking::number::Vn;
    use crate::masking::rules::PoolName;

    const FLAP: SignedDuration = SignedDuration::from_mins(10);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn number(health: Health) -> PoolNumber {
        PoolNumber {
            vn: Vn(1),
            health,
            ..PoolNumber::new(
                PhoneNumber::new("+6531234567"),
                PoolName::default(),
                None,
                at(0),
            )
        }
    }

    /// What is believed after each of these was said in that minute.
    fn told(words: &[(i64, Health)]) -> Vec<Health> {
        let mut number = number(Health::Active);
        let believed = words.iter().map(|(minute, said)| {
            number = hear(&number, *said, at(*minute), FLAP).unwrap_or(number.clone());
            number.health
        });
        believed.collect()
    }

    #[test]
    fn both_vocabularies_are_one() {
        for (status, healthy, said) in [
            (Some("Active"), None, Some(Health::Active)),
            (Some("ACTIVE"), Some(true), Some(Health::Active)),
            (Some("Active"), Some(false), Some(Health::Unhealthy)),
            (Some("Expiring"), Some(false), Some(Health::Expiring)),
            (Some("Inactive"), Some(true), Some(Health::Inactive)),
            (Some("Unhealthy"), None, Some(Health::Unhealthy)),
            (Some("Suspended"), None, None),
            (None, Some(false), None),
        ] {
            assert_eq!(word(status, healthy), said, "{status:?} {healthy:?}");
        }
    }

    #[test]
    fn a_word_is_believed_once_it_has_held() {
        use Health::{Active, Expiring, Inactive, Unhealthy};
        for (words, believed) in [
            (
                &[(1, Unhealthy), (10, Unhealthy), (11, Unhealthy)][..],
                &[Active, Active, Unhealthy][..],
            ),
            (
                &[
                    (1, Unhealthy),
                    (9, Active),
                    (11, Unhealthy),
                    (20, Unhealthy),
                    (21, Unhealthy),
                ],
                &[Active, Active, Active, Active, Unhealthy],
            ),
            (
                &[
                    (1, Unhealthy),
                    (5, Expiring),
                    (12, Expiring),
                    (15, Expiring),
                ],
                &[Active, Active, Active, Expiring],
            ),
            (
                &[(1, Inactive), (2, Active), (12, Active)],
                &[Inactive, Inactive, Active],
            ),
            (&[(5, Unhealthy), (4, Inactive)], &[Active, Active]),
        ] {
            assert_eq!(told(words), believed, "{words:?}");
        }
    }

    #[test]
    fn a_word_ripens_by_itself() {
        let said =
            hear(&number(Health::Active), Health::Unhealthy, at(1), FLAP).expect("it is new");
        assert_eq!(said.health, Health::Active);
        assert_eq!(ripen(&said, at(10), FLAP), None);
        let ripe = ripen(&said, at(11), FLAP).expect("it has held");
        assert_eq!(
            (ripe.health, ripe.heard, ripe.changed_at),
            (Health::Unhealthy, None, at(11))
        );
        assert_eq!(ripen(&ripe, at(99), FLAP), None);
        let at_once = hear(
            &number(Health::Active),
            Health::Unhealthy,
            at(1),
            SignedDuration::ZERO,
        );
        assert_eq!(at_once.map(|it| it.health), Some(Health::Unhealthy));
    }
}
