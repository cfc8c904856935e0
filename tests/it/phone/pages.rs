//! The page in real Chromium: a person presses keys and hears the restaurant, by the keyboard and by the buttons.

use std::path::Path;

use serde_json::{Value, json};

use super::browser::Browser;
use super::demo::Demo;
use super::{clinic, text};

pub(super) const LARGE: (u32, u32) = (1440, 900);
pub(super) const SMALL: (u32, u32) = (390, 844);

/// Waits until this step is lit.
async fn lit(browser: &mut Browser, step: &str) {
    let found = format!(
        "document.querySelector('.step.lit')?.dataset.step === {}",
        json!(step)
    );
    browser.until(&found).await;
}

/// What stands in the list of webhooks, the oldest first.
async fn webhooks(browser: &mut Browser) -> Vec<String> {
    let script = "[...document.querySelectorAll('.webhooks li')].reverse()
        .map((item) => item.querySelector('.kind').innerText + ' ' + item.querySelector('.about').innerText.replace(/\\s+/g, ' '))";
    let listed = browser.eval(script).await;
    let listed = listed.as_array().cloned().unwrap_or_default();
    listed
        .iter()
        .filter_map(|item| Some(item.as_str()?.to_owned()))
        .collect()
}

/// The test file that the page offers of its call.
async fn saved_test(browser: &mut Browser) -> toml::Table {
    let fetched = "fetch(document.querySelector('a.save').href).then((it) => it.text())";
    let text = browser.eval(fetched).await;
    let text = text.as_str().expect("it is text");
    text.parse().expect("it is TOML")
}

#[tokio::test]
async fn a_table_is_booked_by_the_keyboard() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.look(LARGE, "light").await;
    browser.open(&demo.url(), "ABC Restaurant").await;
    browser.picture("large-light-ready").await;
    browser.key("c").await;
    browser
        .until_text("Welcome to ABC Restaurant, to book a table press 1")
        .await;
    lit(&mut browser, "main").await;
    browser.key("1").await;
    browser
        .until_text("Press 1 to make a new reservation")
        .await;
    lit(&mut browser, "reservations").await;
    // The prompt is not waited for: it is heard, and then silence counts down.
    browser.key("s").await;
    browser
        .until("document.querySelector('.countdown b')?.innerText === '10'")
        .await;
    browser.picture("large-light-turn").await;
    browser.key("1").await;
    lit(&mut browser, "book_table").await;
    browser.key("2").await;
    browser
        .until_text("We have booked your table for tomorrow, thank you.")
        .await;
    browser.key("s").await;
    browser.until_text("The call is over: completed").await;
    lit(&mut browser, "booked_tomorrow").await;
    browser.picture("large-light-over").await;
    let passed =
        "[...document.querySelectorAll('.step.passed')].map((it) => it.dataset.step).sort()";
    assert_eq!(
        browser.eval(passed).await,
        json!(["book_table", "booked_tomorrow", "main", "reservations"])
    );
    browser
        .until("document.querySelectorAll('.webhooks li').length === 11")
        .await;
    let listed = webhooks(&mut browser).await;
    let actions: Vec<_> = listed
        .iter()
        .filter(|item| item.starts_with("VCA"))
        .collect();
    assert_eq!(
        actions,
        [
            "VCA call received sayAndCapture",
            "VCA dtmf received: 1 sayAndCapture",
            "VCA dtmf received: 1 sayAndCapture",
            "VCA dtmf received: 2 say, hangup",
        ]
    );
    assert_eq!(listed.last().map(String::as_str), Some("VSS completed"));
    let saved = saved_test(&mut browser).await;
    assert_eq!(saved["flow"].as_str(), Some("restaurant.toml"));
    let steps = saved["call"][0]["steps"].as_array().expect("steps").iter();
    let steps: Vec<_> = steps.filter_map(toml::Value::as_str).collect();
    let done = steps.iter().filter(|step| !step.starts_with("hear "));
    let done: Vec<_> = done.copied().collect();
    assert_eq!(done, ["press 1", "press 1", "press 2", "ended"]);
    assert!(steps.contains(&"hear We have booked your table for tomorrow, thank you."));
    assert_eq!(browser.complaints, [""; 0]);
}

