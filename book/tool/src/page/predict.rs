//! A question, and its answer folded away.

use super::{Markdown, Pages};
use crate::chapter::pieces;
use crate::faults::Place;

impl Pages<'_> {
    /// A `predict` block: question, `---`, answer.
    pub(super) fn predict(&self, place: &Place, lines: &[String]) -> Markdown {
        let cut = lines.iter().position(|line| line.trim() == "---");
        let cut = cut.ok_or("a predict block is a question, a line `---`, and the answer")?;
        let part = |from: usize, to: usize| {
            self.expand(pieces(&place.file, place.line + 1 + from, &lines[from..to].join("\n")))
        };
        let (question, answer) = (part(0, cut), part(cut + 1, lines.len()));
        if question.trim().is_empty() || answer.trim().is_empty() {
            return Err("a predict block needs both a question and an answer".to_owned());
        }
        Ok(format!(
            "\n<div class=\"predict\">\n\n{question}\n\n<details>\n<summary>Answer</summary>\n\n\
             {answer}\n\n</details>\n</div>\n"
        ))
    }
}
