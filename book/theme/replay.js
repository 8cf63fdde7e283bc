// The live replay: not yet.
