//! The keys of `[masking]`: kinds, bounds, and what they must agree with. A pool's own rules have the same.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use jiff::civil::Weekday;

use super::reader::{Reader, Section, Show};
use super::values::{
    country, duration, no_controls, one_of, shown_day, spoken_text, time_of_day, time_zone, weekday,
};
use super::wrong::Wrong;
use crate::call::PhoneNumber;
use crate::flow::model::FlowId;
use crate::masking::rules::{
    Callback, CountryRule, Direction, Grace, HealthRules, Hours, Limits, Numbers, PinRules,
    PoolRules, Speech, StaleNumber, Sticky, Unhealthy, Unknown, Withheld,
};
use crate::masking::words::Sentence;
use crate::outbound::{Country, Refused, spelling};

const NUMBERS: [(&str, Numbers); 2] = [("shared", Numbers::Shared), ("split", Numbers::Split)];
const STICKY: [(&str, Sticky); 2] = [("pair", Sticky::Pair), ("none", Sticky::None)];
const COUNTRY: [(&str, CountryRule); 3] = [
    ("match", CountryRule::Match),
    ("prefer", CountryRule::Prefer),
    ("any", CountryRule::Any),
];
const CALLBACK: [(&str, Callback); 2] = [("primary", Callback::Primary), ("last", Callback::Last)];
const WITHHELD: [(&str, Withheld); 4] = [
    ("pin", Withheld::Pin),
    ("announce", Withheld::Announce),
    ("support", Withheld::Support),
    ("hangup", Withheld::Hangup),
];
const STALE: [(&str, StaleNumber); 2] = [
    ("refuse", StaleNumber::Refuse),
    ("route_single", StaleNumber::RouteSingle),
];
const UNHEALTHY: [(&str, Unhealthy); 3] = [
    ("migrate", Unhealthy::Migrate),
    ("notify", Unhealthy::Notify),
    ("keep", Unhealthy::Keep),
];
const DIRECTION: [(&str, Direction); 3] = [
    ("both", Direction::Both),
    ("a_to_b", Direction::AToB),
    ("b_to_a", Direction::BToA),
];

/// What `hours` needs, and how it looks.
const HOURS: [(&str, &str); 3] = [
    ("from", "\"08:00\""),
    ("to", "\"21:00\""),
    ("zone", "\"Asia/Singapore\""),
];

const DAY: i64 = 24 * 60 * 60;

/// The bounds of spans.
const COOLDOWN: RangeInclusive<SignedDuration> = spans(0, 30 * DAY);
const LASTS: RangeInclusive<SignedDuration> = spans(60, 365 * DAY);
const GRACE: RangeInclusive<SignedDuration> = spans(0, 30 * DAY);
const ERASE: RangeInclusive<SignedDuration> = spans(0, 3_650 * DAY);
const LEFT: RangeInclusive<SignedDuration> = spans(0, 30 * DAY);
const FLAP: RangeInclusive<SignedDuration> = spans(0, DAY);

const fn spans(least: i64, most: i64) -> RangeInclusive<SignedDuration> {
    SignedDuration::from_secs(least)..=SignedDuration::from_secs(most)
}

/// `[masking]`.
pub(super) fn masking(reader: &mut Reader<'_>, root: &mut Section) -> PoolRules {
    let section = reader.section(root, "masking");
    rules(reader, section, &PoolRules::default())
}

/// The keys of a section of rules; what it leaves out is as in `base`. Numbers are read in the base's home.
pub(super) fn rules(reader: &mut Reader<'_>, mut section: Section, base: &PoolRules) -> PoolRules {
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let numbers = keys.word("numbers", &NUMBERS);
    let sticky = keys.word("sticky", &STICKY);
    let country = keys.word("country", &COUNTRY);
    let allow_foreign = keys.countries("allow_foreign");
    let same_region_first = keys.truth("same_region_first");
    let strict = keys.truth("strict");
    let hotline = keys.truth("hotline");
    let cooldown = keys.span("cooldown", COOLDOWN).unwrap_or(base.cooldown);
    let cooldown_min = keys
        .span("cooldown_min", COOLDOWN)
        .unwrap_or(base.cooldown_min);
    let expires_after = keys.span("expires_after", LASTS);
    let idle_ttl = keys.span("idle_ttl", LASTS);
    let callback = keys.word("callback", &CALLBACK);
    let direction = keys.word("direction", &DIRECTION);
    let withheld = keys.word("withheld", &WITHHELD);
    let erase_after = keys.span("erase_after", ERASE);
    let cooldown_min = min_at_most(reader, &section, cooldown_min, cooldown);
    let read = PoolRules {
        numbers: numbers.unwrap_or(base.numbers),
        sticky: sticky.unwrap_or(base.sticky),
        cooldown,
        cooldown_min,
        grace: grace(reader, &mut section, base.grace),
        country: country.unwrap_or(base.country),
        allow_foreign: allow_foreign.unwrap_or_else(|| base.allow_foreign.clone()),
        same_region_first: same_region_first.unwrap_or(base.same_region_first),
        strict: strict.unwrap_or(base.strict),
        hotline: hotline.unwrap_or(base.hotline),
        home: base.home,
        expires_after: expires_after.unwrap_or(base.expires_after),
        idle_ttl: idle_ttl.or(base.idle_ttl),
        callback: callback.unwrap_or(base.callback),
        unknown: unknown(reader, &mut section, &base.unknown, base.home),
        withheld: withheld.unwrap_or(base.withheld),
        pin: pin(reader, &mut section, base.pin),
        limits: limits(reader, &mut section, base.limits),
        direction: direction.unwrap_or(base.direction),
        hours: hours(reader, &mut section).or_else(|| base.hours.clone()),
        health: health(reader, &mut section, base.health),
        erase_after: erase_after.unwrap_or(base.erase_after),
        speech: speech(reader, &mut section, &base.speech),
    };
    reader.end(section);
    read
}

