//! What chapters need before they can be put together: the scenes that they name.

use std::collections::BTreeSet;

use crate::chapter::Directive;

/// Scenes, and pairs of scenes that are compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) scenes: BTreeSet<String>,
    pub(crate) pairs: BTreeSet<(String, String)>,
}

impl Needs {
    /// Adds what a directive needs.
    pub(crate) fn directive(&mut self, directive: &Directive) {
        match (directive.name.as_str(), directive.words.as_slice()) {
            ("replay" | "lanes" | "story" | "output" | "why" | "value", [scene, ..]) => {
                self.scenes.insert(scene.clone());
            }
            ("compare", [one, other]) => {
                self.scenes.extend([one.clone(), other.clone()]);
                self.pairs.insert((one.clone(), other.clone()));
            }
            _ => {}
        }
    }
}
