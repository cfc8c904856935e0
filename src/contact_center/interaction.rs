//! Variables that are set on an interaction, so that its script may route by them and its agent may see them.

use super::Fault;
use super::handoff::SipId;

/// The most characters of a variable's name ("less than 25").
const NAME: usize = 24;

/// The most characters of the name that an agent sees ("less than 30").
const DISPLAY_NAME: usize = 29;

/// By what an interaction is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interaction {
    /// The SIP call id of the leg to the external IVR.
    Sip(SipId),
    /// The interaction's own id, as in `int-1628bb9dbf7-YUTGAUsGrJDvPC9DqMgJr01iy-phone-01-acme`.
    Guid(String),
}

/// What a value is, for whoever speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// `text`.
    Text,
    /// `number`.
    Number,
    /// `phone number`.
    PhoneNumber,
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `currency`.
    Currency,
}

impl DataType {
    /// Every type.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Number,
        Self::PhoneNumber,
        Self::Date,
        Self::Time,
        Self::Currency,
    ];

    /// The service's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::PhoneNumber => "phone number",
            Self::Date => "date",
            Self::Time => "time",
            Self::Currency => "currency",
        }
    }
}

/// A variable of an interaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Begins with `_`, letters and digits, at most 24 characters.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the tenant's script may route by it.
    pub ivr: bool,
    /// Whether the agent sees it, and under which name.
    pub display: Option<String>,
    /// What it is.
    pub data_type: Option<DataType>,
    /// Whether it is for routing alone: masked wherever it is shown or stored.
    pub privacy: bool,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = if self.privacy {
            "••••"
        } else {
            &self.value
        };
        write!(f, "{}={value:?}", self.name)
    }
}

impl Variable {
    /// The variable that carries a variable of a flow: the script may route by it, the agent sees it by its own name, and
    /// neither when it is `secret`.
    pub fn of_flow(name: &str, value: &str, secret: bool) -> Self {
        let shown: String = name.chars().take(DISPLAY_NAME).collect();
        let plain = name.chars().filter(|c| c.is_ascii_alphanumeric());
        let name: String = std::iter::once('_').chain(plain).take(NAME).collect();
        Self {
            name,
            value: value.to_owned(),
            ivr: true,
            display: (!secret).then_some(shown),
            data_type: None,
            privacy: secret,
        }
    }

    /// What is wrong with it, all of it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let plain = self.name.strip_prefix('_').is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        if !plain {
            faults.push(Fault::new(
                "name",
                "is not an underscore with letters and digits behind it",
                "write it as in _amount",
            ));
        }
        let length = self.name.chars().count();
        if length > NAME {
            faults.push(Fault::new(
                "name",
                format!("has {length} characters"),
                format!("at most {NAME} are taken"),
            ));
        }
        let shown = self
            .display
            .as_deref()
            .map_or(0, |name| name.chars().count());
        if shown > DISPLAY_NAME {
            faults.push(Fault::new(
                "displayName",
                format!("has {shown} characters"),
                format!("at most {DISPLAY_NAME} are taken"),
            ));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_guides_limits() {
        let variable = |name: &str| Variable::of_flow(name, "110.55", false);
        assert_eq!(variable("amount_due").name, "_amountdue");
        assert!(variable(&"a".repeat(60)).faults().is_empty());
        let mut wrong = variable("a");
        wrong.name = format!("amount due{}", "x".repeat(20));
        wrong.display = Some("x".repeat(30));
        let told: Vec<_> = wrong.faults().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`name` is not an underscore with letters and digits behind it: write it as in _amount",
                "`name` has 30 characters: at most 24 are taken",
                "`displayName` has 30 characters: at most 29 are taken",
            ]
        );
    }

    #[test]
    fn a_secret_is_shown_to_nobody() {
        let pin = Variable::of_flow("pin", "9876", true);
        assert!(pin.privacy && pin.display.is_none());
        assert!(!format!("{pin:?}").contains("9876"));
    }
}
