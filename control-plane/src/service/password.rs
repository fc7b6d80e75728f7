//! Passwords: Argon2id with the parameters that the library recommends, in PHC form.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    base::secret::Secret,
    domain::error::{Error, Result},
};

/// Each takes 19 MiB and a core for tens of milliseconds: a flood of sign-ins waits instead of taking the machine.
static TURNS: Semaphore = Semaphore::const_new(2);

pub async fn hash(password: &Secret) -> Result<String> {
    let password = password.clone();
    work(move || {
        let hash = Argon2::default().hash_password(password.expose().as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
    })
    .await
}

/// Whether it is the password. Without a hash it takes as long, so that the time does not tell who is here.
pub async fn verify(password: &Secret, hash: Option<String>) -> Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let password = password.clone();
    work(move || {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => NOBODY
                .get_or_init(|| {
                    let hash = Argon2::default().hash_password(b"nobody has this password");
                    hash.map(|hash| hash.to_string()).unwrap_or_default()
                })
                .clone(),
        };
        let hash = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok() && known)
    })
    .await
}

async fn work<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let password = Secret::new("correct horse battery staple");
        let hash = hash(&password).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&password, Some(hash.clone())).await.unwrap());
        assert!(!verify(&Secret::new("correct horse battery stapler"), Some(hash)).await.unwrap());
        assert!(!verify(&Secret::new("nobody has this password"), None).await.unwrap());
    }
}
