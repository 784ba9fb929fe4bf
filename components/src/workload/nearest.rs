//! Help for a misspelt name: the known name that was probably meant.

use super::elsewhere::meant_by;

/// Letters of a word that are compared.
const MOST_LETTERS: usize = 64;

/// The known name nearest to a misspelt one, when it is near enough to be meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = Letters::of(name);
    // Neither what differs in length by more than that nor what is further than the best so far is compared to the end.
    let mut most = 1 + name.count / 3;
    let mut best = None;
    for word in known {
        let Some(distance) = distance(&name, &Letters::of(word), most) else { continue };
        most = distance;
        best = best.filter(|best| *best < (distance, *word)).or(Some((distance, *word)));
    }
    best.map(|(_, word)| word)
}

/// The known names, those that are nearest to a misspelt one first; the order of equally near ones is kept.
pub fn nearest_first<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut ranked = known.to_vec();
    let name = Letters::of(name);
    ranked.sort_by_cached_key(|word| distance(&name, &Letters::of(word), usize::MAX));
    ranked
}

/// A word's first letters, and how many it has.
struct Letters {
    first: [char; MOST_LETTERS],
    compared: usize,
    count: usize,
}

impl Letters {
    fn of(word: &str) -> Self {
        let mut letters = Self { first: ['\0'; MOST_LETTERS], compared: 0, count: 0 };
        for letter in word.chars() {
            if let Some(place) = letters.first.get_mut(letters.count) {
                *place = letter;
                letters.compared += 1;
            }
            letters.count += 1;
        }
        letters
    }
}

/// Edits between two words: insert, delete, replace, or swap of neighbours (optimal string alignment); `None` when there are
/// more than `most`.
fn distance(a: &Letters, b: &Letters, most: usize) -> Option<usize> {
    if a.compared.abs_diff(b.compared) > most {
        return None;
    }
    let (a, b) = (&a.first[..a.compared], &b.first[..b.compared]);
    let mut before = [0; MOST_LETTERS + 1];
    let mut above: [usize; MOST_LETTERS + 1] = std::array::from_fn(|column| column);
    for i in 1..=a.len() {
        let mut row = [i; MOST_LETTERS + 1];
        let mut least = i;
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost;
            least = least.min(cost);
        }
        // Every later one comes by way of this row, or by a swap over it that costs no less.
        if least > most {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    Some(above[b.len()]).filter(|edits| *edits <= most)
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
        assert_eq!(nearest("oltp", &known), Some("otlp"));
        assert_eq!(nearest("ab", &["abc", "aba", "xab", "b"]), Some("aba"));
        assert_eq!(nearest(&"x".repeat(100), &[&*"x".repeat(80)]), Some(&*"x".repeat(80)));
        assert_eq!(nearest("", &["a"]), Some("a"));
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
