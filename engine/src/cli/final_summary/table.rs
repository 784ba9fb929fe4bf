//! Columns that line up, and lines that end in time.

/// The width of everything.
const WIDTH: usize = 80;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Column {
    head: &'static str,
    /// 0 for the name's column, which takes what the others leave.
    width: usize,
}

impl Column {
    /// The first column: names, to the left.
    pub(in crate::cli) fn name(head: &'static str) -> Self {
        Self { head, width: 0 }
    }

    /// A column of numbers, to the right, its gap included.
    pub(in crate::cli) fn number(head: &'static str, width: usize) -> Self {
        Self { head, width }
    }
}

/// A table that is written row by row. A name too long for its column stands on a line of its own.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    columns: Vec<Column>,
    lines: Vec<String>,
}

impl Table {
    /// A table with its head.
    pub(in crate::cli) fn new(columns: &[Column]) -> Self {
        let mut table = Self { columns: columns.to_vec(), lines: Vec::new() };
        let heads: Vec<_> = columns.iter().map(|column| column.head).collect();
        table.row(&heads);
        table
    }

    fn name_width(&self) -> usize {
        WIDTH - self.columns.iter().map(|column| column.width).sum::<usize>()
    }

    /// Adds a row, one cell a column.
    pub(in crate::cli) fn row(&mut self, cells: &[&str]) {
        let (name, numbers) = cells.split_first().unwrap_or((&"", &[]));
        let width = self.name_width();
        let mut line = format!("  {name}");
        if line.chars().count() > width {
            self.lines.push(std::mem::take(&mut line));
        }
        line = format!("{line:<width$}");
        for (column, cell) in self.columns[1..].iter().zip(numbers) {
            // A cell too wide for its column moves the others: it never runs into the one before.
            let width = column.width.saturating_sub(1);
            line = format!("{line} {cell:>width$}");
        }
        self.lines.push(line);
    }

    /// Adds a remark to the row above.
    pub(in crate::cli) fn note(&mut self, text: &str) {
        self.lines.push(format!("    {text}"));
    }

    /// The table as lines.
    pub(in crate::cli) fn render(&self) -> String {
        self.lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).fold(
            String::new(),
            |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            },
        )
    }
}

/// Adds a paragraph: broken at spaces, each line with this indent and two more from the second on. A word that is
/// longer than a line keeps its whole length.
pub(in crate::cli) fn wrap(text: &mut String, paragraph: &str, indent: &str) {
    let mut line = String::from(indent);
    let mut length = indent.chars().count();
    let mut empty = true;
    for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        if !empty && length + 1 + word_length > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = format!("{indent}  ");
            length = indent.chars().count() + 2;
            empty = true;
        }
        if !empty {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
        empty = false;
    }
    text.push_str(&line);
    text.push('\n');
}
