//! What the service tells Prometheus. Labels are route templates and statuses: never an id.

use std::time::Duration;

use actix_web::http::Method;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

/// The counters of the service.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, String> {
        let told = |error: prometheus::Error| error.to_string();
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("mamori_http_requests_total", "Requests answered."),
            &["method", "route", "status"],
        )
        .map_err(told)?;
        let durations = HistogramVec::new(
            HistogramOpts::new("mamori_http_request_seconds", "Time from request to answer.")
                .buckets(vec![
                    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
                ]),
            &["route"],
        )
        .map_err(told)?;
        registry.register(Box::new(requests.clone())).map_err(told)?;
        registry.register(Box::new(durations.clone())).map_err(told)?;
        Ok(Self { registry, requests, durations })
    }

    /// Counts an answer; the method is a [`known`] one.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        let mut digits = [0; 3];
        let status = three_digits(status, &mut digits);
        self.requests.with_label_values(&[method, route, status]).inc();
        self.durations.with_label_values(&[route]).observe(elapsed.as_secs_f64());
    }

    /// All counters, in Prometheus's text form. The store counts its `statements` itself.
    pub(crate) fn text(&self, statements: u64) -> Result<Vec<u8>, String> {
        let mut text = format!(
            "# HELP mamori_db_statements_total Statements sent to the database.\n\
             # TYPE mamori_db_statements_total counter\n\
             mamori_db_statements_total {statements}\n"
        )
        .into_bytes();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        encoded.map(|()| text).map_err(|error| error.to_string())
    }
}

/// The method as a label. Methods are the client's to invent, so only the usual ones are told.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn three_digits(status: u16, digits: &mut [u8; 3]) -> &str {
    for (digit, unit) in digits.iter_mut().zip([100, 10, 1]) {
        *digit = b'0' + u8::try_from(status / unit % 10).unwrap_or(0);
    }
    std::str::from_utf8(digits).unwrap_or("000")
}
