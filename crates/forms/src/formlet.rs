//! The cycle of a page with a form.

use std::rc::Rc;

use http::StatusCode;
use pauper_message::{Error, Request, Response};

use crate::error::{Errors, SaveError};
use crate::form::Form;
use crate::view::View;

/// A page with a form that makes or changes a record: GET shows it, POST checks what was sent and
/// saves it, or shows it again with what is wrong beside each field and all that was typed.
///
/// It is made anew for each request; [`get`](Self::get) and [`post`](Self::post) are handlers of a
/// servlet of `pauper-app`:
///
/// ```text
/// app.servlet("/guest/<id:int>", EditGuest::find).get(EditGuest::get).post(EditGuest::post);
/// ```
///
/// Forms are protected against requests from other sites wherever something in front of the handler
/// put a token into the request (`pauper-auth` has that for sessions): the token goes into the
/// form by itself, and what comes back without it is refused with 403 before anything else is looked
/// at.
///
/// After a save answer with a redirect (303), so that loading the page again does not save again.
pub trait Formlet {
    /// The struct that the form makes.
    type Record;

    /// The form.
    ///
    /// # Errors
    /// The answer instead, such as 500 where choices cannot be had.
    fn form(&mut self, req: &mut Request) -> Result<Form<Self::Record>, Error>;

    /// The record to be changed. `None`, the default, is a form for a new one.
    ///
    /// # Errors
    /// The answer instead, such as 404.
    fn load(&mut self, req: &mut Request) -> Result<Option<Self::Record>, Error> {
        let _ = req;
        Ok(None)
    }

    /// The page around the form. Its status is set afterwards, when something is wrong.
    ///
    /// # Errors
    /// The answer instead.
    fn display(&mut self, req: &mut Request, form: &View) -> Result<Response, Error>;

    /// Checks what single fields cannot know: that the end is not before the beginning, that a name
    /// is not taken. Adds what is wrong to `errors`. It runs when every field is right by itself.
    ///
    /// # Errors
    /// The answer instead.
    fn check(
        &mut self,
        req: &mut Request,
        record: &Self::Record,
        errors: &mut Errors,
    ) -> Result<(), Error> {
        let _ = (req, record, errors);
        Ok(())
    }

    /// Saves the record, and says where to go from here.
    ///
    /// # Errors
    /// [`Errors`] show the form again; anything else is the answer instead.
    fn save(&mut self, req: &mut Request, record: Self::Record) -> Result<Response, SaveError>;

    /// The status of a form that is shown again because something is wrong: 422 by default. (Browsers
    /// show it as any other page.)
    fn status_of_errors(&self) -> StatusCode {
        StatusCode::UNPROCESSABLE_ENTITY
    }

    /// Answers GET and HEAD: shows the form, filled with the record if there is one.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), [`form`](Self::form) and [`display`](Self::display).
    fn get(&mut self, req: &mut Request) -> Result<Response, Error> {
        let record = self.load(req)?;
        let form = self.form(req)?;
        let filled = record.map_or_else(|| form.blank(), |record| form.show(&record));
        let token = req.form_token();
        self.display(req, &form.view(&filled, &Errors::new(), token.as_deref()))
    }

    /// Answers POST: saves what was sent, or shows the form again with what is wrong. The fields are
    /// taken out of the request.
    ///
    /// # Errors
    /// 403 without the token of this client, those of [`Request::fields`], and those of the methods
    /// above.
    fn post(&mut self, req: &mut Request) -> Result<Response, Error> {
        let token = req.form_token();
        let fields = Rc::new(req.take_fields()?);
        if let Some(token) = &token {
            let sent = fields.get(token.field()).unwrap_or_default();
            if !token.accepts(sent) {
                return Err(Error::new(
                    StatusCode::FORBIDDEN,
                    "This form is too old, or it was not made for you by this site, so nothing was \
                     saved. Go back, load the page again and send it once more.",
                ));
            }
        }
        let form = self.form(req)?;
        let filled = form.receive(&fields);
        let errors = match form.parse(&filled) {
            Err(errors) => errors,
            Ok(record) => {
                let mut errors = Errors::new();
                self.check(req, &record, &mut errors)?;
                if errors.is_empty() {
                    match self.save(req, record) {
                        Ok(response) => return Ok(response),
                        Err(SaveError::Failed(error)) => return Err(error),
                        Err(SaveError::Invalid(errors)) => errors,
                    }
                } else {
                    errors
                }
            }
        };
        let response = self.display(req, &form.view(&filled, &errors, token.as_deref()))?;
        Ok(response.with_status(self.status_of_errors()))
    }
}
