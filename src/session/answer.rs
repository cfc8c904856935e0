//! What a voice call action is answered with: known before new.
/// Stub.
#[derive(Debug)]
pub struct Answer;
/// Stub.
pub fn answer() -> Answer {
    Answer
}
