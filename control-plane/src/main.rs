//! The `reeve` binary: hands the command line to `cmd`.

fn main() -> std::process::ExitCode {
    reeve::cmd::main()
}
