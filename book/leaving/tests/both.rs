//! Both programs do the same.

use std::process::Command;

fn told_by(program: &str) -> String {
    let output = Command::new(program).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("words")
}

#[test]
fn the_program_says_the_same_on_boucle_and_on_tokio() {
    let on_boucle = told_by(env!("CARGO_BIN_EXE_on-boucle"));
    assert_eq!(on_boucle, "UN\nDEUX\nTROIS\n");
    assert_eq!(told_by(env!("CARGO_BIN_EXE_on-tokio")), on_boucle);
}
