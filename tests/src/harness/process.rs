//! A child process whose output is kept, and which does not outlive its test.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
};

use super::eventually;

/// Killed when dropped.
pub struct Process {
    name: String,
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
}

fn gather(from: impl AsyncRead + Unpin + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&text);
    tokio::task::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut kept = kept.lock().expect("not poisoned");
            kept.push_str(&line);
            kept.push('\n');
        }
    });
    text
}

impl Process {
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let out = gather(child.stdout.take().expect("piped"));
        let err = gather(child.stderr.take().expect("piped"));
        Self { name: name.to_owned(), child, out, err }
    }

    /// Everything it printed to standard output so far.
    pub fn stdout(&self) -> String {
        self.out.lock().expect("not poisoned").clone()
    }

    /// Everything it printed to standard error so far: its log.
    pub fn stderr(&self) -> String {
        self.err.lock().expect("not poisoned").clone()
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL, and waits for the end.
    pub async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        if let Some(pid) = self.pid() {
            let sent =
                std::process::Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status();
            assert!(sent.is_ok_and(|s| s.success()), "kill -{signal} {}", self.name);
        }
    }

    pub async fn wait(&mut self) -> ExitStatus {
        tokio::time::timeout(super::PATIENCE, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("{} does not end:\n{}", self.name, self.stderr()))
            .expect("a child can be waited for")
    }

    /// Whether it still runs.
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `find` finds something in standard output.
    pub async fn stdout_has<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let name = self.name.clone();
        eventually(&format!("{name}: {what}"), || {
            let found = find(&self.stdout());
            assert!(
                found.is_some() || self.running(),
                "{name} ended while waiting for {what}:\n{}",
                self.stderr()
            );
            async { found }
        })
        .await
    }
}
