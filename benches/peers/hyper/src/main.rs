//! hyper: one thread, a match on the path.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::io::ReaderStream;

type Body = BoxBody<Bytes, io::Error>;
type Answer = Result<Response<Body>, io::Error>;

fn full(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed();
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
    Ok(response)
}

fn not_found() -> Answer {
    let mut response = full("text/plain", "not found")?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

async fn file() -> Answer {
    let file = tokio::fs::File::open(setting::file()).await?;
    let length = file.metadata().await?.len();
    let body = StreamBody::new(ReaderStream::with_capacity(file, 64 << 10).map_ok(Frame::data));
    let mut response = Response::new(BodyExt::boxed(body));
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    Ok(response)
}

/// A line for each part: its name and how many bytes it has, which are thrown away.
async fn upload(request: Request<Incoming>) -> Result<String, multer::Error> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default())?;
    let data = request.into_body().into_data_stream();
    let mut parts = multer::Multipart::new(data, boundary);
    let mut lines = String::new();
    while let Some(mut part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let mut size = 0;
        while let Some(chunk) = part.chunk().await? {
            size += chunk.len();
        }
        lines.push_str(&setting::part(&name, size));
    }
    Ok(lines)
}

async fn answer(request: Request<Incoming>) -> Answer {
    if request.method() == Method::POST && request.uri().path() == "/upload" {
        return full("text/plain", upload(request).await.map_err(io::Error::other)?);
    }
    let path = request.uri().path();
    match path {
        "/plaintext" => return full("text/plain", setting::PLAINTEXT),
        "/json" => {
            let body = serde_json::to_vec(&json!({ "message": "Hello, World!" }))?;
            return full("application/json", body);
        }
        "/hello" => return full("text/plain", setting::HELLO),
        "/file" => return file().await,
        _ => {}
    }
    if let Some((name, id)) = path.strip_prefix("/user/").and_then(|rest| rest.split_once('/')) {
        let Ok(id) = id.parse() else { return not_found() };
        return full("text/plain", setting::user(name, id));
    }
    if let Some(Ok(ms)) = path.strip_prefix("/sleep/").map(str::parse) {
        let done = tokio::task::spawn_blocking(move || setting::block(ms));
        return full("text/plain", done.await.map_err(io::Error::other)?);
    }
    not_found()
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    let mut http = http1::Builder::new();
    http.pipeline_flush(true);
    let _ = http.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

/// As rustls and its examples have it, but for the protocol.
#[cfg(feature = "tls")]
fn acceptor() -> tokio_rustls::TlsAcceptor {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let file = |name| std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set"));
    let chain = CertificateDer::pem_file_iter(file("CERTIFICATE")).unwrap();
    let chain = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("KEY")).unwrap();
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    std::sync::Arc::new(config).into()
}

fn main() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(setting::address()).await?;
        #[cfg(feature = "tls")]
        let acceptor = acceptor();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            #[cfg(feature = "tls")]
            {
                let accepted = acceptor.accept(stream);
                tokio::spawn(async move {
                    if let Ok(stream) = accepted.await {
                        serve(stream).await;
                    }
                });
            }
            #[cfg(not(feature = "tls"))]
            tokio::spawn(serve(stream));
        }
    })
}