#[tokio::test]
async fn a_transfer_ends_as_the_person_at_the_phone_says() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.look(SMALL, "dark").await;
    browser.open(&demo.url(), "ABC Restaurant").await;
    for (button, then) in [
        ("Busy", "all our representatives are busy"),
        ("They answer", "They answered"),
    ] {
        browser.click("Call").await;
        browser.until_text("Welcome to ABC").await;
        browser.click("2").await;
        browser.until_text("Connecting you to the next").await;
        browser.click("1").await;
        browser.until_text("+6568332048 rings").await;
        browser.picture("small-dark-rings").await;
        browser.click(button).await;
        browser.until_text(then).await;
        browser.click("Hang up").await;
        browser.until_text("The call is over").await;
    }
}

#[tokio::test]
async fn webhooks_come_twice_and_late_and_secrets_stay_dots() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(Some(&clinic()));
    browser.look(LARGE, "dark").await;
    browser.open(&demo.url(), "Clinic").await;
    browser.click("Twice").await;
    // The language is chosen beforehand: its key is pressed by the page.
    let choose = "(() => { const select = [...document.querySelectorAll('select')].find((it) => it.innerText.includes('zh'));
        select.value = 'zh'; select.dispatchEvent(new Event('change', {bubbles: true})); })()";
    browser.eval(choose).await;
    browser.click("Call").await;
    browser.key("s").await;
    browser.until_text("请输入六位编号。").await;
    for key in "123456".chars() {
        browser.key(&key.to_string()).await;
    }
    browser.until_text("请输入密码").await;
    for key in "98".chars() {
        browser.key(&key.to_string()).await;
    }
    browser
        .until("document.querySelector('.entry :last-child').innerText === '••'")
        .await;
    browser.picture("large-dark-secret").await;
    for key in "76".chars() {
        browser.key(&key.to_string()).await;
    }
    browser.until_text("编号1 2 3 4 5 6").await;
    browser.until_text("answered alike").await;
    let page = browser.eval("document.documentElement.outerHTML").await;
    let page = page.as_str().expect("text");
    assert!(!page.contains("9876") && !page.contains("9 8 7 6"));
    assert!(browser.text_of(".variables").await.contains("••••"));
    browser.click("Send this webhook again").await;
    browser.until_text("sent 3 times, answered alike").await;
    browser.click("Twice").await;
    browser.click("Late").await;
    browser.key("1").await;
    browser.until_text("The flow decides").await;
    browser.until("[...document.querySelectorAll('.lines .menu')].filter((it) => it.innerText.includes('编号1 2 3 4 5 6')).length === 2").await;
    browser.click("Hang up").await;
    browser.until_text("The call is over").await;
    let page = browser.eval("document.body.innerText").await.to_string();
    assert!(!page.contains("ANSWERED DIFFERENTLY"), "{page}");
    let told =
        "fetch('/phone/calls/' + location.hash.slice(1) + '/events').then((it) => it.text())";
    let told = browser.eval(told).await.to_string();
    assert!(told.contains("closed") && !told.contains("9876"), "{told}");
    let saved = saved_test(&mut browser).await.to_string();
    assert!(
        saved.contains("type ****") && !saved.contains("9876"),
        "{saved}"
    );
    assert!(saved.contains("hangs up"), "{saved}");
    assert_eq!(browser.complaints, [""; 0]);
}

/// A machine with a voice of its own and one from elsewhere, and a loudspeaker; both write down what they are given. A text is
/// said when `finish` is called.
const LOUDSPEAKER: &str = r#"
    globalThis.spoken = []; globalThis.tones = [];
    globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    Object.defineProperty(globalThis, 'speechSynthesis', {value: {
        getVoices: () => [{lang: 'en-US', localService: false, name: 'far'}, {lang: 'en-GB', localService: true, name: 'here'}],
        speak: (it) => { spoken.push(it.voice.name + ': ' + it.text); globalThis.finish = () => it.onend(); },
        cancel: () => {},
    }});
    const gain = () => ({gain: {setValueAtTime() {}, linearRampToValueAtTime() {}}, connect: (it) => it});
    globalThis.AudioContext = class {
        currentTime = 0;
        createGain() { return gain(); }
        createOscillator() {
            const frequency = {value: 0};
            return {frequency, connect: (it) => it, start: () => tones.push(frequency.value), stop() {}};
        }
    };
"#;

