//! Elements of an SVG document, escaped and with numbers of fixed precision.

use std::fmt::Write;

/// The fonts that systems have; the last ones are the widest, and widths are those of theirs.
const FONTS: &str =
    "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// How much wider bold letters are.
const BOLD: f64 = 1.11;

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// The left.
    Start,
    /// The middle.
    Middle,
    /// The right.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Font {
    /// The height of a line.
    pub(super) size: f64,
    is_bold: bool,
    colour: &'static str,
}

impl Font {
    pub(super) fn plain(size: f64, colour: &'static str) -> Self {
        Self {
            size,
            is_bold: false,
            colour,
        }
    }

    pub(super) fn bold(size: f64, colour: &'static str) -> Self {
        Self {
            is_bold: true,
            ..Self::plain(size, colour)
        }
    }
}

/// A document that is being written.
#[derive(Debug)]
pub(super) struct Svg {
    document: String,
    /// Left, top, right and bottom of every text, with its words.
    #[cfg(test)]
    pub(super) texts: Vec<([f64; 4], String)>,
}

impl Svg {
    pub(super) fn new((width, height): (f64, f64), title: &str, description: &str) -> Self {
        let mut document = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" \
             height=\"{}\" role=\"img\" font-family=\"{FONTS}\">\n",
            number(width),
            number(height),
            number(width),
            number(height)
        );
        let (title, description) = (escaped(title), escaped(description));
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(
            document,
            "<title>{title}</title>\n<desc>{description}</desc>"
        );
        Self {
            document,
            #[cfg(test)]
            texts: Vec::new(),
        }
    }

    pub(super) fn rectangle(
        &mut self,
        (left, top): (f64, f64),
        (width, height): (f64, f64),
        fill: &str,
        opacity: f64,
    ) {
        let _ = writeln!(
            self.document,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"{}/>",
            number(left),
            number(top),
            number(width.max(0.0)),
            number(height.max(0.0)),
            attribute_unless_1("fill-opacity", opacity)
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.stroke(&[from, to], colour, width, "");
    }

    pub(super) fn dashed(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.stroke(&[from, to], colour, width, "7 5");
    }

    /// A line through `points`, interrupted as `dashes` says unless that is empty.
    pub(super) fn stroke(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dashes: &str) {
        let dashes = if dashes.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{dashes}\"")
        };
        let _ = writeln!(
            self.document,
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" \
             stroke-linejoin=\"round\"{dashes}/>",
            path(points),
            number(width)
        );
    }

    /// The area inside `points`.
    pub(super) fn area(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        let opacity = attribute_unless_1("fill-opacity", opacity);
        let _ = writeln!(
            self.document,
            "<path d=\"{}Z\" fill=\"{fill}\"{opacity}/>",
            path(points)
        );
    }

    /// A square on its corner, with a light edge.
    pub(super) fn diamond(&mut self, (x, y): (f64, f64), half: f64, fill: &str) {
        let points = [(x - half, y), (x, y - half), (x + half, y), (x, y + half)];
        let _ = writeln!(
            self.document,
            "<path d=\"{}Z\" fill=\"{fill}\" stroke=\"#FFFFFF\" stroke-width=\"1\"/>",
            path(&points)
        );
    }

    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let _ = writeln!(
            self.document,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"#FFFFFF\" \
             stroke-width=\"1.5\"/>",
            number(x),
            number(y),
            number(radius)
        );
    }

    /// A line of text whose foot stands at `y`.
    pub(super) fn text(&mut self, (x, y): (f64, f64), align: Align, font: Font, words: &str) {
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let weight = if font.is_bold {
            " font-weight=\"700\""
        } else {
            ""
        };
        let _ = writeln!(
            self.document,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{}\"{weight} \
             fill=\"{}\">{}</text>",
            number(x),
            number(y),
            number(font.size),
            font.colour,
            escaped(words)
        );
        #[cfg(test)]
        {
            let wide = width(words, font);
            let left = match align {
                Align::Start => x,
                Align::Middle => x - wide / 2.0,
                Align::End => x - wide,
            };
            let (top, bottom) = (y - 0.76 * font.size, y + 0.22 * font.size);
            self.texts
                .push(([left, top, left + wide, bottom], words.to_owned()));
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.document.push_str("</svg>\n");
        self.document
    }
}

/// How wide a text is at most: the advances of `DejaVu Sans`, the widest of the fonts asked for.
pub(super) fn width(words: &str, font: Font) -> f64 {
    let ems: f64 = words.chars().map(advance).sum();
    let bold = if font.is_bold { BOLD } else { 1.0 };
    ems * font.size * bold
}

fn advance(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | 'J' | '\'' => 0.30,
        ' ' | '.' | ',' | ':' | ';' | '/' | '|' | '\u{b7}' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '-' | '!' | '[' | ']' => 0.42,
        'm' | 'M' | 'W' | 'w' | '%' | '@' | '\u{2026}' => 1.0,
        '+' | '\u{2212}' | '\u{d7}' | '\u{b1}' | '\u{2191}' | '\u{2193}' | '=' | '<' | '>' => 0.84,
        'O' | 'Q' | 'G' | 'D' | 'N' | 'H' | 'U' => 0.79,
        'A'..='Z' => 0.70,
        '0'..='9' | 'a'..='z' | '$' => 0.64,
        _ => 0.80,
    }
}

/// `words`, cut so that they are no wider than `room`.
pub(super) fn fitted(words: &str, font: Font, room: f64) -> String {
    if width(words, font) <= room {
        return words.to_owned();
    }
    let mut kept = words.to_owned();
    while kept.pop().is_some() {
        let cut = format!("{}\u{2026}", kept.trim_end());
        if width(&cut, font) <= room {
            return cut;
        }
    }
    String::new()
}

/// `words` in lines no wider than `room`, broken between words.
pub(super) fn wrapped(words: &str, font: Font, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| width(line, font) <= room) {
            Some(line) => {
                lines.pop();
                lines.push(line);
            }
            None => lines.push(fitted(word, font, room)),
        }
    }
    lines
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{} {}", number(*x), number(*y));
    }
    path
}

fn attribute_unless_1(name: &str, value: f64) -> String {
    if value < 1.0 {
        format!(" {name}=\"{}\"", number(value))
    } else {
        String::new()
    }
}

/// Two decimals at most: `3`, `0.5`, `12.25`.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// What cannot stand in XML as it is, replaced; control characters are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No XML document may hold these two, escaped or not.
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_xml_is_escaped() {
        assert_eq!(
            escaped("S&P <500> \"x\" 'y'\u{0}\n"),
            "S&amp;P &lt;500&gt; &quot;x&quot; &#39;y&#39;"
        );
    }

    #[test]
    fn numbers_are_short_and_never_minus_zero() {
        let found = [-0.001, 0.5, 12.254, 3.0, 1200.0].map(number);
        assert_eq!(found, ["0", "0.5", "12.25", "3", "1200"]);
    }

    #[test]
    fn words_are_cut_or_broken_to_the_room_they_have() {
        let font = Font::plain(10.0, "#000000");
        let words = "gamma is positive at every spot";
        let cut = fitted(words, font, 60.0);
        assert!(cut.ends_with('\u{2026}') && width(&cut, font) <= 60.0);
        assert_eq!(fitted(words, font, 1e3), words);
        let lines = wrapped(words, font, 80.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, font) <= 80.0));
        assert_eq!(lines.join(" "), words);
        assert_eq!(fitted("abc", font, 1.0), "");
    }
}
