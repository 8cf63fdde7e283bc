//! Spares: what finished tasks leave behind for later ones.
//!
//! A task needs two pieces of memory, a box for its future and a node for its wakers, and a program
//! that spawns a task for every request makes and frees both all day. Here the loop keeps some of
//! them. A box can be used again by a future of the same type, and most tasks of a program are of
//! one type; if the next one is not, the box is freed, so the spares follow what the program does.
//!
//! What is kept is bounded: about 3 MB a loop, with the lists.
//!
//! Saves a task about 25 ns of the system allocator's time.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::arena::Key;
use crate::engine::body::{Body, Stages};
use crate::engine::inbox::Inbox;
use crate::engine::waker::Node;

/// Waker nodes kept, of 48 bytes each.
const NODES: usize = 16_384;

/// Bytes of boxes kept.
const BYTES: usize = 1 << 20;

/// The spares of one loop.
#[derive(Default)]
pub(crate) struct Spares {
    /// Nodes to which no waker refers.
    nodes: RefCell<Vec<Arc<Node>>>,
    /// Boxes with nothing in them.
    boxes: RefCell<Vec<Pin<Box<dyn Body>>>>,
    /// How large the boxes are together.
    bytes: Cell<usize>,
}

impl Spares {
    /// A box with `future` in it.
    #[inline]
    pub(crate) fn body<F: Future + 'static>(&self, future: F) -> Pin<Box<dyn Body>> {
        let spare = self.boxes.borrow_mut().pop();
        let mut future = Some(future);
        if let Some(mut spare) = spare {
            self.bytes.set(self.bytes.get() - size_of_val(&*spare));
            if spare.as_mut().refill(&mut future) {
                return spare;
            }
        }
        Box::pin(Stages::Running { future: future.expect("nobody has taken it") })
    }

    /// Keeps an empty box.
    #[inline]
    pub(crate) fn keep_body(&self, body: Pin<Box<dyn Body>>) {
        let bytes = self.bytes.get() + size_of_val(&*body);
        if bytes <= BYTES {
            self.bytes.set(bytes);
            self.boxes.borrow_mut().push(body);
        }
    }

    /// A node for a task that is polled for the first time. One that is done at once gives it back
    /// while it is still in the cache.
    #[inline]
    pub(crate) fn node(&self, key: Key, inbox: &Arc<Inbox>) -> Arc<Node> {
        match self.nodes.borrow_mut().pop() {
            Some(node) => {
                node.reuse(key);
                node
            }
            None => Arc::new(Node::new(key, Arc::clone(inbox))),
        }
    }

    /// Keeps a node, unless a waker still refers to it.
    #[inline]
    pub(crate) fn keep_node(&self, node: Arc<Node>) {
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() < NODES && Node::is_spent(&node) {
            nodes.push(node);
        }
    }
}
