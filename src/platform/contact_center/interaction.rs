//! Interaction data: variables that are set on an interaction, and all that is known of one.

use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use super::errors;
use super::{CenterError, ContactCenter, Token};
use crate::contact_center::interaction::{Interaction, Variable};

impl ContactCenter {
    /// Sets variables of an interaction.
    ///
    /// # Errors
    ///
    /// Why the service does not: here and below.
    pub async fn set_variables(
        &self,
        of: &Interaction,
        variables: &[Variable],
    ) -> Result<(), CenterError> {
        let body =
            json!({"variables": variables.iter().map(written).collect::<Vec<_>>()}).to_string();
        let url = self.data_of(of);
        let make = || {
            let request = self.request(Method::POST, url.clone(), Token::Action)?;
            Ok(request
                .header("content-type", "application/json")
                .body(body.clone()))
        };
        let answer = self.insist(make).await?;
        errors::body(answer, Token::Action.name()).map(drop)
    }

    /// All that is known of an interaction.
    pub async fn interaction(&self, of: &Interaction) -> Result<Value, CenterError> {
        let url = self.data_of(of);
        let answer = self
            .insist(|| self.request(Method::GET, url.clone(), Token::Action))
            .await?;
        errors::json(answer, Token::Action.name())
    }

    fn data_of(&self, of: &Interaction) -> Url {
        let (kind, id) = match of {
            Interaction::Sip(id) => ("callId", id.as_str()),
            Interaction::Guid(id) => ("guid", id.as_str()),
        };
        self.address(&["api", "v1", "interaction", "data", kind, id])
    }
}

/// A variable as the guide writes it: what is not said is left out, and true is a text.
fn written(variable: &Variable) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: &str| fields.insert(name.to_owned(), json!(value));
    set("name", &variable.name);
    set("value", &variable.value);
    if variable.ivr {
        set("ivr", "true");
    }
    if variable.privacy {
        set("privacy", "true");
    }
    if let Some(name) = &variable.display {
        set("display", "true");
        set("displayName", name);
    }
    if let Some(kind) = variable.data_type {
        set("dataType", kind.as_str());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact_center::interaction::DataType;

    #[test]
    fn variables_are_written_as_the_guide_writes_them() {
        let queue = Variable {
            display: None,
            ..Variable::of_flow("queueId", "201", false)
        };
        let due = Variable {
            display: Some("Due Date".to_owned()),
            data_type: Some(DataType::Date),
            ..Variable::of_flow("dueDate", "04 July 2019", false)
        };
        let written: Vec<_> = [queue, Variable::of_flow("SSN", "111-22-3333", true), due]
            .iter()
            .map(written)
            .collect();
        assert_eq!(
            Value::Array(written),
            json!([
                {"name": "_queueId", "value": "201", "ivr": "true"},
                {"name": "_SSN", "value": "111-22-3333", "ivr": "true", "privacy": "true"},
                {"name": "_dueDate", "value": "04 July 2019", "ivr": "true", "display": "true", "displayName": "Due Date", "dataType": "date"},
            ])
        );
    }
}
