//! Sees to it that the folder of the built console is there (empty, when it was not built), and that a release build takes
//! what is in it now. A debug build reads its files from disk while it runs.

use std::{env, fs, io};

fn main() -> io::Result<()> {
    fs::create_dir_all("../dashboard/dist")?;
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../dashboard/dist");
    }
    Ok(())
}
