//! The lines of Backstage's app-config that let a client in, as a person copies them.

/// A static token, restricted to what this client needs.
pub(crate) const STATIC_TOKEN: &str = "
  backend:
    auth:
      externalAccess:
        - type: static
          options:
            token: <the token: at least 8 characters, no white space>
            subject: <a name for this client>
          accessRestrictions:
            - plugin: catalog
              permission: catalog.entity.read";

/// The restrictions of a token that may read the catalog.
pub(crate) const RESTRICTIONS: &str = "
  accessRestrictions:
    - plugin: catalog
      permission: catalog.entity.read";

/// Tokens of an identity provider.
pub(crate) const JWKS: &str = "
  backend:
    auth:
      externalAccess:
        - type: jwks
          options:
            url: <the provider's jwks_uri>
            issuer: <the `iss` of the token>
            audience: <the `aud` of the token>
            algorithm: <the `alg` of the token, such as RS256>
          accessRestrictions:
            - plugin: catalog
              permission: catalog.entity.read";
