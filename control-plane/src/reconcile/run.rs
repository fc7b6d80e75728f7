//! One leased step: read what is wanted, look, plan, act, look again, until the plan says nothing is left to do.
//!
//! No answer of a write is believed: what counts is what the proxy shows afterwards. A write whose outcome is not
//! known is followed by one look; if that does not show it done, the item waits and a later run decides afresh.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Reconciler, SKEW,
    plan::{self, Seen, Step},
    render,
    write_back::Written,
};
use crate::{
    base::{
        backoff,
        ids::{DeploymentId, KeyId, RealmId},
    },
    domain::{
        error::{Error, Result},
        object::{Object, ObjectKind, litellm_model_id, litellm_team_id},
    },
    proxy::{ErrorClass, ErrorKind, KeyHash, Mark, ProxyApi, ProxyError},
    store::{
        applied::{self, Applied, AppliedState},
        observe,
        work::{Lease, Outcome},
    },
};

/// More rounds than any honest plan needs (delete, create, block, look).
const ROUNDS: usize = 5;

/// Why what is on a proxy that a realm left is not taken away yet.
const LEAVING: &str = "the realm's agents move to another proxy first";

/// Why nothing is done in observe mode.
const PUT_BACK: &str = "the registry was put back to an earlier state; an admin ends observe mode";

/// How a step ended.
pub(super) enum End {
    /// The proxy shows what is wanted: this is to be remembered.
    Matches(Written),
    Wait(String),
    /// As it should be so far; to be looked at again then.
    Again(DateTime<Utc>, String),
    Failed(ProxyError),
    Park(&'static str, String),
    /// A write was answered with success and is not to be seen yet.
    NotLive,
}

/// What a write call led to, as far as the next look is concerned.
enum Wrote {
    Fine,
    /// Its outcome is unknown, or the object was there after all: look before anything else.
    Unsure(ProxyError),
}

impl Reconciler {
    /// Runs a leased item to its end and writes the outcome back. Errors are those of our own database; what a proxy
    /// does wrong is an outcome.
    pub async fn run(&self, lease: &Lease) -> Result<Outcome> {
        let started = std::time::Instant::now();
        let budget = self.options.lease.to_std().unwrap_or_default().saturating_sub(SKEW);
        let end = match tokio::time::timeout(budget, self.step(lease)).await {
            Ok(end) => end?,
            Err(_) => End::Wait("the step took longer than its lease".to_owned()),
        };
        let now = self.store.clock.now();
        let mut written = None;
        let outcome = match end {
            End::Matches(w) => {
                written = Some(w);
                Outcome::Done
            }
            End::Wait(reason) => Outcome::Wait { until: now + self.options.lag, reason },
            End::Again(until, reason) => Outcome::Wait { until, reason },
            End::NotLive => {
                Outcome::Wait { until: now + self.options.lag, reason: "not live yet".to_owned() }
            }
            End::Park(code, reason) => Outcome::Park { code: code.to_owned(), reason },
            End::Failed(error) => self.failed(lease, &error).await?,
        };
        let held = self.write_back(lease, &outcome, written).await?;
        tracing::info!(
            proxy.id = %lease.proxy_id,
            work.kind = lease.object.kind.as_str(),
            work.object = %lease.object.id,
            work.generation = lease.wanted_generation,
            work.attempt = lease.attempts,
            work.outcome = outcome_name(&outcome),
            work.held = held,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "step closed"
        );
        metrics::counter!("reeve_reconcile_steps_total", "kind" => lease.object.kind.as_str(),
            "outcome" => outcome_name(&outcome))
        .increment(1);
        Ok(outcome)
    }

    async fn failed(&self, lease: &Lease, error: &ProxyError) -> Result<Outcome> {
        let now = self.store.clock.now();
        let reason = error.to_string();
        if error.class == ErrorClass::Unreachable || error.is_unauthorized() {
            // Let the probe say so for the whole proxy: its other items need not find out one by one.
            let mut conn = self.store.conn().await?;
            crate::store::proxies::ask_check(&mut conn, Some(lease.proxy_id), now).await?;
            self.signals.reconcile.notify_one();
        }
        // An alias is free again when the key before it is gone; that is a matter of time.
        let lasting = error.class == ErrorClass::Rejected
            && !matches!(
                error.kind,
                ErrorKind::AlreadyExists | ErrorKind::Unauthorized | ErrorKind::NotFound
            );
        if lasting || lease.attempts >= self.options.max_attempts {
            let code = if lasting { error.kind.code() } else { "gave_up" };
            metrics::counter!("reeve_reconcile_parked_total", "code" => code).increment(1);
            tracing::error!(proxy.id = %lease.proxy_id, work.object = %lease.object, error = %reason, "work parked");
            return Ok(Outcome::Park { code: code.to_owned(), reason });
        }
        let wait = match error.class {
            ErrorClass::RetryAfter(wait) => wait.min(self.options.backoff_cap),
            _ => backoff::full_jitter(
                u32::try_from(lease.attempts).unwrap_or(1),
                self.options.backoff_base,
                self.options.backoff_cap,
                self.store.ids.sample(),
            ),
        };
        let until = now + chrono::TimeDelta::from_std(wait).unwrap_or(self.options.lag);
        Ok(Outcome::Retry { until, error: reason })
    }

