//! YAML text to a [`Node`] tree, with the limits that keep a hostile file small.
//!
//! The typed interface of `serde-saphyr` gives positions only to types that ask for them, so the
//! tree is built from the events of its parser, which it re-exports.
//!
//! Allowed: one document, block and flow style, anchors and aliases. Refused: duplicate keys, tags,
//! merge keys (`<<`), keys that are not text, directives, more than one document.

use std::sync::Arc;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser};

use super::builder::{Builder, DEPTH_MAX, Refused, refuse};
use super::node::Node;
use super::origin::Layer;
use super::problem::{ConfigError, Problem};
use super::secret;

/// The largest text read, in bytes.
const BYTES_MAX: usize = 4 << 20;

/// Parses a YAML file; `name` is how messages call it.
///
/// # Errors
/// If the text is not one well-formed YAML document of what this program reads, or too large.
pub fn parse_file(name: &str, text: &str) -> Result<Node, ConfigError> {
    parse(&Layer::File(name.into()), text)
}

pub(super) fn parse(layer: &Layer, text: &str) -> Result<Node, ConfigError> {
    let mut builder = Builder::new(layer);
    let parsed = build(&mut builder, text);
    let masked = secret::mask_spans(text, &builder.secret_spans);
    let masked: Arc<str> = match &parsed {
        Ok(_) => masked.into(),
        Err(_) => secret::mask_lines(&masked).into(),
    };
    match parsed {
        Ok(mut node) => {
            node.each_origin(&mut |origin| origin.set_source(&masked));
            Ok(node)
        }
        Err(refused) => {
            let mut origin = builder.origin(&refused.at);
            // What stands under a secret key on lines of its own cannot be told from the rest.
            if !builder.is_in_secret() {
                origin.set_source(&masked);
            }
            let path = builder.path();
            Err(ConfigError::new(vec![Problem::value(
                Some(origin),
                path,
                refused.message,
            )]))
        }
    }
}

fn build(builder: &mut Builder<'_>, text: &str) -> Result<Node, Refused> {
    let start = Marker::new(0, 1, 0);
    if text.len() > BYTES_MAX {
        let message = format!(
            "{} bytes are too many, must be at most {BYTES_MAX}",
            text.len()
        );
        return Err(Refused { at: start, message });
    }
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| Refused {
            at: *error.marker(),
            message: format!("not valid YAML: {}", error.info()),
        })?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                return refuse(&span, "a second document is not allowed, must be one");
            }
        }
        builder.event(event, &span)?;
    }
    let empty = Node::scalar(String::new(), true, builder.origin(&start));
    Ok(builder.root.take().unwrap_or(empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(yaml: &str, expected: &str) {
        assert_eq!(
            parse_file("c.yaml", yaml).unwrap_err().to_string(),
            expected,
            "{yaml}"
        );
    }

    #[test]
    fn what_is_not_allowed_is_named_with_its_place() {
        check(
            "a: 1\nb:\n  c: 1\n  c: 2\n",
            "c.yaml:4:3: b: duplicate key `c`",
        );
        check(
            "a: !x 1",
            "c.yaml:1:7: a: YAML tags (`!…`) are not allowed, quote a value to make it text",
        );
        check(
            "a: &a {b: 1}\nc: {<<: *a}",
            "c.yaml:2:5: c: merge keys (`<<`) are not allowed, write the keys out",
        );
        check(
            "? [a]\n: 1",
            "c.yaml:1:3: a list or map is not allowed as a key, must be text",
        );
        check(
            "a: 1\n---\nb: 1",
            "c.yaml:2:1: a second document is not allowed, must be one",
        );
        check(
            "a: &a [*a]",
            "c.yaml:1:8: a[0]: an alias inside its own anchor is not allowed",
        );
        check(
            "a: *b",
            "c.yaml:1:4: a: not valid YAML: while parsing node, found unknown anchor",
        );
        check(
            "~: 1",
            "c.yaml:1:1: an empty key is not allowed, must be text",
        );
    }

    #[test]
    fn broken_text_is_placed() {
        let error = parse_file("c.yaml", "a: 1\nb: [1, 2\nc: 3\n")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("c.yaml:"), "{error}");
        assert!(error.contains("not valid YAML"), "{error}");
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_built() {
        let mut yaml = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = vec![format!("*a{}", level - 1); 10].join(", ");
            yaml.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
        }
        let error = parse_file("c.yaml", &yaml).unwrap_err().to_string();
        assert!(
            error.ends_with("too many values, must be at most 200000"),
            "{error}"
        );
    }

    #[test]
    fn nesting_is_limited() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_file("c.yaml", &deep(DEPTH_MAX)).is_ok());
        assert!(parse_file("c.yaml", &deep(DEPTH_MAX + 1)).is_err());
        let chain = format!("a: &a {}\nb: [[*a]]", deep(DEPTH_MAX - 2));
        let error = parse_file("c.yaml", &chain).unwrap_err().to_string();
        assert_eq!(
            error,
            "c.yaml:2:6: b[0][0]: nested too deep, must be at most 64 levels"
        );
        assert!(parse_file("c.yaml", &" ".repeat(BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn an_alias_is_a_copy_with_the_origin_of_its_anchor() {
        let root = parse_file("c.yaml", "a: &x {b: 1}\nc: *x\n").unwrap();
        let copy = root.get("c").unwrap().get("b").unwrap();
        assert_eq!(copy.origin().to_string(), "c.yaml:1:11");
    }

    #[test]
    fn an_empty_text_is_null() {
        assert!(parse_file("c.yaml", "").unwrap().is_null());
        assert!(parse_file("c.yaml", "# nothing\n").unwrap().is_null());
        assert!(
            parse_file("c.yaml", "\u{feff}a: 1")
                .unwrap()
                .get("a")
                .is_some()
        );
    }

    #[test]
    fn an_excerpt_of_broken_text_hides_secrets() {
        for yaml in [
            "api_key: \"hush",
            "x: [\nbot_token: hush: x",
            "a_key:\n  hush: [",
            "b: {a_key:\n hush, c: [}",
            "b: {a_key: |\n hush\n}",
        ] {
            let error = parse_file("c.yaml", yaml).unwrap_err();
            assert!(!error.show().contains("hush"), "{}", error.show());
        }
    }
}
