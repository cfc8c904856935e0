//! JSON to read: a line for each field, in the order that it was sent.

/// `json` with line breaks and indents.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let line = |depth: usize| format!("\n{}", "  ".repeat(depth + 1));
    for c in json.chars() {
        match c {
            '{' | '[' if !quoted => {
                depth += 1;
                text.push(c);
                text += &line(depth);
            }
            '}' | ']' if !quoted => {
                depth = depth.saturating_sub(1);
                text += &line(depth);
                text.push(c);
            }
            ',' if !quoted => {
                text.push(c);
                text += &line(depth);
            }
            ':' if !quoted => text += ": ",
            _ => text.push(c),
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    format!("  {text}")
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn what_stands_in_quotes_stays() {
        let json = r#"{"a":"{x,\":y}","b":[1]}"#;
        let shown = "  {\n    \"a\": \"{x,\\\":y}\",\n    \"b\": [\n      1\n    ]\n  }";
        assert_eq!(indented(json), shown);
    }
}
