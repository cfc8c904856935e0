//! The three drawings of one small flow.

use super::{dot, mermaid, svg};
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::Source;

fn shop() -> Flow {
    let text = "callwright = 1\n[flow]\nid = \"shop\"\nstart = \"welcome\"\nanswers = \"any\"\n[menu.welcome]\nsay = \"For your \\\"order\\\" press 1, <again> press 2, for a person & more press #.\"\npress.1 = \"thanks\"\npress.2 = \"repeat\"\npress.hash = \"staff\"\ngive_up = \"end\"\ntries = 1\n[connect.staff]\nnumber = \"+6568332048\"\nbusy = \"thanks\"\nno_answer = \"thanks\"\nfailed = \"welcome\"\n[end.thanks]\nsay = \"Thank you.\"\n";
    let source = Source {
        path: "shop.toml".to_owned(),
        text: text.to_owned(),
    };
    let checked = check(&[source]);
    let (_, flow) = checked
        .flows
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    flow
}

#[test]
fn mermaid_is_told_steps_and_ways() {
    let expected = r##"flowchart TD
  begin(("shop")) --> s_welcome
  s_staff[["connect staff"]]
  s_thanks(["end thanks<br/>Thank you."])
  s_welcome{{"menu welcome<br/>For your #quot;order#quot; press 1, <again> press …"}}
  s_staff -->|"busy"| s_thanks
  s_staff -->|"no answer"| s_thanks
  s_staff -->|"fails"| s_welcome
  s_staff -->|"has spoken"| hang_up
  s_welcome -->|"#35;"| s_staff
  s_welcome -->|"1"| s_thanks
  s_welcome -->|"2"| s_welcome
  s_welcome -->|"gives up"| hang_up
  hang_up(("hang up"))
"##;
    assert_eq!(mermaid(&shop()), expected);
}

#[test]
fn dot_is_told_the_same() {
    let text = dot(&shop());
    assert!(text.starts_with("digraph \"shop\" {\n"), "{text}");
    assert!(
        text.contains("\"welcome\" -> \"(hang up)\" [label=\"gives up\" style=dashed];"),
        "{text}"
    );
    assert!(
        text.contains(
            "label=\"menu welcome\\nFor your \\\"order\\\" press 1, <again> press …\" shape=hexagon"
        ),
        "{text}"
    );
}

#[test]
fn the_drawing_holds_every_step_and_is_xml() {
    let text = svg(&shop());
    for held in [
        "menu welcome",
        "connect staff",
        "end thanks",
        "hang up",
        "busy, no answer",
        "&lt;again&gt;",
    ] {
        assert!(text.contains(held), "{held}: {text}");
    }
    assert_eq!(text.matches("<rect").count(), 4);
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    assert!(text.ends_with("</svg>\n"));
}
