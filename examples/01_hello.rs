//! Hello: the smallest program, one future on one loop.
//!
//! Run with: `cargo run --release --example 01_hello`

/// An `async fn` does nothing when it is called: it returns a future, a value that can be polled.
async fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

fn main() {
    // Not a word of `greet` has run yet.
    let greeting = greet("loop");

    // `block_on` builds a loop, polls the future until it is ready, gives back its output, and
    // drops the loop. Everything else in these examples happens inside such a call.
    let output = boucle::block_on(greeting);

    println!("{output}");
    assert_eq!(output, "Hello, loop!");
}