    async fn step(&self, lease: &Lease) -> Result<End> {
        let Some((_, api)) = self.fleet.client(lease.proxy_id).await? else {
            // The proxy is gone from the registry, and this row with it.
            return Ok(End::Wait("the proxy is gone".to_owned()));
        };
        let mut conn = self.store.conn().await?;
        let last = applied::get(&mut conn, lease.proxy_id, lease.object).await?;
        drop(conn);
        match lease.object.kind {
            ObjectKind::Deployment => self.deployment(lease, api, last).await,
            ObjectKind::Team => self.team(lease, api, last).await,
            ObjectKind::Key => self.key(lease, api, last).await,
            ObjectKind::Revocation => self.revocation(lease, api).await,
        }
    }

    async fn deployment(&self, lease: &Lease, api: Arc<dyn ProxyApi>, last: Option<Applied>) -> Result<End> {
        let id = DeploymentId(lease.object.id);
        let wanted = self.store.desired_deployment(lease.proxy_id, id).await?;
        let external = last.as_ref().map_or_else(|| litellm_model_id(id), |l| l.external_id.clone());
        let rendered = wanted
            .map(|d| render::deployment(self.owner, lease.wanted_generation, &external, &d))
            .transpose();
        let wanted = match rendered {
            Ok(wanted) => wanted,
            Err(error) => return Ok(End::Park("invalid", error.to_string())),
        };
        let adopting = last.as_ref().is_some_and(|l| l.adopting);
        let set_last = last
            .as_ref()
            .filter(|l| l.state == AppliedState::Applied || l.adopting)
            .map(|l| l.fields.clone());
        let models: Vec<String> = wanted.iter().map(|w| w.model_name.as_str().to_owned()).collect();
        let mut unsure = None;
        let mut before: Option<Step<plan::DeploymentUpdate>> = None;
        for _ in 0..ROUNDS {
            let seen = match api.deployment(&external).await {
                Ok(seen) if adopting => Seen::adopted(seen, |d| d.mark.as_ref(), self.owner),
                Ok(seen) => Seen::new(seen, |d| d.mark.as_ref(), self.owner),
                Err(error) => return Ok(End::Failed(error)),
            };
            if self.is_ahead(lease, seen.mark(|d| d.mark.as_ref())).await? {
                return Ok(End::Wait(PUT_BACK.to_owned()));
            }
            let in_use = match (&wanted, &seen, &last) {
                (None, Seen::Ours(is), _) => {
                    let mut conn = self.store.conn().await?;
                    applied::model_in_use(&mut conn, lease.proxy_id, &is.model_name).await?
                }
                _ => false,
            };
            let can_remove = match &seen {
                Seen::Ours(_) if wanted.is_some() => api.supports_param_removal().await.unwrap_or(false),
                _ => false,
            };
            let step = plan::deployment(wanted.as_ref(), &seen, set_last.as_deref(), can_remove, in_use);
            if let Some(end) = Self::settled(&step, &mut before, unsure.take()) {
                return Ok(end);
            }
            let wrote = match (&step, &wanted) {
                (Step::Nothing, None) => return Ok(End::Matches(Written::Absent)),
                (Step::Nothing, Some(body)) => {
                    return Ok(End::Matches(Written::present(
                        external,
                        body.mark.hash.clone(),
                        models,
                        body.litellm_params.names().into_iter().map(str::to_owned).collect(),
                    )));
                }
                (Step::Create, Some(body)) => {
                    self.intend(lease, &external, &models).await?;
                    api.create_deployment(body).await
                }
                (Step::Update(remove), Some(body)) => api.update_deployment(body, remove).await,
                (Step::Recreate, Some(body)) => match api.delete_deployment(&external).await {
                    Ok(_) => api.create_deployment(body).await,
                    Err(error) => Err(error),
                },
                (Step::Delete, _) => api.delete_deployment(&external).await.map(|_| ()),
                (Step::SetBlocked(_) | Step::Wait(_) | Step::Conflict, _) | (_, None) => continue,
            };
            match judge(wrote) {
                Ok(Wrote::Fine) => {}
                Ok(Wrote::Unsure(error)) => unsure = Some(error),
                Err(error) => return Ok(End::Failed(error)),
            }
        }
        Ok(End::NotLive)
    }

