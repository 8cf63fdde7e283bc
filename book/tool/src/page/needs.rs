//! What chapters need before they can be put together: the scenes that they name.

use std::collections::BTreeSet;

use crate::chapter::{Directive, Piece, What, pieces, values};

/// Scenes, and pairs of scenes that are compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) scenes: BTreeSet<String>,
    pub(crate) pairs: BTreeSet<(String, String)>,
}

impl Needs {
    /// Adds what a chapter needs.
    pub(crate) fn chapter(&mut self, text: &str) {
        for Piece { what, .. } in pieces("", 1, text) {
            match what {
                What::Prose(line) => {
                    values(&line).iter().for_each(|(_, directive)| self.directive(directive));
                }
                What::Directive(directive) => self.directive(&directive),
                What::Fenced { info, lines, .. } if info == "predict" => {
                    self.chapter(&lines.join("\n"));
                }
                What::Fenced { .. } => {}
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
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
