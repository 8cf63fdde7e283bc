//! The task of an exercise, its file and its command.

use super::{Markdown, Pages};
use crate::exercise::Exercise;

impl Pages<'_> {
    /// `{{#exercise NAME}}`
    pub(super) fn exercise(&self, name: &str) -> Markdown {
        let Exercise { title, task, file, .. } = Exercise::find(self.house, name)?;
        let path = format!("book/exercises/{file}");
        self.house.read(&path)?;
        let link = self.source(&path, None);
        Ok(format!(
            "\n<div class=\"exercise\" id=\"exercise-{name}\">\n\n**{title}**\n\n{}\n\n\
             <p>In <a href=\"{link}\">{path}</a>. <code>cargo book exercise {name}</code> judges \
             it.</p>\n\n</div>\n",
            task.trim()
        ))
    }
}