    async fn team(&self, lease: &Lease, api: Arc<dyn ProxyApi>, last: Option<Applied>) -> Result<End> {
        let id = RealmId(lease.object.id);
        let now = self.store.clock.now();
        let wanted = self.store.desired_team(lease.proxy_id, id, now).await?;
        let leaving = wanted.as_ref().is_some_and(|w| w.leaving);
        let wanted = match wanted.map(|d| render::team(self.owner, lease.wanted_generation, &d)).transpose() {
            Ok(wanted) => wanted,
            Err(error) => return Ok(End::Park("invalid", error.to_string())),
        };
        let external = last.as_ref().map_or_else(|| litellm_team_id(id), |l| l.external_id.clone());
        let models: Vec<String> =
            wanted.iter().flat_map(|w| w.models.iter().map(ToString::to_string)).collect();
        let mut unsure = None;
        let mut before = None;
        for _ in 0..ROUNDS {
            let seen = match api.team(&external).await {
                Ok(seen) => Seen::new(seen, |t| t.mark.as_ref(), self.owner),
                Err(error) => return Ok(End::Failed(error)),
            };
            if self.is_ahead(lease, seen.mark(|t| t.mark.as_ref())).await? {
                return Ok(End::Wait(PUT_BACK.to_owned()));
            }
            let keys_left = match (&wanted, &seen) {
                (None, Seen::Ours(_)) => {
                    let mut conn = self.store.conn().await?;
                    applied::keys_to_go(&mut conn, lease.proxy_id).await?
                }
                _ => false,
            };
            let step = plan::team(wanted.as_ref(), &seen, keys_left);
            if let Some(end) = Self::settled(&step, &mut before, unsure.take()) {
                return Ok(end);
            }
            let wrote = match (&step, &wanted) {
                (Step::Nothing, None) => return Ok(End::Matches(Written::Absent)),
                (Step::Nothing, Some(_)) if leaving => return Ok(End::Wait(LEAVING.to_owned())),
                (Step::Nothing, Some(body)) => {
                    return Ok(End::Matches(Written::present(
                        external,
                        body.mark.hash.clone(),
                        models,
                        Vec::new(),
                    )));
                }
                (Step::Create, Some(body)) => {
                    self.intend(lease, &external, &models).await?;
                    api.create_team(body).await
                }
                (Step::Update(budget), Some(body)) => api.update_team(body, *budget).await,
                (Step::SetBlocked(blocked), _) => api.set_team_blocked(&external, *blocked).await,
                (Step::Delete, _) => api.delete_team(&external).await.map(|_| ()),
                (Step::Recreate | Step::Wait(_) | Step::Conflict, _) | (_, None) => continue,
            };
            match judge(wrote) {
                Ok(Wrote::Fine) => {}
                Ok(Wrote::Unsure(error)) => unsure = Some(error),
                Err(error) => return Ok(End::Failed(error)),
            }
        }
        Ok(End::NotLive)
    }

