//! What variables are worth on a walk, and what gives them a value.

use std::borrow::Cow;

use super::{Value, Walk};
use crate::call::PhoneNumber;
use crate::flow::model::{Language, VariableName};
use crate::flow::template::Template;

/// What the names of what is known of opening hours begin with: `hours.NAME.spoken`.
const HOURS: &str = "hours.";

impl Walk<'_> {
    /// Gives a variable a value: a secret one when it is made of one. A text whose variable is lost changes nothing.
    pub(super) fn set(&mut self, name: &VariableName, template: &Template) {
        if let Ok(text) = template.fill(|name| self.value(name)) {
            let secret = template.names().any(|name| self.is_secret(name));
            let value = Value { text, secret };
            self.at.variables.insert(name.clone(), value);
        }
    }

    /// Whether a variable's value must not be shown.
    pub(super) fn is_secret(&self, name: &VariableName) -> bool {
        self.at
            .variables
            .get(name)
            .is_some_and(|value| value.secret)
    }

    /// What a variable is worth here.
    pub(in crate::flow) fn value(&self, name: &VariableName) -> Option<Cow<'_, str>> {
        self.value_in(name, &self.at.language)
    }

    /// What a variable is worth in a text of `language`.
    pub(in crate::flow) fn value_in(
        &self,
        name: &VariableName,
        language: &Language,
    ) -> Option<Cow<'_, str>> {
        let call = self.call;
        match name.as_str() {
            "caller" => Some(told(call.caller.as_ref())),
            "called" => Some(told(call.called.as_ref())),
            "caller.country" => Some(call.caller_country.as_deref().unwrap_or_default().into()),
            "language" => Some(self.at.language.as_str().into()),
            name if name.starts_with(HOURS) => {
                self.hours(&name[HOURS.len()..], language).map(Cow::from)
            }
            "call.id" => Some(call.id.as_str().into()),
            "call.last_menu" => self.at.last_menu.as_ref().map(|menu| menu.as_str().into()),
            _ => self
                .at
                .variables
                .get(name)
                .map(|value| value.text.as_str().into()),
        }
    }
}

/// A number as a text says it; nothing when the platform told none, or withheld it: `anonymous` is no number.
fn told(number: Option<&PhoneNumber>) -> Cow<'_, str> {
    let digits = |number: &&PhoneNumber| {
        let digits = number.digits();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    number
        .filter(digits)
        .map_or_else(Cow::default, |number| number.with_plus().into())
}
