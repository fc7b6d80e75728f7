//! Typed ids: UUIDv7 newtypes, so that a realm's id cannot be given where a model's is wanted.

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
                 serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A LiteLLM deployment of the fleet.
    ProxyId,
    /// A provider's API key in the registry.
    CredentialId,
    /// An entry of the model registry.
    ModelId,
    /// One backend of a model.
    DeploymentId,
    /// A tenant group.
    RealmId,
    /// One generation of a realm's virtual key.
    KeyId,
    /// An enrolment token.
    EnrollmentTokenId,
    /// A token of a CI job or service.
    ApiTokenId,
    /// Somebody who signs in.
    PersonId,
    /// A session of a person.
    PersonSessionId,
    /// An OpenID Connect provider that people sign in with.
    IdentityProviderId,
    /// A rule for the jobs of CI systems.
    WorkloadRuleId,
    /// One start of one control-plane process.
    ReplicaId,
    /// This installation: the owner named in every mark on a proxy.
    InstallationId,
}
