//! Help for a misspelt name: the known name that was probably meant.

use super::elsewhere::meant_by;

/// The known name nearest to a misspelt one, when it is near enough to be meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let best = known.iter().map(|word| (distance(name, word), *word)).min()?;
    (best.0 <= 1 + name.chars().count() / 3).then_some(best.1)
}

/// The known names, those that are nearest to a misspelt one first; the order of equally near ones is kept.
pub fn nearest_first<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut ranked = known.to_vec();
    ranked.sort_by_cached_key(|word| distance(name, word));
    ranked
}

/// Edits between two words: insert, delete, replace, or swap of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// A help line names no more than that.
const MOST_NAMED: usize = 50;

/// The known name that was meant by another tool's word, or by a misspelt one.
pub(super) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    meant_by(name, known).or_else(|| nearest(name, known))
}

/// The help line for a name that is not known: what stands for it here, or the nearest one, then all of them, or the first fifty.
pub fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let named = known[..known.len().min(MOST_NAMED)].join(", ");
    let all = match known.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named}, and {more} more"),
    };
    match meant(name, known) {
        Some(word) => Some(format!("did you mean `{word}`? known: {all}")),
        None if known.is_empty() => None,
        None => Some(format!("known: {all}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_find_their_neighbour() {
        let known = ["console", "file", "otlp"];
        assert_eq!(nearest("flie", &known), Some("file"));
        assert_eq!(nearest("consol", &known), Some("console"));
        assert_eq!(nearest("kafka", &known), None);
    }

    #[test]
    fn the_nearest_stands_first() {
        assert_eq!(nearest_first("ab", &["xyz", "abc", "cd", "ab"]), ["ab", "abc", "cd", "xyz"]);
    }

    #[test]
    fn a_help_line_stays_a_line() {
        let many = vec!["word"; 60];
        let help = did_you_mean("wrod", &many).unwrap_or_default();
        assert!(help.starts_with("did you mean `word`?") && help.ends_with("word, and 10 more"), "{help}");
    }
}
