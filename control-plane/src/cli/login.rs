//! `reeve login`, `reeve logout`: a session of a person, kept in a file of this user until it ends.

use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use clap::Args;
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::{
    args::Body,
    failure::Failure,
    output::{self, text_at},
    secrets,
    session::{Session, path},
};
use crate::base::secret::Secret;

#[derive(Debug, Args)]
pub struct Login {
    /// Your email. With the link of an invitation it is not needed.
    #[arg(required_unless_present = "link")]
    email: Option<String>,
    /// A link that sets your password: from an invitation, or the first start.
    #[arg(long, value_parser = secrets::parse)]
    link: Option<Secret>,
    /// Read the password from standard input. Default: you are asked for it.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub struct Logout {}

pub async fn login(login: Login, s: &Session) -> Result<(), Failure> {
    let password = password(login.password_stdin, login.link.is_some())?;
    let body = Body::default().set("password", password.expose()).maybe("email", login.email);
    let (body, route) = match &login.link {
        // The link, or only what stands after its #.
        Some(link) => {
            let token = link.expose().rsplit_once('#').map_or(link.expose(), |(_, token)| token);
            (body.set("token", token), "setup")
        }
        None => (body, "login"),
    };
    let reply = s.write(Method::POST, path(["auth", route]), Some(body.into())).await?;
    let Some(secret) = &reply.cookie else {
        return Err(Failure::Unexpected("the answer opened no session".to_owned()));
    };
    let file = keep(s.url(), secret)
        .map_err(|error| Failure::Unexpected(format!("the session cannot be kept: {error}")))?;
    let me = &reply.body;
    if s.is_json() {
        output::json(me);
    } else {
        output::line(&format!(
            "Signed in as {}. The session is kept in {}; `reeve logout` ends it.",
            text_at(me, "/person/email"),
            file.display()
        ));
    }
    Ok(())
}

pub async fn logout(_: Logout, s: &Session) -> Result<(), Failure> {
    let reply = s.write(Method::POST, path(["auth", "logout"]), None).await?;
    if let Some(file) = place().filter(|file| file.exists()) {
        fs::remove_file(&file)
            .map_err(|error| Failure::Unexpected(format!("{} cannot be removed: {error}", file.display())))?;
    }
    s.done(&reply, "Signed out").await
}

fn password(stdin: bool, is_new: bool) -> Result<Secret, Failure> {
    if stdin {
        return secrets::from_stdin("password");
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "a password is needed: --password-stdin, or run it on a terminal".to_owned(),
        ));
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(Secret::new)
            .map_err(|error| Failure::Unexpected(format!("the password cannot be read: {error}")))
    };
    let password = ask(if is_new { "New password: " } else { "Password: " })?;
    if is_new && ask("Once more: ")? != password {
        return Err(Failure::Usage("the two are not the same".to_owned()));
    }
    Ok(password)
}

/// The session with this control plane that `login` kept, if any.
pub fn kept(url: &Url) -> Option<Secret> {
    let session: Value = serde_json::from_slice(&fs::read(place()?).ok()?).ok()?;
    let secret = session["secret"].as_str()?;
    (session["url"].as_str()? == url.as_str()).then(|| Secret::new(secret))
}

fn keep(url: &Url, secret: &Secret) -> std::io::Result<PathBuf> {
    let file =
        place().ok_or_else(|| std::io::Error::other("there is no home directory; set XDG_CONFIG_HOME"))?;
    let text = serde_json::json!({ "url": url.as_str(), "secret": secret.expose() }).to_string();
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    // Beside it and then in its place, so that nobody ever reads half of one.
    let fresh = file.with_extension("new");
    let _ = fs::remove_file(&fresh);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?
        .write_all(text.as_bytes())?;
    fs::rename(&fresh, &file)?;
    Ok(file)
}

fn place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(config.join("reeve").join("session"))
}
