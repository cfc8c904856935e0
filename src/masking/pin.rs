//! PINs: long enough that nobody guesses one.

use super::booking::Pin;

/// The shortest PIN.
const SHORTEST: u32 = 6;

/// The longest that anybody is asked to type.
const LONGEST: u32 = 12;

/// The chance that one call's guesses hit any PIN of a number is at most one in this many.
const ONE_IN: u64 = 10_000;

/// How many digits a PIN has on a number with so many that live, this one with them, when a call may try so often:
/// `live × tries / 10^digits ≤ 1/10,000`.
pub fn digits(live: u64, tries: u8) -> u8 {
    let wanted = live
        .max(1)
        .saturating_mul(u64::from(tries).max(1))
        .saturating_mul(ONE_IN);
    let enough = |digits: &u32| 10_u64.pow(*digits) >= wanted;
    let digits = (SHORTEST..=LONGEST).find(enough).unwrap_or(LONGEST);
    u8::try_from(digits).expect("it is at most 12")
}

/// Draws a PIN. `random` gives a number below its argument, from the system's source.
pub fn draw(digits: u8, random: &mut dyn FnMut(u64) -> u64) -> Pin {
    let drawn = random(10_u64.pow(u32::from(digits)));
    Pin(format!("{drawn:0width$}", width = usize::from(digits)))
}

#[cfg(test)]
mod tests {
    use super::{digits, draw};

    #[test]
    fn the_chance_of_a_guess_is_at_most_one_in_ten_thousand() {
        assert_eq!(digits(2000, 3), 8);
        for live in [0, 1, 9, 100, 2000, 50_000, 1_000_000] {
            for tries in 1..=3 {
                let length = digits(live, tries);
                let guesses = live.max(1) as f64 * f64::from(tries);
                assert!(
                    guesses / 10_f64.powi(length.into()) <= 1e-4,
                    "{live} {tries}: {length}"
                );
                assert!(length == 6 || guesses / 10_f64.powi(i32::from(length) - 1) > 1e-4);
            }
        }
    }

    #[test]
    fn a_pin_has_all_its_digits() {
        assert_eq!(draw(8, &mut |_| 42).0, "00000042");
        assert_eq!(draw(6, &mut |below| below - 1).0, "999999");
    }
}
