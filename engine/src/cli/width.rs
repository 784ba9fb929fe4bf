//! How wide what is printed may be, and lines that end in time.

use terminal_size::{Width, terminal_size_of};

/// Columns where nothing says how many there are.
const UNKNOWN: usize = 80;

/// Less than that leaves no room for a text beside its name.
const LEAST: usize = 40;

/// The columns of the terminal that standard output is.
pub(super) fn of_standard_output() -> usize {
    terminal_size_of(std::io::stdout()).map_or(UNKNOWN, |(Width(columns), _)| usize::from(columns).max(LEAST))
}

/// A text broken at words, each line of at most so many columns. A word that is longer has a line of its own.
pub(super) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        match lines.last_mut() {
            Some(line) if length == 0 || length + 1 + word_length <= width => {
                let blank = if length == 0 { "" } else { " " };
                line.push_str(blank);
                line.push_str(word);
                length += blank.len() + word_length;
            }
            _ => {
                lines.push(word.to_owned());
                length = word_length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_words() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("unbreakable a", 5), ["unbreakable", "a"]);
        assert_eq!(lines("", 5), [""]);
    }
}
