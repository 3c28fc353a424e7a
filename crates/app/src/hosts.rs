//! Services by the name of the host.

use std::fmt;

use pauper_message::{CheckError, Plan, Request, Response, Service};
use pauper_router::{HostError, Hosts};

/// Services by the host that a client asks for, as a service; patterns as those of
/// [`Hosts`](pauper_router::Hosts).
///
/// A request for another host is passed on: a server answers 404, and in an application the next
/// fallback has it.
///
/// ```
/// use pauper_app::{App, VirtualHosts};
/// use pauper_message::Request;
///
/// let mut api = App::new("api");
/// api.get("/", |_: &mut Request| "api");
/// let mut site = App::new("site");
/// site.get("/", |_: &mut Request| "site");
///
/// let mut hosts = VirtualHosts::new();
/// hosts.host("api.example.org", api).host("*", site);
/// # pauper_message::Service::check(&hosts).unwrap();
/// ```
#[derive(Default)]
pub struct VirtualHosts {
    hosts: Hosts<usize>,
    services: Vec<Box<dyn Service + Send + Sync>>,
    mistakes: Vec<HostError>,
}

impl VirtualHosts {
    /// No hosts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers requests for a host with a service. A host that is none, or is there already, is told
    /// by [`check`](Service::check).
    pub fn host(&mut self, host: &str, service: impl Service + Send + Sync + 'static) -> &mut Self {
        match self.hosts.insert(host, self.services.len()) {
            Ok(()) => self.services.push(Box::new(service)),
            Err(error) => self.mistakes.push(error),
        }
        self
    }

    fn find(&self, req: &Request) -> Option<usize> {
        self.hosts.find(req.authority()).copied()
    }
}

impl Service for VirtualHosts {
    /// Endpoints of the services are told apart by what is left when divided by their number.
    fn begin(&self, req: &mut Request) -> Plan {
        let Some(index) = self.find(req) else { return Plan::pass() };
        let plan = self.services[index].begin(req);
        let endpoint = plan.endpoint.saturating_mul(self.services.len() as u32);
        plan.for_endpoint(endpoint.saturating_add(index as u32))
    }

    fn call(&self, req: &mut Request) -> Response {
        let Some(index) = self.find(req) else { return Response::declined() };
        let count = self.services.len() as u32;
        req.set_endpoint(req.endpoint() / count);
        self.services[index].call(req)
    }

    fn check(&self) -> Result<(), CheckError> {
        let mut mistakes: Vec<_> = self.mistakes.iter().map(ToString::to_string).collect();
        for service in &self.services {
            if let Err(error) = service.check() {
                mistakes.extend(error.mistakes().iter().cloned());
            }
        }
        CheckError::from_mistakes(mistakes)
    }
}

impl fmt::Debug for VirtualHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hosts.fmt(f)
    }
}