#[tokio::test]
async fn prompts_are_read_by_the_machines_own_voice_and_keys_have_their_tones() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.before_pages(LOUDSPEAKER).await;
    browser.open(&demo.url(), "ABC Restaurant").await;
    browser.click("Call").await;
    browser.until_text("The menu speaks, and listens").await;
    browser.until("spoken.length === 1").await;
    let said = browser.eval("spoken[0]").await;
    let said = said.as_str().unwrap_or_default();
    assert!(
        said.starts_with("here: Welcome to ABC Restaurant"),
        "{said}"
    );
    browser.eval("finish()").await;
    browser.until_text("Your turn: press a key").await;
    browser.eval("tones.length = 0").await;
    browser.click("3").await;
    browser.until_text("Our restaurant hours").await;
    assert_eq!(browser.eval("tones.slice(0, 2)").await, json!([697, 1477]));
    browser.eval("finish()").await;
    browser.until_text("The call is over: completed").await;
}

#[tokio::test]
async fn everything_is_reached_by_the_tab_key_and_seen_to_be() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.look(LARGE, "light").await;
    browser.open(&demo.url(), "ABC Restaurant").await;
    let mut reached = Vec::new();
    let at = "(() => { const it = document.activeElement; const outline = getComputedStyle(it).outlineStyle;
        return it === document.body ? '' : outline + ' ' + (it.labels?.[0]?.innerText ?? it.ariaLabel ?? it.innerText).split('\\n')[0] })()";
    for _ in 0..40 {
        browser.key("Tab").await;
        let now = browser.eval(at).await;
        reached.push(now.as_str().unwrap_or_default().to_owned());
    }
    for control in [
        "Phone",
        "Call C",
        "Mute M",
        "Flow",
        "Caller",
        "Time",
        "A transfer",
        "Twice",
        "Late",
        "Tones",
        "Shortcuts",
        "The call so far",
        "The steps as a list",
    ] {
        let seen = reached.iter().any(|it| {
            let (outline, name) = it.split_once(' ').unwrap_or_default();
            outline != "none" && name.starts_with(control)
        });
        assert!(seen, "{control}: {reached:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_loaded_again_goes_on_with_its_call() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.look(LARGE, "light").await;
    browser.open(&demo.url(), "ABC Restaurant").await;
    browser.click("Call").await;
    browser.until_text("Welcome to ABC").await;
    browser.click("1").await;
    browser
        .until_text("Press 1 to make a new reservation")
        .await;
    let address = browser.eval("location.href").await;
    browser.open("about:blank", "").await;
    let address = address.as_str().expect("it has one");
    browser
        .open(address, "Press 1 to make a new reservation")
        .await;
    lit(&mut browser, "reservations").await;
    browser.click("Hang up").await;
    browser.until_text("The call is over").await;
}

/// The rules of WCAG up to 2.2, A and AA.
const RULES: &str = r#"["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]"#;

#[tokio::test]
async fn nothing_on_the_page_breaks_wcag() {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/node_modules/axe-core/axe.min.js");
    if !axe.exists() {
        let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!in_ci, "axe-core is not installed: npm ci in web/");
        println!("skipped: axe-core is not installed (npm ci in web/)");
        return;
    }
    let axe = text(&axe);
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    for (size, name) in [(LARGE, "large"), (SMALL, "small")] {
        for colours in ["light", "dark"] {
            browser.look(size, colours).await;
            browser.open("about:blank", "").await;
            browser.open(&demo.url(), "ABC Restaurant").await;
            browser.eval(&axe).await;
            no_violation(&mut browser, &format!("{name} {colours}, ready")).await;
            browser.key("c").await;
            browser.until_text("Welcome to ABC").await;
            browser.key("1").await;
            browser
                .until_text("Press 1 to make a new reservation")
                .await;
            browser.key("s").await;
            browser.until_text("Your turn").await;
            let open = "document.querySelectorAll('details').forEach((it) => { it.open = true })";
            browser.eval(open).await;
            no_violation(&mut browser, &format!("{name} {colours}, on a call")).await;
            browser.picture(&format!("{name}-{colours}-open")).await;
            let wide = browser.eval("document.documentElement.scrollWidth").await;
            assert!(wide.as_u64() <= Some(u64::from(size.0)), "{wide} wide");
            browser.key("h").await;
            browser.until_text("The call is over").await;
            no_violation(&mut browser, &format!("{name} {colours}, over")).await;
        }
    }
}

pub(super) async fn no_violation(browser: &mut Browser, when: &str) {
    let run = format!(
        "axe.run(document, {{runOnly: {RULES}}}).then(({{violations}}) => violations.map(({{id, help, nodes}}) =>
            [id, help, ...nodes.map((node) => node.html + ' ' + (node.any[0]?.message ?? ''))]))"
    );
    let violations = browser.eval(&run).await;
    assert_eq!(violations, Value::Array(Vec::new()), "{when}");
}
