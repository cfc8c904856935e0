//! Query parameters: each named and read once, and every fault told at once.

use axum::extract::Query;
use axum::http::Uri;

use crate::http::problem::{Fault, Problem};

/// The most characters of a parameter's name that a refusal repeats.
const NAME_SHOWN: usize = 32;

/// The parameters of a request that have not been read yet, and what is wrong with those that have.
#[derive(Debug)]
pub(super) struct Parameters {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Parameters {
    /// The parameters of `uri`.
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let left = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
        Self {
            left,
            known: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Reads the parameter `name`, when it was given, by `read`; `help` says what it should look like.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        help: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let (mut given, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(key, _)| key == name);
        self.left = left;
        let (_, text) = given.pop()?;
        if !given.is_empty() {
            self.fault(name, "is given more than once", help);
        }
        let value = read(text.trim());
        if value.is_none() {
            self.fault(name, "cannot be read", help);
        }
        value
    }

    fn fault(&mut self, path: &str, message: &str, help: &str) {
        let (path, message, help) = (path.to_owned(), message.to_owned(), help.to_owned());
        self.faults.push(Fault {
            path,
            message,
            help,
        });
    }

    /// Ends the reading: whatever was not read is unknown.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        let help = match self.known.as_slice() {
            [] => "leave it out: this path takes no parameters".to_owned(),
            known => format!("leave it out, or use one of {}", known.join(", ")),
        };
        for (name, _) in std::mem::take(&mut self.left) {
            self.fault(&shown(&name), "is not known here", &help);
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::bad_query(self.faults))
        }
    }
}

/// A stranger's parameter name as far as it may be repeated: letters and `_-.`, no digits, not too long.
fn shown(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(|c| plain(&c)) && name.len() <= NAME_SHOWN {
        name.to_owned()
    } else {
        "(a parameter)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        Parameters::of(
            &format!("/v1/x?{query}")
                .parse()
                .expect("a test's address is valid"),
        )
    }

    fn faults(problem: Problem) -> Vec<(String, String)> {
        let json = serde_json::to_value(problem.details()).expect("a problem is plain data");
        let faults: Vec<_> = json["errors"]
            .as_array()
            .expect("faults are a list")
            .clone();
        let text = |fault: &serde_json::Value, key| fault[key].as_str().unwrap_or("").to_owned();
        faults
            .iter()
            .map(|fault| (text(fault, "path"), text(fault, "message")))
            .collect()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let mut given = parameters("limit=many&from=x&flow=a&flow=b&colour=red&6591234567=1");
        assert_eq!(
            given.read("limit", "a number", |text| text.parse::<u32>().ok()),
            None
        );
        assert_eq!(given.read("from", "a time", |_| None::<()>), None);
        assert_eq!(
            given
                .read("flow", "an id", |text| Some(text.to_owned()))
                .as_deref(),
            Some("b")
        );
        assert_eq!(given.read("absent", "a word", |_| None::<()>), None);
        let told = faults(given.end().expect_err("four parameters are wrong"));
        let expected = [
            ("limit", "cannot be read"),
            ("from", "cannot be read"),
            ("flow", "is given more than once"),
            ("colour", "is not known here"),
            ("(a parameter)", "is not known here"),
        ];
        assert_eq!(
            told,
            expected.map(|(path, message)| (path.to_owned(), message.to_owned()))
        );
    }

    #[test]
    fn nothing_given_is_nothing_wrong() {
        let mut given = parameters("");
        assert_eq!(
            given.read("limit", "a number", |text| text.parse::<u32>().ok()),
            None
        );
        assert!(given.end().is_ok());
    }
}
