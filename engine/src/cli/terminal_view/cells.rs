//! Tables of names and numbers: a name to the left, numbers to the right, a head in one row with the section's name.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Row, Table};

use super::palette::{QUIET, TITLE};

/// Text in so many columns at most; what is longer ends with `…`.
pub(super) fn fit(text: &str, width: usize) -> String {
    if Line::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        let longer = format!("{kept}{character}");
        if Line::raw(longer.as_str()).width() + 1 > width {
            break;
        }
        kept = longer;
    }
    if width > 0 { kept + "…" } else { kept }
}

/// A row: its name, its numbers, how it looks.
pub(super) struct Cells {
    pub(super) name: String,
    pub(super) numbers: Vec<String>,
    pub(super) style: Style,
}

/// A table of a section.
pub(super) struct Section<'a> {
    /// The section's name, at the head of the names.
    pub(super) title: &'a str,
    /// Heads of the numbers and the widths of their columns, gaps included.
    pub(super) columns: &'a [(&'a str, u16)],
    /// All rows.
    pub(super) rows: Vec<Cells>,
    /// The first row that is shown.
    pub(super) first: usize,
}

impl Section<'_> {
    /// Draws as many rows as there is room for; the last line says how many are left out below.
    pub(super) fn draw(mut self, frame: &mut Frame<'_>, area: Rect) {
        let room = usize::from(area.height).saturating_sub(1);
        if area.height == 0 || area.width == 0 {
            return;
        }
        let all = self.rows.len();
        let first = self.first.min(all.saturating_sub(room));
        self.rows.drain(..first);
        if self.rows.len() > room && room > 0 {
            self.rows.truncate(room - 1);
            let hidden = all - first - self.rows.len();
            let name = format!("… {hidden} more");
            self.rows.push(Cells { name, numbers: Vec::new(), style: QUIET });
        }
        let columns = self.columns.iter();
        let numbers: u16 = columns.clone().map(|(_, width)| width).sum();
        let name_width = usize::from(area.width.saturating_sub(numbers));
        let right = |text: &str| Line::raw(text.to_owned()).right_aligned();
        let above =
            if first > 0 { format!("{} (from {})", self.title, first + 1) } else { self.title.to_owned() };
        let mut head = vec![Line::styled(fit(&above, name_width), TITLE)];
        head.extend(columns.clone().map(|(text, _)| right(text).style(QUIET)));
        let rows = self.rows.iter().map(|cells| {
            let mut lines = vec![Line::raw(fit(&cells.name, name_width))];
            lines.extend(cells.numbers.iter().take(self.columns.len()).map(|number| right(number)));
            Row::new(lines).style(cells.style)
        });
        let mut widths = vec![Constraint::Fill(1)];
        widths.extend(columns.map(|(_, width)| Constraint::Length(*width)));
        frame.render_widget(Table::new(rows, widths).header(Row::new(head)).column_spacing(0), area);
    }
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn what_is_too_long_is_marked() {
        assert_eq!(fit("crowd", 5), "crowd");
        assert_eq!(fit("crowds", 5), "crow…");
        assert_eq!(fit("顧客顧客", 5), "顧客…");
        assert_eq!([fit("x", 0), fit("xy", 1)], ["", "…"]);
    }
}
