//! The nearest known name to a mistyped one, for "did you mean".

/// Returns the known name with the smallest edit distance, if one is near enough to be meant.
///
/// Distance is that of optimal string alignment: insertion, deletion, substitution and swap of
/// neighbours cost one each; letters are compared without case.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LENGTH_MAX: usize = 64;
    let name: Vec<char> = name.to_lowercase().chars().collect();
    if name.len() > LENGTH_MAX {
        return None;
    }
    let allowed = (name.len() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            // A word of the key may be what was meant: `bukets` is near `buckets_per_day`.
            let words = letters.split(|letter| *letter == '_');
            let word = words.map(|word| distance(&name, word) + 1).min();
            let whole = distance(&name, &letters);
            (word.map_or(whole, |word| word.min(whole)), candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Writes "did you mean" and the list of what is allowed, as the tail of a sentence.
pub(super) fn suggestion(name: &str, known: &[&str]) -> String {
    let mut text = String::new();
    if let Some(near) = nearest(name, known.iter().copied()) {
        text.push_str(&format!(", did you mean `{near}`?"));
    }
    if known.is_empty() {
        text.push_str(" (no key is allowed here)");
    } else {
        text.push_str(&format!(" (allowed: {})", known.join(", ")));
    }
    text
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_longer_key_is_found() {
        let known = ["bucket_volume", "buckets_per_day", "bar_s"];
        assert_eq!(nearest("bukets", known), Some("buckets_per_day"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn a_typo_finds_its_name() {
        let known = ["buckets", "bucket_volume", "window"];
        assert_eq!(nearest("bukets", known), Some("buckets"));
        assert_eq!(nearest("bucekts", known), Some("buckets"));
        assert_eq!(nearest("WINDOW", known), Some("window"));
        assert_eq!(nearest("sigma", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn distance_counts_a_swap_once() {
        let letters = |s: &str| s.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("ab"), &letters("ba")), 1);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }
}
