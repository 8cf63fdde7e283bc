//! All the scenes that chapters name, made: built, and run on two threads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use super::{Program, Scene, build, run};
use crate::house::House;

/// Scenes run at once: those of real time would disturb one another if they were many.
const THREADS: usize = 2;

/// What became of the scenes.
#[derive(Debug, Default)]
pub(crate) struct Scenes {
    made: HashMap<String, Result<Made, String>>,
    /// Pairs whose page could not be made.
    uncompared: HashMap<(String, String), String>,
    /// The pages of the others.
    compared: Vec<PathBuf>,
}

/// A scene that ran.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) scene: Scene,
    /// Where its files stand.
    folder: PathBuf,
}

impl Made {
    /// A file of it: `html`, `svg`, `jsonl`, `story` or `console`.
    pub(crate) fn file(&self, form: &str) -> PathBuf {
        self.folder.join(format!("{}.{form}", self.scene.stem()))
    }

    /// The text of such a file.
    pub(crate) fn text(&self, form: &str) -> Result<String, String> {
        fs::read_to_string(self.file(form)).map_err(|_| {
            format!("scene `{}` left no trace: does its program build a loop?", self.scene)
        })
    }
}

impl Scenes {
    /// Makes these scenes, and these comparisons of one with another.
    pub(crate) fn make(
        house: &House,
        names: &BTreeSet<String>,
        pairs: &BTreeSet<(String, String)>,
    ) -> anyhow::Result<Scenes> {
        let mut scenes = Scenes::default();
        let mut found = BTreeMap::new();
        for name in names {
            match Scene::find(house, name) {
                Ok(scene) => drop(found.insert(name, scene)),
                Err(error) => drop(scenes.made.insert(name.clone(), Err(error))),
            }
        }
        let programs = found.values().map(|scene| scene.program.clone()).collect();
        let executables = build::build(house, &programs)?;
        let folder = house.scenes();
        fs::create_dir_all(&folder)?;
        let outcomes = on_threads(found.values().collect(), |scene: &&Scene| {
            let executable = executable(&executables, scene)?;
            run::run(house, scene, executable)?;
            Ok(Made { scene: (*scene).clone(), folder: folder.clone() })
        });
        for (scene, outcome) in outcomes {
            scenes.made.insert(scene.name.clone(), outcome);
        }
        let pairs = pairs.iter().filter_map(|(one, other)| {
            let (one, other) = (scenes.get(one).ok()?, scenes.get(other).ok()?);
            Some((one.scene.clone(), other.scene.clone()))
        });
        let outcomes = on_threads(pairs.collect(), |(one, other): &(Scene, Scene)| {
            run::compare(house, one, other)
        });
        for ((one, other), outcome) in outcomes {
            match outcome {
                Ok(page) => scenes.compared.push(page),
                Err(error) => drop(scenes.uncompared.insert((one.name, other.name), error)),
            }
        }
        Ok(scenes)
    }

    /// The scene of this name, which was among those to be made.
    pub(crate) fn get(&self, name: &str) -> Result<&Made, String> {
        match self.made.get(name) {
            Some(Ok(made)) => Ok(made),
            Some(Err(error)) => Err(error.clone()),
            None => Err(format!("scene `{name}` was not made")),
        }
    }

    /// The page of two scenes.
    pub(crate) fn compared(&self, one: &str, other: &str) -> Result<(&Made, &Made), String> {
        let made = (self.get(one)?, self.get(other)?);
        match self.uncompared.get(&(one.to_owned(), other.to_owned())) {
            Some(error) => Err(error.clone()),
            None => Ok(made),
        }
    }

    /// The names of all that were asked for.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.made.keys().map(String::as_str)
    }

    /// The pages of all pairs.
    pub(crate) fn compared_pages(&self) -> impl Iterator<Item = PathBuf> {
        self.compared.iter().cloned()
    }

    /// All that were made.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Made> {
        self.made.values().filter_map(|made| made.as_ref().ok())
    }
}

fn executable<'a>(
    executables: &'a HashMap<Program, PathBuf>,
    scene: &Scene,
) -> Result<&'a PathBuf, String> {
    executables
        .get(&scene.program)
        .ok_or_else(|| format!("`{}` does not compile: cargo said above why", scene.program.path))
}

/// Does something with each, on two threads.
fn on_threads<T: Send, R: Send>(
    mut items: Vec<T>,
    work: impl Fn(&T) -> Result<R, String> + Sync,
) -> Vec<(T, Result<R, String>)> {
    items.reverse();
    let (waiting, done) = (Mutex::new(items), Mutex::new(Vec::new()));
    let next = || waiting.lock().expect("nobody panics here").pop();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(item) = next() {
                    let outcome = work(&item);
                    done.lock().expect("nobody panics here").push((item, outcome));
                }
            });
        }
    });
    done.into_inner().expect("nobody panics here")
}
