//! `pause_recording` of an ask (CW102, CW612).

use super::context::FlowFile;
use super::steps::key;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::model::PauseRecording;

impl FlowFile<'_> {
    /// Whose recording an ask pauses, and where the call goes on when that cannot be; `Some(None)` when it pauses none.
    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    pub(super) fn pause_recording(
        &mut self,
        step: usize,
        secret: Option<bool>,
    ) -> Option<Option<Box<PauseRecording>>> {
        let Some(entry) = self.entry(step, "pause_recording") else {
            self.failed_without_pause(step);
            return Some(None);
        };
        if secret == Some(false) {
            let title = self.steps[step].title();
            let message = format!("{title} pauses a recording, but its digits are no secret");
            self.report(
                Diagnostic::error("CW612", message)
                    .at(
                        entry.key_span.clone(),
                        "kept out of the recording, but not out of logs and traces",
                    )
                    .help("add: secret = true"),
            );
        }
        let agent = self.template(key(step, "pause_recording"), None, &entry.value);
        let failed = self.failed(step);
        let (agent, failed) = (agent?, failed?);
        Some(Some(Box::new(PauseRecording { agent, failed })))
    }

    fn failed_without_pause(&self, step: usize) {
        let Some(entry) = self.entry(step, "failed") else {
            return;
        };
        let title = self.steps[step].title();
        let message = format!("{title} has failed, but no recording that it pauses");
        self.report(
            Diagnostic::error("CW612", message)
                .at(entry.key_span.clone(), "nothing leads here")
                .help("add pause_recording = \"...\", whose recording falls silent; or take failed out"),
        );
    }
}
