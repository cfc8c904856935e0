//! Reads texts and recordings, alike in all languages or in each its own (CW003 for a strange language, CW410).

use super::context::{FlowFile, TextAt};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Value};
use crate::flow::model::{Language, PerLanguage};
use crate::flow::template::{Format, Template, TemplateError};
use crate::text::nearest;

/// Whose key is read: the step's index, `None` for `[defaults]`, and the keys that lead to it from there.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    pub(super) step: Option<usize>,
    pub(super) path: &'k str,
}

/// Reads one value, in a language when it has one.
type ReadOne<'r, 'a, T> =
    dyn FnMut(&mut FlowFile<'a>, Option<&Language>, &'a Value) -> Option<T> + 'r;

impl<'a> FlowFile<'a> {
    /// Texts that callers hear: never empty.
    pub(super) fn say(&mut self, key: Key<'_>, value: &'a Value) -> Option<PerLanguage<Template>> {
        self.per_language(key.path, value, &mut |file, language, value| {
            if value.as_text().is_some_and(|text| text.trim().is_empty()) {
                file.wrong(key.path, "a text to be spoken", "\"...\"", value);
                return None;
            }
            file.template(key, language, value)
        })
    }

    /// A text or a list of texts.
    pub(super) fn say_list(
        &mut self,
        key: Key<'_>,
        value: &'a Value,
    ) -> Option<PerLanguage<Vec<Template>>> {
        self.per_language(key.path, value, &mut |file, language, value| {
            let texts = value.as_list().unwrap_or(std::slice::from_ref(value));
            let read: Vec<_> = texts
                .iter()
                .map(|text| file.template(key, language, text))
                .collect();
            read.into_iter().collect()
        })
    }

    /// Addresses of recordings.
    pub(super) fn play(&mut self, key: Key<'_>, value: &'a Value) -> Option<PerLanguage<String>> {
        self.per_language(key.path, value, &mut |file, _, value| {
            file.text_of(key.path, value).map(str::to_owned)
        })
    }

    /// One text; it is kept among the file's texts.
    pub(super) fn template(
        &mut self,
        key: Key<'_>,
        language: Option<&Language>,
        value: &'a Value,
    ) -> Option<Template> {
        let text = self.text_of(key.path, value)?;
        let (template, errors) = Template::read(text);
        for error in &errors {
            let span = self.within(value, error.span());
            self.report(template_fault(error).at(span, ""));
        }
        self.texts.push(TextAt {
            step: key.step,
            key: key.path.to_owned(),
            language: language.cloned(),
            template: template.clone(),
            value,
        });
        errors.is_empty().then_some(template)
    }

    /// Reads a value that may be a table of languages.
    fn per_language<T>(
        &mut self,
        key: &str,
        value: &'a Value,
        one: &mut ReadOne<'_, 'a, T>,
    ) -> Option<PerLanguage<T>> {
        let Some(table) = value.as_table() else {
            return one(self, None, value).map(PerLanguage::All);
        };
        if table.entries().is_empty() && !table.torn {
            self.wrong(key, "a text, or one for each language", "\"...\"", value);
            return None;
        }
        let others = |file: &Self, entry: &Entry| {
            let language = Language::new(entry.key.as_str());
            file.handed_down.is_some() && !file.languages.codes.contains_key(&language)
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            // A sub-flow may speak more languages than a flow that uses it.
            .filter(|entry| !others(self, entry))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|entry| {
                let language = self.language(key, entry)?;
                let one = one(self, Some(&language), &entry.value)?;
                Some((language, one))
            })
            .collect();
        let each: std::collections::BTreeMap<_, _> = read.into_iter().collect::<Option<_>>()?;
        (!each.is_empty()).then_some(PerLanguage::Each(each))
    }

    /// The language that a key such as `say.en` names.
    fn language(&mut self, key: &str, entry: &Entry) -> Option<Language> {
        let language = Language::new(entry.key.as_str());
        if self.languages.codes.contains_key(&language) {
            return Some(language);
        }
        let first = !entry.value.is_broken() && self.strange_languages.insert(entry.key.clone());
        // One that callers can choose is told of by CW311.
        if first && !super::prompts::chosen(self).contains_key(&language) {
            self.report(self.strange_language(key, entry));
        }
        None
    }

    fn strange_language(&self, key: &str, entry: &Entry) -> Diagnostic {
        let known: Vec<_> = self.languages.codes.keys().map(Language::as_str).collect();
        let meant = nearest(&entry.key, known.iter().copied());
        let message = format!(
            "\"{}\" is not a language of this flow; it speaks {}",
            entry.key,
            known.join(", ")
        );
        let help = match meant {
            Some(meant) => format!("write: {key}.{meant}"),
            None => format!("add under [languages]: {}.voice = \"...\"", entry.key),
        };
        Diagnostic::error("CW003", message)
            .at(entry.key_span.clone(), "not among the languages")
            .help(help)
    }
}

/// What is wrong with a template.
fn template_fault(error: &TemplateError) -> Diagnostic {
    let help = match error {
        TemplateError::Unclosed(_) => "write } behind the variable, or {{ for a plain brace",
        TemplateError::Unopened(_) => "write { in front of the variable, or }} for a plain brace",
        TemplateError::Name(..) => "write the name of a variable, such as {caller}",
        TemplateError::Format(..) => {
            return Diagnostic::error("CW410", error.to_string())
                .help(format!("write one of: {}", Format::WORDS.join(", ")));
        }
    };
    Diagnostic::error("CW410", error.to_string()).help(help)
}
