//! The whole program, end to end, on two rows.

use std::process::Command;

#[test]
fn every_backend_reports_a_row_it_can_do_with_its_ratio_to_tokio() {
    let run = Command::new(env!("CARGO_BIN_EXE_boucle-benches"))
        .args(["--quick", "--json", "--rounds", "1", "--only", "yield,http"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));

    let output = String::from_utf8(run.stdout).unwrap();
    let lines: Vec<serde_json::Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let word = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap().to_owned();
    let names: Vec<(String, String)> =
        lines.iter().map(|line| (word(line, "workload"), word(line, "backend"))).collect();
    let all = ["boucle", "tokio", "smol", "mio"];
    // A bare mio loop has no tasks that could yield.
    let expected = all[..3].iter().map(|name| ("yield", *name));
    let expected = expected.chain(all.map(|name| ("http", name)));
    assert!(expected.eq(names.iter().map(|(row, name)| (&**row, &**name))));
    for line in lines {
        assert!(line["value"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["ratio_to_tokio"].as_f64().unwrap() > 0.0, "{line}");
    }
}

#[test]
fn the_table_can_be_put_into_a_page() {
    let run = Command::new(env!("CARGO_BIN_EXE_boucle-benches"))
        .args(["--quick", "--markdown", "--rounds", "1", "--only", "timeout_ready"])
        .output()
        .unwrap();
    let output = String::from_utf8(run.stdout).unwrap();
    let cells: Vec<_> = output.lines().map(|line| line.matches('|').count()).collect();
    assert_eq!(cells, [8; 3], "{output}");
}

#[test]
fn an_unknown_workload_or_backend_is_refused_by_name() {
    for arguments in [["--only", "nonsense"], ["--backend", "nonsense"]] {
        let run =
            Command::new(env!("CARGO_BIN_EXE_boucle-benches")).args(arguments).output().unwrap();
        assert!(!run.status.success());
        assert!(String::from_utf8(run.stderr).unwrap().contains("`nonsense`"));
    }
}
