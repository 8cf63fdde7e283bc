//! Pictures of scenes. In HTML each is a static picture; `replay.js` puts the live replay over it.

use std::collections::BTreeSet;

use super::listing::escaped;
use super::{Markdown, Pages};
use crate::scene::Made;
use crate::trace::{Event, Trace};

impl Pages<'_> {
    /// The replay of a scene.
    pub(super) fn replay(&self, scene: &str, note: &str) -> Markdown {
        let stem = self.pictured(scene)?.scene.stem();
        let title = format!("Replay of {scene}");
        let page = format!("scenes/{stem}.html");
        let picture = format!("scenes/{stem}.svg");
        let tall = height(&*self.trace(scene)?);
        Ok(figure(&title, Some((&page, tall)), &[&picture], note))
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
        let tall = height(&*self.trace(one)?) + height(&*self.trace(other)?);
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

/// The height of a run's lanes in the replay, in pixels: `src/observe/trace/page/lanes.js` draws them.
fn height(trace: &Trace) -> usize {
    let [title, axis, the_loop, row] = [26, 30, 36, 30];
    let started = trace.events.iter().filter(|event| event.is("worker_started"));
    let worker = |event: &Event| (event.number("pool"), event.number("worker"));
    let workers: BTreeSet<_> = started.map(worker).collect();
    let pools: BTreeSet<_> = workers.iter().map(|(pool, _)| pool).collect();
    // A pool may have a queue too.
    title + axis + the_loop + row * (trace.names.len() + workers.len() + pools.len())
}

fn figure(title: &str, page: Option<(&str, usize)>, pictures: &[&str], note: &str) -> String {
    let title = escaped(title);
    let images: String = pictures
        .iter()
        .map(|picture| format!("<img src=\"{picture}\" alt=\"{title}: who did what when\">\n"))
        .collect();
    let (replay, link) = match page {
        Some((page, tall)) => (
            format!(" data-replay=\"{page}\" data-title=\"{title}\" style=\"--lanes: {tall}px\""),
            format!("<p class=\"alone\"><a href=\"{page}\">Open in a page of its own</a></p>\n"),
        ),
        None => Default::default(),
    };
    format!(
        "\n<figure class=\"scene\">\n<div class=\"picture\"{replay}>\n{images}</div>\n<figcaption>\n\n\
         {note}\n\n{link}</figcaption>\n</figure>\n"
    )
}
