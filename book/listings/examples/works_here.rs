//! A bug that hides: one task relies on another having run before it.
//!
//! Run with: `cargo run --example works_here`, then with `BOUCLE_SIMULATE=` 1, 2, 3 ... before it

use std::cell::Cell;
use std::rc::Rc;

use boucle::task::spawn_named;

fn main() {
    boucle::block_on(async {
        let port = Rc::new(Cell::new(None));

        let chosen = Rc::clone(&port);
        let settings = spawn_named("settings", async move { chosen.set(Some(8080)) });

        let server = spawn_named("server", async move {
            match port.get() {
                Some(port) => println!("the server listens on port {port}"),
                None => println!("the server does not know its port"),
            }
        });

        settings.await.expect("the settings do not panic");
        server.await.expect("the server does not panic");
    });
}
