//! From a request to a call that cannot be wrong in form: what all routes have in common.

use serde::de::DeserializeOwned;

use crate::ids::{Key, MalformedId};
use crate::problem::{Problem, Slug};
use crate::wire::{Request, decode_segment};

/// What a request asks for.
pub trait Call: Sized + Send + 'static {
    /// The kinds of refusal.
    type Slug: Slug;
    /// The longest request body that is read, in bytes.
    const MAX_BODY_BYTES: usize;

    /// Reads `request` by its route.
    ///
    /// # Errors
    /// The [`Problem`] to answer with. Nothing is kept under the key of a request that is refused here.
    fn parse(request: &Request) -> Result<Self, Problem<Self::Slug>>;

    /// What the dice are rolled for: the same operation has the same luck, whenever it arrives.
    fn subject(&self) -> String;

    /// The key that it is about: whether it changes something under it or asks what became of it.
    fn touches(&self) -> Touches<'_>;
}

/// What a call has to do with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches<'a> {
    /// It changes something, once per key.
    Writes(&'a Key),
    /// It asks what became of the key.
    Asks(&'a Key),
    /// It is about no key.
    Nothing,
}

/// The segments of the path; none when it is not one.
///
/// # Errors
/// The body is too long.
pub fn segments<C: Call>(request: &Request) -> Result<Vec<String>, Problem<C::Slug>> {
    if request.body.len() > C::MAX_BODY_BYTES {
        return Err(too_large::<C>());
    }
    let segments: Option<Vec<String>> = request.path.split('/').skip(1).map(decode_segment).collect();
    Ok(segments.unwrap_or_default())
}

pub(crate) fn too_large<C: Call>() -> Problem<C::Slug> {
    Problem::new(C::Slug::BODY_TOO_LARGE, format!("at most {} bytes", C::MAX_BODY_BYTES))
}

/// The key that every write has.
///
/// # Errors
/// There is none, or it is not one, or it is the peer's own.
pub fn key<S: Slug>(request: &Request) -> Result<Key, Problem<S>> {
    let required = |why: String| Problem::new(S::KEY_REQUIRED, why);
    let missing = || required("every write needs the header Idempotency-Key".to_owned());
    let key = Key::try_from(request.key.clone().ok_or_else(missing)?);
    let key = key.map_err(|error| required(error.to_string()))?;
    if key.is_own() {
        return Err(required(format!("{key} could be a key of the peer's own")));
    }
    Ok(key)
}

/// A name in a path.
///
/// # Errors
/// It is not one.
pub fn named<T: TryFrom<String, Error = MalformedId>, S: Slug>(text: &str) -> Result<T, Problem<S>> {
    T::try_from(text.to_owned()).map_err(|error| Problem::new(S::INVALID_REQUEST, error.to_string()))
}

/// The body, as JSON. Parsers quote what they refuse: `told` says how much of that may be repeated.
///
/// # Errors
/// It is not JSON, or not what the route takes.
pub fn read<T: DeserializeOwned, S: Slug>(
    request: &Request,
    told: impl Fn(&serde_json::Error) -> String,
) -> Result<T, Problem<S>> {
    serde_json::from_str(&request.body).map_err(|error| {
        let slug = if error.is_data() { S::INVALID_REQUEST } else { S::MALFORMED_REQUEST };
        Problem::new(slug, told(&error))
    })
}

/// The refusal of a request that no route takes.
#[must_use]
pub fn no_route<S: Slug>(request: &Request) -> Problem<S> {
    let path: String = request.path.chars().take(100).collect();
    let method: String = request.method.chars().take(10).collect();
    Problem::new(S::ROUTE_NOT_FOUND, format!("no {method} {path}"))
}
