//! The loop that was built step by step and the engine do the same.

use std::fs;
use std::path::Path;

#[test]
fn the_program_gives_the_same_on_the_last_step_and_on_boucle() {
    let step = step_09_pool::block_on(step_09_pool::program::program()).unwrap();
    let engine = boucle::block_on(step_10_engine::program::program()).unwrap();
    assert_eq!(step, engine);
    assert_eq!(engine, ["UN", "DEUX", "nothing about trois", "QUATRE"]);
}

#[test]
fn the_program_differs_only_in_where_its_names_come_from_and_in_one_await() {
    let lines = |step: &str| -> Vec<String> {
        let steps = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(steps.join(step).join("src/program.rs")).unwrap();
        text.lines().filter(|line| !line.starts_with("//!")).map(str::to_owned).collect()
    };
    let mut step = lines("09-pool");
    for line in &mut step {
        *line = line.replace("use crate::", "use boucle::").replace(", 0)))?", ", 0))).await?");
    }
    assert_eq!(step, lines("10-engine"));
}

#[test]
fn every_file_that_the_table_names_is_there() {
    let table = include_str!("../src/lib.rs");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let boucle = package.ancestors().nth(3).unwrap();
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("//! | `")) {
        let cells: Vec<&str> = row.split('|').collect();
        let quoted = |cell: &str| -> Vec<String> {
            cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        };
        for path in quoted(cells[2]) {
            assert!(boucle.join(&path).exists(), "{path} is not in boucle");
        }
        let here = &quoted(cells[1])[0];
        let is_file = package.with_file_name("09-pool").join("src").join(here).exists();
        assert!(is_file || here == "boucle_watch", "{here} is not in step 9");
        rows += 1;
    }
    assert!(rows > 10, "the table has {rows} rows");
}
