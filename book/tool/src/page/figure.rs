//! Pictures of scenes. In HTML each is a static picture; `replay.js` puts the live replay over it.

use super::listing::escaped;
use super::{Markdown, Pages};
use crate::scene::Made;

impl Pages<'_> {
    /// The replay of a scene.
    pub(super) fn replay(&self, scene: &str, note: &str) -> Markdown {
        let made = self.pictured(scene)?;
        let stem = made.scene.stem();
        let title = format!("Replay of {scene}");
        let page = format!("scenes/{stem}.html");
        let picture = format!("scenes/{stem}.svg");
        Ok(figure(&title, Some((&page, height(made)?)), &[&picture], note))
    }

    /// The picture of a scene.
    pub(super) fn lanes(&self, scene: &str, note: &str) -> Markdown {
        let stem = self.pictured(scene)?.scene.stem();
        Ok(figure(&format!("Lanes of {scene}"), None, &[&format!("scenes/{stem}.svg")], note))
    }

    /// The replay of two scenes.
    pub(super) fn compare(&self, one: &str, other: &str, note: &str) -> Markdown {
        self.pictured(one)?;
        self.pictured(other)?;
        let (made, beside) = self.scenes.compared(one, other)?;
        let tall = height(made)? + height(beside)?;
        let (made, beside) = (made.scene.stem(), beside.scene.stem());
        let title = format!("Replay of {one} beside {other}");
        let page = format!("scenes/{made}--{beside}.html");
        let pictures = [made, beside].map(|stem| format!("scenes/{stem}.svg"));
        Ok(figure(&title, Some((&page, tall)), &[&pictures[0], &pictures[1]], note))
    }

    /// A scene that left a picture.
    fn pictured(&self, scene: &str) -> Result<&Made, String> {
        let made = self.scenes.get(scene)?;
        made.text("svg").map(|_| made)
    }
}

/// The height of a scene's picture: as many lanes as it has, the replay has too.
fn height(made: &Made) -> Result<u32, String> {
    let picture = made.text("svg")?;
    let height = picture.split_once(" height=\"").and_then(|(_, rest)| rest.split('"').next());
    Ok(height.and_then(|height| height.parse().ok()).unwrap_or(300))
}

fn figure(title: &str, page: Option<(&str, u32)>, pictures: &[&str], note: &str) -> String {
    let title = escaped(title);
    let images: String = pictures
        .iter()
        .map(|picture| format!("<img src=\"{picture}\" alt=\"{title}: who did what when\">\n"))
        .collect();
    let (replay, link) = match page {
        Some((page, tall)) => (
            format!(" data-replay=\"{page}\" data-title=\"{title}\" style=\"--tall: {tall}px\""),
            format!("<p class=\"alone\"><a href=\"{page}\">Open in a page of its own</a></p>\n"),
        ),
        None => Default::default(),
    };
    format!(
        "\n<figure class=\"scene\">\n<div class=\"picture\"{replay}>\n{images}</div>\n<figcaption>\n\n\
         {note}\n\n{link}</figcaption>\n</figure>\n"
    )
}
