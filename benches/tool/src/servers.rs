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
    /// The package of `benches/peers`; ours has none.
    pub(crate) package: &'static str,
    /// The binary of that package.
    pub(crate) binary: &'static str,
    /// The crate whose version counts, as the lock file names it.
    pub(crate) version_of: &'static str,
    /// How it is set up, for readers.
    pub(crate) setup: &'static str,
    /// How many handler threads it gets where CPU per request is measured.
    pub(crate) handlers: usize,
}

/// All of them: ours, the floors, the peers.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        name: OURS,
        package: "",
        binary: "bench_server",
        version_of: "pauper",
        setup: "mode `single`: one loop, handlers on it, one after another",
        handlers: 1,
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
        "tokio `current_thread`; blocking calls by `spawn_blocking`",
    ),
    peer(
        "axum",
        "peer-axum",
        "axum",
        "tokio `current_thread`; files by tower-http; blocking calls by `spawn_blocking`",
    ),
    peer(
        "actix-web",
        "peer-actix",
        "actix-web",
        "`workers(1)`; files by actix-files; blocking calls by `web::block`",
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
        "`pool_size(1)`, 64 where handlers block; on tiny_http, whose own threads read connections",
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
];

const fn peer(
    name: &'static str,
    package: &'static str,
    version_of: &'static str,
    setup: &'static str,
) -> Server {
    // The floors are two binaries of one package, named as the floors are.
    let floor = matches!(package.as_bytes(), b"peer-floors");
    let binary = if floor { name } else { package };
    Server { name, package, binary, version_of, setup, handlers: 1 }
}

impl Server {
    /// The server of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SERVERS.iter().find(|server| server.name == name)
    }

    /// Whether it is one of the floors, which are no servers.
    pub(crate) fn is_floor(&self) -> bool {
        self.package == "peer-floors"
    }
}
