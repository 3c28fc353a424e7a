//! Who is compared.

/// The name of our own server.
pub(crate) const OURS: &str = "pauper";

/// The name of the floor that others are compared with.
pub(crate) const FLOOR: &str = "raw-epoll";

/// A server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// Where its program comes from.
    pub(crate) source: Source,
    /// The crate whose version counts, as the lock file names it.
    pub(crate) version_of: &'static str,
    /// How it is set up, for readers.
    pub(crate) setup: &'static str,
    /// How many handler threads it gets where CPU per request is measured.
    pub(crate) handlers: usize,
    /// Whether it encrypts, by a program of its own that is built with the feature `tls`.
    pub(crate) encrypts: bool,
}

/// Where a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Our example `bench_server`, in this mode. A mode that it does not know is reported.
    Ours {
        /// The word for `MODE`.
        mode: &'static str,
    },
    /// Built from `benches/peers`.
    Peer {
        /// The package.
        package: &'static str,
        /// The binary of that package.
        binary: &'static str,
    },
    /// nginx as the machine has it; where it has none, that is reported.
    Nginx,
}

/// All of them: ours, the floors, the peers.
pub(crate) const SERVERS: &[Server] = &[
    ours(OURS, "single", "mode `single`: one loop, handlers on it, one after another"),
    ours(
        "pauper-threading",
        "threading",
        "mode `threading`: one loop; handlers that block leave it, 48 at once at most",
    ),
    ours("pauper-forking", "forking", "mode `forking`: one worker process with a loop"),
    Server {
        encrypts: true,
        ..ours("pauper-tls", "single", "mode `single`, feature `tls`: rustls with ring")
    },
    peer(
        FLOOR,
        "peer-floors",
        "rustix",
        "one thread, epoll, fixed bytes, sendfile; parses nothing",
    ),
    peer(
        "raw-threads",
        "peer-floors",
        "rustix",
        "a thread per connection, fixed bytes, sendfile; parses nothing",
    ),
    peer(
        "hyper",
        "peer-hyper",
        "hyper",
        "tokio `current_thread`; uploads by multer; blocking calls by `spawn_blocking`",
    ),
    Server {
        encrypts: true,
        ..peer("hyper-tls", "peer-hyper", "tokio-rustls", "hyper on tokio-rustls, with ring")
    },
    peer(
        "axum",
        "peer-axum",
        "axum",
        "tokio `current_thread`; files by tower-http; uploads by its own extractor (multer); \
         blocking calls by `spawn_blocking`",
    ),
    peer(
        "actix-web",
        "peer-actix",
        "actix-web",
        "`workers(1)`; files by actix-files; uploads by actix-multipart; blocking calls by \
         `web::block`",
    ),
    peer("ntex", "peer-ntex", "ntex", "on tokio, `workers(1)`; blocking calls by `web::block`"),
    peer(
        "may_minihttp",
        "peer-may",
        "may_minihttp",
        "`set_workers(1)`, 64 where handlers block; blocking calls hold a worker",
    ),
    peer(
        "khttp",
        "peer-khttp",
        "khttp",
        "`serve_epoll`: its loop and `thread_count(1)` for handlers, 64 where handlers block",
    ),
    peer(
        "tiny_http",
        "peer-tiny",
        "tiny_http",
        "one thread takes requests, 64 where handlers block; its own threads read connections",
    ),
    peer(
        "rouille",
        "peer-rouille",
        "rouille",
        "`pool_size(1)`, 64 where handlers block; on tiny_http, whose own threads read connections; \
         uploads by the multipart crate",
    ),
    Server {
        handlers: 128,
        ..peer(
            "astra",
            "peer-astra",
            "astra",
            "`max_workers(128)`, because each connection holds a worker",
        )
    },
    Server {
        name: "nginx",
        source: Source::Nginx,
        version_of: "",
        setup: "one process (`master_process off`); `return 200` for the text, sendfile for \
                files, no log; the other routes it does not have",
        handlers: 1,
        encrypts: false,
    },
];

const fn ours(name: &'static str, mode: &'static str, setup: &'static str) -> Server {
    let source = Source::Ours { mode };
    Server { name, source, version_of: "pauper", setup, handlers: 1, encrypts: false }
}

const fn peer(
    name: &'static str,
    package: &'static str,
    version_of: &'static str,
    setup: &'static str,
) -> Server {
    // The floors are two binaries of one package, named as the floors are.
    let floor = matches!(package.as_bytes(), b"peer-floors");
    let binary = if floor { name } else { package };
    let source = Source::Peer { package, binary };
    Server { name, source, version_of, setup, handlers: 1, encrypts: false }
}

impl Server {
    /// The server of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SERVERS.iter().find(|server| server.name == name)
    }

    /// Whether it is one of the floors, which are no servers.
    pub(crate) fn is_floor(&self) -> bool {
        matches!(self.source, Source::Peer { package: "peer-floors", .. })
    }

    /// Whether it is our server, in any mode.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.source, Source::Ours { .. })
    }

    /// Whether its absence is something to tell and no failure: a mode that is not there, a program
    /// that is not installed.
    pub(crate) fn may_be_absent(&self) -> bool {
        self.name != OURS && !matches!(self.source, Source::Peer { .. })
    }
}
