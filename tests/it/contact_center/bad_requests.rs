//! Requests to the companion endpoint that are bad, each beside the sentence that it is told.

/// What is changed of the guide's request, and the sentence that it is told.
pub(super) fn bad_requests() -> Vec<(Vec<(&'static str, String)>, &'static str)> {
    let mut all: Vec<(Vec<(&'static str, String)>, &'static str)> = Vec::new();
    let mut of = |name: &'static str, sentence: &'static str, values: &[&str]| {
        all.extend(
            values
                .iter()
                .map(|value| (vec![(name, (*value).to_owned())], sentence)),
        );
    };
    let credentials = "Send tenant and token as [contact_center] of the configuration has them, or as token one of [api.tokens] with the scope handoff";
    of(
        "token",
        credentials,
        &[
            "",
            " ",
            "wrong",
            "92bd5cbf9ab120b3a47bdef9284b323",
            "92BD5CBF9AB120B3A47BDEF9284B323D",
        ],
    );
    of("tenant", credentials, &["", "klvm", "KLVM2", "acme"]);
    of(
        "sip_id",
        "`sip_id` is empty: write the call's Call-ID, as in $session.SIPCallID;",
        &["", "  "],
    );
    of(
        "sip_id",
        "`sip_id` is no Call-ID of SIP: 1 to 500 visible characters without blanks",
        &[
            "a b",
            "a\tb",
            "a\nb",
            "ümlaut",
            "a\u{0}b",
            "a\u{7f}",
            "电话",
            "$session.SIPCallID ;",
        ],
    );
    of("action", "`action` is empty: write wForwardACD", &["", " "]);
    of(
        "action",
        "`action` is wForwardAgent, which the Contact Center does not offer yet: write wForwardACD and a queue's id",
        &["wForwardAgent"],
    );
    of(
        "action",
        "`action` is not written as the guide has it: write wForwardACD, with these capitals",
        &["wforwardacd", "WFORWARDACD", "wForwardAcd"],
    );
    of(
        "action",
        "`action` is no action of the Contact Center: write wForwardACD",
        &[
            "forward",
            "wForward",
            "wForwardACD ",
            "transfer",
            "wForwardagent",
        ],
    );
    of(
        "param",
        "`param` is empty: write the queue's id, as in 102",
        &["", " "],
    );
    of(
        "param",
        "`param` is no queue's id: 1 to 10 digits, from the Configuration Manager's list of queues",
        &[
            "sales",
            "-1",
            "102 ",
            " 102",
            "1e2",
            "102.0",
            "0x66",
            "12345678901",
            "１０２",
            "klvm2~~queue~~phone~~102",
            "+102",
        ],
    );
    let example = "write [name|value] for each, as in [First Name|John][Last Name|Smith]";
    let data = |all: &mut Vec<_>, text: &str, why: &'static str| {
        all.push((vec![("extIvrData", text.to_owned())], why))
    };
    assert!(example.starts_with("write"));
    for text in ["First Name|John", "[a|b]c", "x[a|b]", "[a|b]]", "a=b"] {
        data(
            &mut all,
            text,
            "`extIvrData` has text outside the brackets: write [name|value] for each, as in [First Name|John][Last Name|Smith]",
        );
    }
    for text in ["[a|b", "[a|[b]]", "[a|b][c|d", "["] {
        data(
            &mut all,
            text,
            "`extIvrData` has a [ without its ]: write [name|value] for each, as in [First Name|John][Last Name|Smith]",
        );
    }
    for text in ["[]", "[a]", "[a|b][c]"] {
        data(
            &mut all,
            text,
            "`extIvrData` has a pair without |: write [name|value] for each, as in [First Name|John][Last Name|Smith]",
        );
    }
    data(
        &mut all,
        "[a|b|c]",
        "`extIvrData` has a pair with more than one |: write [name|value] for each, as in [First Name|John][Last Name|Smith]",
    );
    for text in ["[|b]", "[ |b]"] {
        data(
            &mut all,
            text,
            "`extIvrData` has a pair without a name: write [name|value] for each, as in [First Name|John][Last Name|Smith]",
        );
    }
    all.push((
        vec![("sip_id", "x".repeat(501))],
        "`sip_id` has 501 characters: at most 500 are taken",
    ));
    all.push((
        vec![("action", "x".repeat(501))],
        "`action` has 501 characters: at most 500 are taken",
    ));
    all.push((
        vec![("param", "1".repeat(501))],
        "`param` has 501 characters: at most 500 are taken",
    ));
    all.push((
        vec![("extIvrData", format!("[a|{}]", "x".repeat(497)))],
        "`extIvrData` has 501 characters: at most 500 are taken",
    ));
    let stranger = "leave it out, or use one of tenant, token, sip_id, action, param, extIvrData";
    assert!(stranger.starts_with("leave"));
    all.push((vec![("colour", "red".to_owned())], "`colour` is not known here: leave it out, or use one of tenant, token, sip_id, action, param, extIvrData"));
    all.push((vec![("+6591234567", String::new())], "`(a parameter)` is not known here: leave it out, or use one of tenant, token, sip_id, action, param, extIvrData"));
    all.push((
        vec![("extivrdata", "[a|b]".to_owned())],
        "`extivrdata` is not known here: write extIvrData, with these capitals",
    ));
    all.push((
        vec![("Param", "102".to_owned())],
        "`Param` is not known here: write param, with these capitals",
    ));
    all
}
