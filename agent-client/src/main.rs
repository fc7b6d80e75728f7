//! `reeve-agent`: enrols, keeps the session, and hands what the agent may use to programs. The commands are in `cli/`
//! and use the library as any program does.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