    async fn key(&self, lease: &Lease, api: Arc<dyn ProxyApi>, last: Option<Applied>) -> Result<End> {
        let id = KeyId(lease.object.id);
        let now = self.store.clock.now();
        let wanted = self.store.desired_key(lease.proxy_id, id, now).await?;
        let realm = wanted.as_ref().map(|w| w.team.realm_id);
        let leaving = wanted.as_ref().is_some_and(|w| w.team.leaving);
        let wanted =
            match wanted.map(|d| render::key(self.owner, lease.wanted_generation, &d, now)).transpose() {
                Ok(wanted) => wanted,
                Err(error) => return Ok(End::Park("invalid", error.to_string())),
            };
        let adopting = last.as_ref().is_some_and(|l| l.adopting);
        let hash = match (&wanted, last.as_ref().and_then(|l| KeyHash::parse(&l.external_id))) {
            (Some(body), _) => body.hash(),
            (None, Some(hash)) => hash,
            // Nothing was ever begun under this id.
            (None, None) => return Ok(End::Matches(Written::Absent)),
        };
        let models: Vec<String> =
            wanted.iter().flat_map(|w| w.models.iter().map(ToString::to_string)).collect();
        let mut unsure = None;
        let mut before = None;
        for _ in 0..ROUNDS {
            let seen = match api.key(&hash).await {
                Ok(seen) if adopting => Seen::adopted(seen, |k| k.mark.as_ref(), self.owner),
                Ok(seen) => Seen::new(seen, |k| k.mark.as_ref(), self.owner),
                Err(error) => return Ok(End::Failed(error)),
            };
            if self.is_ahead(lease, seen.mark(|k| k.mark.as_ref())).await? {
                return Ok(End::Wait(PUT_BACK.to_owned()));
            }
            let team_there = match (realm, &seen) {
                (Some(realm), _) if adopting || seen == Seen::Absent => {
                    let mut conn = self.store.conn().await?;
                    applied::get(&mut conn, lease.proxy_id, Object::team(realm))
                        .await?
                        .is_some_and(|t| t.state == AppliedState::Applied)
                }
                _ => true,
            };
            let step = plan::key(wanted.as_ref(), &seen, team_there, now);
            if let Some(end) = Self::settled(&step, &mut before, unsure.take()) {
                return Ok(end);
            }
            let wrote = match (&step, &wanted) {
                (Step::Nothing, None) => return Ok(End::Matches(Written::Absent)),
                (Step::Nothing, Some(_)) if leaving => return Ok(End::Wait(LEAVING.to_owned())),
                (Step::Nothing, Some(body)) => {
                    let mut written = Written::present(
                        hash.as_str().to_owned(),
                        body.mark.hash.clone(),
                        models,
                        Vec::new(),
                    );
                    if let (Written::Present(p), Seen::Ours(is)) = (&mut written, &seen) {
                        p.expires_at = is.expires;
                    }
                    return Ok(End::Matches(written));
                }
                (Step::Create, Some(body)) => {
                    self.intend(lease, hash.as_str(), &models).await?;
                    api.create_key(body).await
                }
                (Step::Update(how), Some(body)) if seen.mark(|k| k.mark.as_ref()).is_none() => {
                    // LiteLLM lets a key change its team only if that has its user and all that it may call.
                    match api.detach_key(&hash, &body.models).await {
                        Ok(()) => api.update_key(body, how.budget, how.expiry).await,
                        Err(error) => Err(error),
                    }
                }
                (Step::Update(how), Some(body)) => api.update_key(body, how.budget, how.expiry).await,
                (Step::SetBlocked(blocked), _) => api.set_key_blocked(&hash, *blocked).await,
                (Step::Delete, _) => api.delete_key(&hash).await.map(|_| ()),
                (Step::Recreate | Step::Wait(_) | Step::Conflict, _) | (_, None) => continue,
            };
            match judge(wrote) {
                Ok(Wrote::Fine) => {}
                Ok(Wrote::Unsure(error)) => unsure = Some(error),
                Err(error) => return Ok(End::Failed(error)),
            }
        }
        Ok(End::NotLive)
    }

    /// Ends the rounds where no call would help: waiting, a conflict, or the same step as just taken.
    fn settled<U: PartialEq + Clone>(
        step: &Step<U>,
        before: &mut Option<Step<U>>,
        unsure: Option<ProxyError>,
    ) -> Option<End> {
        let end = match step {
            Step::Nothing => None,
            Step::Wait(reason) => Some(End::Wait((*reason).to_owned())),
            Step::Conflict => Some(End::Park(
                "foreign_object",
                "an object that is not ours has this name on the proxy; remove or rename it there".to_owned(),
            )),
            _ => match unsure {
                Some(error) => Some(End::Failed(error)),
                None if before.as_ref() == Some(step) => Some(End::NotLive),
                None => None,
            },
        };
        *before = Some(step.clone());
        end
    }

    /// Whether the proxy shows a revision that this registry never made. The registry may be an older one put back: acting on
    /// it would bring back what was revoked since.
    async fn is_ahead(&self, lease: &Lease, mark: Option<&Mark>) -> Result<bool> {
        let Some(mark) = mark.filter(|m| m.generation > lease.wanted_generation) else { return Ok(false) };
        let mut conn = self.store.conn().await?;
        self.note_revision(&mut conn, mark.generation).await?;
        Ok(observe::state(&mut conn).await?.is_some())
    }

    async fn intend(&self, lease: &Lease, external: &str, models: &[String]) -> Result<()> {
        let mut conn = self.store.conn().await?;
        let now = self.store.clock.now();
        applied::intend(&mut conn, lease.proxy_id, lease.object, external, models, now).await
    }
}

fn judge(wrote: Result<(), ProxyError>) -> Result<Wrote, ProxyError> {
    match wrote {
        Ok(()) => Ok(Wrote::Fine),
        Err(error) if error.is_ambiguous() || error.is_already_exists() || error.is_not_found() => {
            Ok(Wrote::Unsure(error))
        }
        Err(error) => Err(error),
    }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Wait { .. } => "wait",
        Outcome::Retry { .. } => "retry",
        Outcome::Park { .. } => "parked",
    }
}

impl From<ProxyError> for Error {
    fn from(error: ProxyError) -> Self {
        Self::internal(error)
    }
}
