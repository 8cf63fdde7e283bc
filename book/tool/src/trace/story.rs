//! The story in words, as `BOUCLE_TRACE=run.txt` writes it: some of its turns.

/// The lines of the turns `FROM..TO`, both included, as `1..2`. The lines before turn 1 go with 0.
pub(crate) fn turns(story: &str, range: &str) -> Result<String, String> {
    let (from, to) = range_of(range)?;
    let mut turn = 0;
    let mut lines = Vec::new();
    for line in story.lines() {
        turn = turn_that_begins(line).unwrap_or(turn);
        if (from..=to).contains(&turn) {
            lines.push(line);
        }
    }
    if turn < to {
        return Err(format!("the story has {turn} turns, and not {to}"));
    }
    Ok(lines.join("\n"))
}

fn range_of(range: &str) -> Result<(u64, u64), String> {
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to => Ok((from, to)),
        _ => Err(format!("`{range}` is no range of turns: write `1..2`")),
    }
}

/// Of a line such as `turn 1`: it stands alone, and is not indented.
fn turn_that_begins(line: &str) -> Option<u64> {
    line.strip_prefix("turn ")?.parse().ok()
}
