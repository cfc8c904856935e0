//! Random flows that `check` passes: every step is reached, every way leads forward or says itself again.

use callwright::emulator::Chance;

/// The number that the `index`th flow answers.
pub(super) fn number(index: usize) -> String {
    format!("+6561116{index:03}")
}

/// The `index`th flow of `chance`.
pub(super) fn random(index: usize, chance: &mut Chance) -> String {
    let steps = usize::try_from(chance.between(3, 9)).expect("small");
    let mut flow = format!(
        "callwright = 1\n[flow]\nid = \"random-{index}\"\nstart = \"s0\"\nanswers = [\"{}\"]\n\
         [numbers]\nsomebody = \"+6568332048\"\n\
         [defaults]\ntries = {}\nwait = \"{}s\"\nno_input = \"We did not hear a key.\"\nno_match = \"That is no choice.\"\n",
        number(index),
        chance.between(1, 4),
        chance.between(2, 9),
    );
    for step in 0..steps {
        flow += &one(step, steps, chance);
    }
    flow += &format!("[end.s{steps}]\nsay = \"Goodbye.\"\n");
    flow
}

fn one(step: usize, steps: usize, chance: &mut Chance) -> String {
    let next = step + 1;
    let mut onward = || format!("s{}", chance.between(next as u64, steps as u64 + 1));
    let (second, third) = (onward(), onward());
    match chance.between(0, 4) {
        0 => format!("[message.s{step}]\nsay = \"This is step {step}.\"\ngo = \"s{next}\"\n"),
        1 => format!(
            "[ask.s{step}]\nsay = \"Please enter your number {step}.\"\ndigits = \"{}-{}\"\nsave = \"v{step}\"\n\
             go = \"s{next}\"\ngive_up = \"{second}\"\n{}{}",
            chance.between(1, 4),
            chance.between(5, 9),
            if chance.happens(50) {
                "end_key = \"hash\"\n"
            } else {
                ""
            },
            if chance.happens(30) {
                "secret = true\n"
            } else {
                ""
            },
        ),
        2 => format!(
            "[connect.s{step}]\nnumber = \"somebody\"\nbusy = \"{second}\"\nno_answer = \"{third}\"\nfailed = \"s{next}\"\n\
             after = \"s{next}\"\nrecord = {}\n",
            chance.happens(50),
        ),
        _ => format!(
            "[menu.s{step}]\nsay = \"This is menu {step}: press 1, 2 or 3.\"\npress.1 = \"s{next}\"\npress.2 = \"{second}\"\n\
             press.3 = \"repeat\"\ngive_up = \"{third}\"\n"
        ),
    }
}
