//! Reads all templates of a folder and tells every mistake.
//!
//! ```sh
//! cargo run -p pauper-template --example check -- FOLDER [EXTENSION [CONVERTER …]]
//! ```
//!
//! The extension is `.tpl` if none is given. Converters that the application registers are named, so
//! that they are known.

use std::process::ExitCode;

use pauper_template::{Settings, Templates};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("usage: check FOLDER [EXTENSION [CONVERTER …]]");
        return ExitCode::from(2);
    };
    let extension = args.next().unwrap_or_else(|| ".tpl".into());
    let settings = args.fold(Settings::new(), |settings, name| {
        settings.with_converter(&name, |_, _| Err("only checked".into()))
    });
    let checked = Templates::folder_with(settings, folder, &extension)
        .map_err(|error| vec![error])
        .and_then(|templates| templates.check());
    match checked {
        Ok(count) => {
            println!("{count} templates are right");
            ExitCode::SUCCESS
        }
        Err(errors) => {
            errors.iter().for_each(|error| eprintln!("{error}\n"));
            eprintln!("{} mistakes", errors.len());
            ExitCode::FAILURE
        }
    }
}