/// The keys of one section.
struct Keys<'k, 'r> {
    reader: &'k mut Reader<'r>,
    section: &'k mut Section,
}

impl Keys<'_, '_> {
    fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.reader
            .text(self.section, key, Show::Whole, |text| one_of(text, words))
    }

    fn truth(&mut self, key: &'static str) -> Option<bool> {
        self.reader.truth(self.section, key)
    }

    fn span(
        &mut self,
        key: &'static str,
        range: RangeInclusive<SignedDuration>,
    ) -> Option<SignedDuration> {
        self.reader
            .text(self.section, key, Show::Whole, |text| duration(text, range))
    }

    fn text<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.reader.text(self.section, key, Show::Whole, read)
    }

    fn countries(&mut self, key: &'static str) -> Option<Vec<Country>> {
        self.reader
            .list(self.section, key, country, |country: &Country| {
                country.code()
            })
    }

    fn count(&mut self, key: &'static str, most: u32, unit: &str) -> Option<u32> {
        let read = self
            .reader
            .integer(self.section, key, 1..=u64::from(most), unit);
        read.and_then(|count| u32::try_from(count).ok())
    }
}

/// The shortest rest: not longer than the usual one. Only who has set it has contradicted himself.
fn min_at_most(
    reader: &mut Reader<'_>,
    section: &Section,
    least: SignedDuration,
    usual: SignedDuration,
) -> SignedDuration {
    let path = section.path_of("cooldown_min");
    if least > usual && reader.is_set(&path) && !reader.is_built_in(&path) {
        let wrong = Wrong::new("is longer than `cooldown`");
        reader.fault(
            &path,
            wrong.help("the shortest rest is at most as long as the usual one"),
        );
    }
    least.min(usual)
}

fn grace(reader: &mut Reader<'_>, parent: &mut Section, base: Grace) -> Grace {
    let mut section = reader.section(parent, "grace");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let grace = Grace {
        completed: keys.span("completed", GRACE).unwrap_or(base.completed),
        cancelled: keys.span("cancelled", GRACE).unwrap_or(base.cancelled),
        a_to_b: keys.truth("a_to_b").unwrap_or(base.a_to_b),
        b_to_a: keys.truth("b_to_a").unwrap_or(base.b_to_a),
    };
    reader.end(section);
    grace
}

fn unknown(
    reader: &mut Reader<'_>,
    parent: &mut Section,
    base: &Unknown,
    home: Option<Country>,
) -> Unknown {
    let mut section = reader.section(parent, "unknown");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let pin = keys.truth("pin");
    let stale_number = keys.word("stale_number", &STALE);
    let flow = keys.text("flow", |text| no_controls(text).map(FlowId::new));
    let announce = keys.text("announce", spoken_text);
    let support = reader.text(&mut section, "support", Show::Blank, |text| {
        person(text, home)
    });
    reader.end(section);
    Unknown {
        pin: pin.unwrap_or(base.pin),
        stale_number: stale_number.unwrap_or(base.stale_number),
        flow: flow.or_else(|| base.flow.clone()),
        support: support.or_else(|| base.support.clone()),
        announce: announce.or_else(|| base.announce.clone()),
    }
}

/// The number of somebody who is called.
fn person(text: &str, home: Option<Country>) -> Result<PhoneNumber, Wrong> {
    let number =
        spelling::read(text, home).map_err(|why| Wrong::new(why.what()).help(why.remedy()))?;
    match Refused::always(&number) {
        Ok(_) => Ok(number),
        Err(why) => Err(Wrong::new(format!("cannot be called: {}", why.what())).help(why.remedy())),
    }
}

