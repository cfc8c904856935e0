//! The masking view in real Chromium: rider and driver ring each other, and neither phone shows the other's number.

use std::path::Path;

use super::browser::Browser;
use super::demo::Demo;
use super::pages::{LARGE, SMALL, no_violation};
use super::text;

const RIDER: &str = "section[aria-labelledby=a-title]";
const DRIVER: &str = "section[aria-labelledby=b-title]";

fn page(demo: &Demo) -> String {
    format!("{}/masking", demo.url())
}

#[tokio::test]
async fn rider_and_driver_ring_each_other() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let demo = Demo::start(None);
    browser.look(LARGE, "light").await;
    browser.open(&page(&demo), "Active: calls connect").await;
    browser.click("Call the driver").await;
    browser
        .until("document.querySelector('.person.rings') !== null")
        .await;
    let driver = browser.text_of(DRIVER).await;
    assert!(
        driver.contains("+653111000") && !driver.contains("91234567"),
        "{driver}"
    );
    browser.click("Answer").await;
    browser.until_text("Talks with +653111000").await;
    browser.picture("masking-large-light").await;
    browser.click("Hang up").await;
    browser.until_text("The call is over").await;
    browser.click("Call the rider").await;
    browser
        .until("document.querySelector('.person.rings') !== null")
        .await;
    let rider = browser.text_of(RIDER).await;
    assert!(
        rider.contains("+653111000") && !rider.contains("81234567"),
        "{rider}"
    );
    browser.click("Decline").await;
    browser.until_text("The call is over").await;
    browser.click("It is cancelled").await;
    browser.until_text("Over: calls are told so").await;
    browser.click("Call the driver").await;
    browser
        .until_text("This number is no longer active for you")
        .await;
    assert_eq!(browser.complaints, [""; 0]);
}

#[tokio::test]
async fn nothing_on_the_masking_view_breaks_wcag() {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/node_modules/axe-core/axe.min.js");
    if !axe.exists() {
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
            browser.open(&page(&demo), "Active: calls connect").await;
            browser.eval(&axe).await;
            no_violation(&mut browser, &format!("{name} {colours}, ready")).await;
            browser.click("Call the driver").await;
            browser
                .until("document.querySelector('.person.rings') !== null")
                .await;
            no_violation(&mut browser, &format!("{name} {colours}, ringing")).await;
            browser
                .picture(&format!("masking-{name}-{colours}-rings"))
                .await;
            let wide = browser.eval("document.documentElement.scrollWidth").await;
            assert!(wide.as_u64() <= Some(u64::from(size.0)), "{wide} wide");
            browser.click("Decline").await;
            browser.until_text("The call is over").await;
        }
    }
}
