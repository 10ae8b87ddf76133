//! Who asks: the token of a request, and what it allows.
//!
//! A token comes as `Authorization: Bearer …` or as `?token=…`. Both may be given if they are the same. `Basic` and
//! `Digest` are between the browser and a proxy in front and are not looked at. A token that is not good is refused
//! everywhere, also where none is needed: nobody should believe to be known who is not.
//!
//! Behind [`admit`] a request carries its token no more, so that no page, redirect or log line can tell it.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::{FromRequestParts, OriginalUri, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Uri, header, request::Parts};

use super::{
    address::ClientAddress,
    error::{HttpError, wait_ms},
};
use crate::server::{
    access::{Denied, Grant, Scope},
    config::Reading,
    services::Services,
};

/// Name of the parameter.
const PARAMETER: &str = "token";
const SCHEME: &str = "bearer";
/// Schemes that proxies ask browsers for, and pass on.
const OTHERS: [&str; 2] = ["basic", "digest"];

/// Who asks. Anybody, where no token was shown; with one, it is good.
///
/// ```ignore
/// async fn publish(caller: Caller, …) -> Result<…, HttpError> {
///     caller.require(Scope::Publish)?;
/// ```
#[derive(Debug, Clone, Default)]
pub struct Caller(Option<Arc<Grant>>);

impl Caller {
    /// Refuses whoever has not at least this scope.
    ///
    /// # Errors
    /// [`HttpError::Unauthorized`] without a token, [`HttpError::Forbidden`] with one of too little scope.
    pub fn require(&self, scope: Scope) -> Result<(), HttpError> {
        match &self.0 {
            None => Err(HttpError::Unauthorized { needed: scope }),
            Some(grant) if grant.scope.includes(scope) => Ok(()),
            Some(_) => Err(HttpError::Forbidden { needed: scope }),
        }
    }

    /// Whether a token was shown that has at least this scope. Says nothing of what is open to all.
    pub fn may(&self, scope: Scope) -> bool {
        self.require(scope).is_ok()
    }

    /// What the token stands for; `None` where none was shown.
    pub fn grant(&self) -> Option<&Grant> {
        self.0.as_deref()
    }

    /// Whom a token stands for that came another way than by header or parameter.
    ///
    /// # Errors
    /// As for every token that is not good.
    pub fn of_token(token: &str, address: ClientAddress, services: &Services) -> Result<Self, HttpError> {
        Ok(Self(Some(services.tokens.check(address.0, token)?)))
    }

    fn of(parts: &Parts, services: &Services) -> Result<Self, HttpError> {
        let Some(token) = shown(&parts.headers, &parts.uri)? else { return Ok(Self::default()) };
        let address = ClientAddress::of(&parts.extensions, &parts.headers, &services.config.server.trusted_proxies);
        Self::of_token(&token, address, services)
    }
}

/// What [`admit`] has found out, or the same for a route that it does not stand before.
impl FromRequestParts<Arc<Services>> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, HttpError> {
        match parts.extensions.get::<Self>() {
            Some(caller) => Ok(caller.clone()),
            None => Self::of(parts, services),
        }
    }
}

/// The layer for everything that is read: finds out who asks, refuses whoever may not read, and takes the token out of
/// the request. A stream ends with its token: see [`Admission`](super::lapse::Admission).
pub async fn admit(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admitted(&mut parts, &services) {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => error.into_response(),
    }
}

/// Finds out who asks, refuses whoever may not read, and takes the token out of the request.
pub(super) fn admitted(parts: &mut Parts, services: &Services) -> Result<Caller, HttpError> {
    let caller = Caller::of(parts, services)?;
    match services.config.access.read {
        Reading::Open => {}
        Reading::Token => caller.require(Scope::Read)?,
    }
    forget(parts)?;
    parts.extensions.insert(caller.clone());
    Ok(caller)
}

/// The token of a request.
fn shown<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Result<Option<Cow<'a, str>>, HttpError> {
    let mut token: Option<Cow<'a, str>> = None;
    for value in headers.get_all(header::AUTHORIZATION) {
        let value = value.to_str().map_err(|_| HttpError::BadToken)?;
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case(SCHEME) {
            add(&mut token, rest.trim().into())?;
        } else if !OTHERS.iter().any(|other| scheme.eq_ignore_ascii_case(other)) {
            return Err(HttpError::BadToken);
        }
    }
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name == PARAMETER {
            add(&mut token, value)?;
        }
    }
    Ok(token)
}

/// Two that are not the same are a mistake, and which one is meant is not for us to say.
fn add<'a>(token: &mut Option<Cow<'a, str>>, another: Cow<'a, str>) -> Result<(), HttpError> {
    match token {
        Some(first) if *first != another => Err(HttpError::BadToken),
        _ => {
            *token = Some(another);
            Ok(())
        }
    }
}

/// Takes the token out of the request.
fn forget(parts: &mut Parts) -> Result<(), HttpError> {
    let is_bearer = |value: &http::HeaderValue| {
        value.to_str().is_ok_and(|text| text.get(..SCHEME.len()).is_some_and(|s| s.eq_ignore_ascii_case(SCHEME)))
    };
    if parts.headers.get_all(header::AUTHORIZATION).iter().any(is_bearer) {
        parts.headers.remove(header::AUTHORIZATION);
    }
    if let Some(uri) = without_token(&parts.uri)? {
        if parts.extensions.get::<OriginalUri>().is_some() {
            parts.extensions.insert(OriginalUri(uri.clone()));
        }
        parts.uri = uri;
    }
    Ok(())
}

/// The same address without the parameter; `None` where it has none.
fn without_token(uri: &Uri) -> Result<Option<Uri>, HttpError> {
    let query = uri.query().unwrap_or_default();
    let is_token = |pair: &&str| url::form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| name == PARAMETER);
    if !query.split('&').any(|pair| is_token(&pair)) {
        return Ok(None);
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_token(pair)).collect();
    let path = uri.path();
    let text = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(text.parse().map_err(|_| HttpError::BadPath)?);
    Uri::from_parts(parts).map(Some).map_err(|_| HttpError::BadPath)
}

impl From<Denied> for HttpError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Wrong => Self::WrongToken,
            Denied::Expired => Self::ExpiredToken,
            Denied::TooMany { wait } => Self::TooManyWrongTokens { retry_after_ms: wait_ms(wait) },
        }
    }
}