fn pin(reader: &mut Reader<'_>, parent: &mut Section, base: PinRules) -> PinRules {
    let mut section = reader.section(parent, "pin");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let tries = keys
        .count("tries", 3, " (tries)")
        .and_then(|tries| u8::try_from(tries).ok());
    let rules = PinRules {
        tries: tries.unwrap_or(base.tries),
        calls_per_caller: keys
            .count("calls_per_caller", 1_000, " (calls)")
            .unwrap_or(base.calls_per_caller),
        calls_per_number: keys
            .count("calls_per_number", 100_000, " (calls)")
            .unwrap_or(base.calls_per_number),
        remember: keys.truth("remember").unwrap_or(base.remember),
        force: keys.truth("force").unwrap_or(base.force),
    };
    reader.end(section);
    rules
}

/// `hours`: off unless `from`, `to` and `zone` are set, all three.
fn hours(reader: &mut Reader<'_>, parent: &mut Section) -> Option<Hours> {
    let mut section = reader.section(parent, "hours");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let from = keys.text("from", time_of_day);
    let to = keys.text("to", time_of_day);
    let zone = keys.text("zone", time_zone);
    let days = reader.list(&mut section, "days", weekday, |day: &Weekday| {
        shown_day(*day).to_owned()
    });
    let is_set = |reader: &Reader<'_>, key: &str| reader.is_set(&section.path_of(key));
    let lacking: Vec<_> = HOURS
        .into_iter()
        .filter(|(key, _)| !is_set(reader, key))
        .collect();
    if lacking.len() < HOURS.len() || is_set(reader, "days") {
        for (key, example) in lacking {
            reader.missing(
                &section,
                key,
                Wrong::new(format!("has no `{key}`")).write(example),
            );
        }
    }
    reader.end(section);
    Some(Hours {
        from: from?,
        to: to?,
        days: days.unwrap_or_default(),
        zone: zone?,
    })
}

fn limits(reader: &mut Reader<'_>, parent: &mut Section, base: Limits) -> Limits {
    let mut section = reader.section(parent, "limits");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let limits = Limits {
        max_calls: keys
            .count("max_calls", 1_000_000, " (calls)")
            .or(base.max_calls),
        max_calls_per_hour: keys
            .count("max_calls_per_hour", 10_000, " (calls)")
            .or(base.max_calls_per_hour),
        max_talk_minutes: keys
            .count("max_talk_minutes", 1_000_000, " (minutes)")
            .or(base.max_talk_minutes),
    };
    reader.end(section);
    limits
}

fn health(reader: &mut Reader<'_>, parent: &mut Section, base: HealthRules) -> HealthRules {
    let mut section = reader.section(parent, "health");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let per_second = keys.count("migrations_per_second", 10_000, " (bookings)");
    let rules = HealthRules {
        unhealthy: keys.word("unhealthy", &UNHEALTHY).unwrap_or(base.unhealthy),
        migrate_if_left: keys
            .span("migrate_if_left", LEFT)
            .unwrap_or(base.migrate_if_left),
        migrations_per_second: per_second.unwrap_or(base.migrations_per_second),
        flap: keys.span("flap", FLAP).unwrap_or(base.flap),
    };
    reader.end(section);
    rules
}

fn speech(reader: &mut Reader<'_>, parent: &mut Section, base: &Speech) -> Speech {
    let mut section = reader.section(parent, "speech");
    let mut keys = Keys {
        reader,
        section: &mut section,
    };
    let language = keys.text("language", |text| no_controls(text).map(str::to_owned));
    let mut voices = base.voices.clone();
    voices.extend(reader.pairs(&mut section, "voices", |text| {
        no_controls(text).map(str::to_owned)
    }));
    let mut all = base.sentences.clone();
    for (language, sentences) in reader.named(&mut section, "sentences") {
        all.extend(own_sentences(reader, sentences, &language));
    }
    reader.end(section);
    Speech {
        language: language.unwrap_or_else(|| base.language.clone()),
        voices,
        sentences: all,
    }
}

/// The owner's own sentences in a language.
fn own_sentences(
    reader: &mut Reader<'_>,
    mut section: Section,
    language: &str,
) -> Vec<((String, String), String)> {
    let mut own = Vec::new();
    for (_, name) in Sentence::ALL {
        if let Some(text) = reader.text(&mut section, name, Show::Whole, spoken_text) {
            own.push(((language.to_owned(), name.to_owned()), text));
        }
    }
    reader.end(section);
    own
}
