//! Lets a loop that is not boucle's be watched through boucle's window.
