//! Tokens of programs: kept by the loop, on the disk before anybody is told of one.

use server::api_tokens::{Declined, Request, Wish};
use store::{ApiTokenId, ApiTokenRecord, MAX_API_TOKENS, NewApiToken, StoreError};

use super::engine::{Engine, Stopped};

impl Engine {
    /// Loads the tokens that were made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn load_api_tokens(&mut self) -> Result<(), StoreError> {
        let kept = self.store.api_tokens()?;
        self.shared.api_tokens.set(kept);
        Ok(())
    }

    /// Keeps or ends a token, and answers.
    pub(super) fn token(&mut self, request: Request) -> Result<(), Stopped> {
        let done = match request.wish {
            Wish::Keep(new) => self.keep_token(&new)?,
            Wish::End(id) => self.end_token(id)?,
        };
        if done.is_ok() {
            let kept = self.persist(|store| store.api_tokens())?;
            self.shared.api_tokens.set(kept);
        }
        // Whoever asked may have gone.
        let _ = request.answer.send(done);
        Ok(())
    }

    fn keep_token(
        &mut self,
        new: &NewApiToken,
    ) -> Result<Result<ApiTokenRecord, Declined>, Stopped> {
        let now = (self.surroundings.clock)();
        let known = self.shared.api_tokens.list();
        let standing = known.iter().filter(|it| it.new.expires > now).count();
        if standing >= MAX_API_TOKENS {
            return Ok(Err(Declined::TooMany(MAX_API_TOKENS)));
        }
        let record = self.persist(|store| store.keep_api_token(now, new))?;
        tracing::info!(token = record.id, name = %new.name, role = %new.role, by = ?new.made_by, "an API token is made");
        Ok(Ok(record))
    }

    fn end_token(&mut self, id: ApiTokenId) -> Result<Result<ApiTokenRecord, Declined>, Stopped> {
        let known = self.shared.api_tokens.list();
        let Some(record) = known.into_iter().find(|it| it.id == id) else {
            return Ok(Err(Declined::Unknown));
        };
        self.persist(|store| store.end_api_token(id))?;
        tracing::info!(token = id, name = %record.new.name, "an API token is ended");
        Ok(Ok(record))
    }
}
