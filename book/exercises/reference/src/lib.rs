//! boucle, under the name by which the judges of the exercises call a loop. What passes for your
//! loop passes for it.

pub use boucle::*;
