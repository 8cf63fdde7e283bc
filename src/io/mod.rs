//! Input and output: any source of readiness as something to await, and streams in memory.

mod duplex;
#[cfg(feature = "os")]
mod source;

pub use duplex::{DuplexStream, duplex};
/// The version of mio whose sources a [`Source`] takes.
#[cfg(feature = "os")]
pub use mio;
#[cfg(feature = "os")]
pub use source::{Direction, Source};
