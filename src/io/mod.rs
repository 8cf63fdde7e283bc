//! Input and output: any source of readiness as something to await, and streams in memory.

#[cfg(feature = "os")]
mod source;

#[cfg(feature = "os")]
pub use source::{Direction, Source};
