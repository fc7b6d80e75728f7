//! The `reeve` binary: parses the command line and hands over to `cmd`.

fn main() {}
