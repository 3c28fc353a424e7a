//! What clients send to log in, and files of passwords: reading ends, what is read is complete, and
//! what is written is read again.

use pauper_auth::basic;
use pauper_auth::digest::{DigestCredentials, DigestUser, Exchange, Protection, hexdigest};
use pauper_auth::passwords::PasswordMap;

pub(crate) fn run(data: &[u8]) {
    if let Ok(sent) = DigestCredentials::parse(data) {
        assert!(!sent.nonce.is_empty() && !sent.uri.is_empty());
        assert_eq!(sent.response.as_bytes().len(), sent.algorithm.hash().hex_len());
        for text in [&sent.nonce, &sent.uri, &sent.realm] {
            assert!(!text.contains(['\r', '\n', '\0']));
        }
        match &sent.user {
            DigestUser::Name(name) => assert!(!name.is_empty()),
            DigestUser::Hashed(name) => {
                assert_eq!(name.as_bytes().len(), sent.algorithm.hash().hex_len());
            }
        }
        let protection = sent.protection.as_ref().map(|protection| {
            assert!(protection.count > 0 && protection.count_text.len() == 8);
            assert!(!protection.client_nonce.is_empty());
            Protection {
                count: &protection.count_text,
                client_nonce: &protection.client_nonce,
                body: protection.with_body.then(|| sent.algorithm.hash().of(b"")),
            }
        });
        assert!(protection.is_some() || !sent.algorithm.is_session());
        // Nobody guesses a response.
        let exchange =
            Exchange { algorithm: sent.algorithm, nonce: &sent.nonce, protection, uri: &sent.uri };
        let stored = hexdigest("user", &sent.realm, "long password", sent.algorithm.hash());
        assert_ne!(exchange.response(&stored, "GET"), sent.response);
    }

    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some((user, password)) = basic::credentials(text) {
        assert!(!user.contains(':'));
        assert!(!user.chars().chain(password.chars()).any(char::is_control));
    }
    if let Ok(mut map) = text.parse::<PasswordMap>() {
        let written = map.to_string();
        let again: PasswordMap = written.parse().expect("what was written is read");
        assert_eq!(again.to_string(), written);
        let realms: Vec<String> = map.realms().map(str::to_owned).collect();
        for realm in realms {
            let users: Vec<String> = map.users(&realm).map(str::to_owned).collect();
            for user in users {
                let stored = map.find(&realm, &user);
                assert!(
                    !stored.is_empty() && stored.iter().all(|it| map.verify(&realm, &user, it))
                );
                assert!(map.delete(&realm, &user) && map.find(&realm, &user).is_empty());
            }
        }
        assert!(map.is_empty());
    }
}
