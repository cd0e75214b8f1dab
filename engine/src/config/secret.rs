//! Which values are secret, and how they are kept out of everything a person can read.

use std::ops::Range;

/// What stands in place of a secret value.
pub(super) const REDACTED: &str = "(redacted)";

/// Says whether a key's name marks its value as secret.
pub(super) fn is_secret_name(key: &str) -> bool {
    const WHOLE: [&str; 5] = ["key", "token", "secret", "password", "passphrase"];
    const ENDINGS: [&str; 8] = [
        "_key",
        "_token",
        "_secret",
        "_password",
        "_passphrase",
        "_keys",
        "_secrets",
        "_passwords",
    ];
    let key = key.to_ascii_lowercase();
    WHOLE.contains(&key.as_str()) || ENDINGS.iter().any(|ending| key.ends_with(ending))
}

/// Replaces every occurrence of every secret in a text that others wrote.
pub(super) fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut secrets: Vec<&str> = secrets.iter().copied().filter(|s| !s.is_empty()).collect();
    // Longest first: a short secret inside a long one must not leave the rest of it standing.
    secrets.sort_by_key(|secret| (std::cmp::Reverse(secret.len()), *secret));
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let found = secrets.iter().find(|secret| rest.starts_with(**secret));
        let taken = found.map_or(letter.len_utf8(), |secret| secret.len());
        clean.push_str(found.map_or(&rest[..taken], |_| REDACTED));
        rest = &rest[taken..];
    }
    clean
}

/// Masks what was parsed as the value of a secret key.
pub(super) fn mask_spans(text: &str, spans: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        let (Some(open), Some(hidden)) = (text.get(from..span.start), text.get(span.clone()))
        else {
            continue;
        };
        // A reference to the environment is no secret, and the reader has to see it.
        let shown = if is_reference(hidden) {
            hidden.to_owned()
        } else {
            mask(hidden)
        };
        masked.push_str(open);
        masked.push_str(&shown);
        from = span.end;
    }
    masked.push_str(&text[from..]);
    masked
}

fn is_reference(text: &str) -> bool {
    let inner = text.trim().trim_matches(['"', '\'']);
    inner
        .strip_prefix("${")
        .and_then(|t| t.strip_suffix('}'))
        .is_some_and(|t| !t.contains('}'))
}

/// Masks what looks like a secret in text that could not be parsed.
pub(super) fn mask_lines(text: &str) -> String {
    text.lines().map(mask_line).collect::<Vec<_>>().join("\n")
}

/// Blanks what follows a secret key on a line, for text that could not be parsed.
fn mask_line(line: &str) -> String {
    for (at, _) in line.match_indices(':') {
        let key = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let start = key
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .map_or(0, |i| i + key[i..].chars().next().map_or(1, char::len_utf8));
        if is_secret_name(&key[start..]) {
            return format!("{}{}", &line[..=at], mask(&line[at + 1..]));
        }
    }
    line.to_owned()
}

/// Turns every character but white space into `*`, so that columns keep their place.
fn mask(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_end_like_a_secret_are_secret() {
        for name in [
            "api_key",
            "bot_token",
            "client_secret",
            "db_password",
            "password",
            "API_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["keyboard", "max_tokens", "monkey", "secretary", ""] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn the_longest_secret_goes_first() {
        assert_eq!(scrub("x abc y", &["b", "abc", ""]), "x (redacted) y");
        assert_eq!(scrub("éd", &["d", "e"]), "é(redacted)");
    }

    #[test]
    fn a_broken_line_shows_its_key_only() {
        assert_eq!(mask_line("  api_key: \"abc"), "  api_key: ****");
        assert_eq!(
            mask_line("a: 1, \"bot_token\" : x y"),
            "a: 1, \"bot_token\" : * *"
        );
        assert_eq!(mask_line("buckets: 5"), "buckets: 5");
        assert_eq!(mask_line("é_key: ü"), "é_key: *");
    }
}
