//! Recording control: the recording of the call that an agent is in falls silent while something secret is said.

/// The most characters of an agent's id or mail address.
const LONGEST: usize = 200;

/// What a recording is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Fall silent.
    Pause,
    /// Go on.
    Resume,
}

/// Whose recording it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agent {
    /// By the agent's id.
    Id(String),
    /// By the agent's mail address, which only one may have.
    Email(String),
}

impl Agent {
    /// Takes an id, or a mail address, which has an `@`: 1 to 200 visible characters.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let visible = |c: char| !c.is_control() && !c.is_whitespace();
        let fits = (1..=LONGEST).contains(&text.chars().count()) && text.chars().all(visible);
        fits.then(|| match text.contains('@') {
            true => Self::Email(text.to_owned()),
            false => Self::Id(text.to_owned()),
        })
    }

    /// The id, or the address.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(text) | Self::Email(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Agent;

    #[test]
    fn an_agent_is_known_by_an_id_or_a_mail_address() {
        assert_eq!(Agent::parse(" jdoe "), Some(Agent::Id("jdoe".to_owned())));
        let address = "jdoe@example.com";
        assert_eq!(
            Agent::parse(address),
            Some(Agent::Email(address.to_owned()))
        );
        for wrong in ["", "  ", "j doe", "j\ndoe", &"j".repeat(201)] {
            assert_eq!(Agent::parse(wrong), None, "{wrong}");
        }
    }
}
