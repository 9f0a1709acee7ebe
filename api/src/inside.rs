//! The application called without a socket: the same routes within the same rim, in this process.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::Service as _;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{Bytes, Data};

use crate::Service;

/// A request of this process to itself.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The method.
    pub(crate) method: Method,
    /// The path, and what follows its `?`.
    pub(crate) target: String,
    /// The headers.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty where there is none.
    pub(crate) body: Bytes,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body, whole.
    pub(crate) body: Bytes,
}

type Telling = Pin<Box<dyn Future<Output = Result<Told, String>>>>;

/// The application of a service, on the thread that made it.
#[derive(Clone)]
pub(crate) struct Inside(Rc<dyn Fn(Asked) -> Telling>);

impl Inside {
    /// Builds the application; within a runtime of actix.
    pub(crate) async fn of(service: Service) -> Self {
        // The framework's own way to call an application without a socket.
        let app = Rc::new(init_service(crate::app(Data::new(service), |_| {})).await);
        Self(Rc::new(move |asked| {
            let mut request = TestRequest::with_uri(&asked.target)
                .method(asked.method)
                .peer_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
                .set_payload(asked.body);
            for header in asked.headers {
                request = request.append_header(header);
            }
            let called = app.call(request.to_request());
            Box::pin(async move {
                match called.await {
                    Ok(answer) => told(answer.into_parts().1).await,
                    // What took too long is answered by way of an error.
                    Err(error) => told(error.error_response()).await,
                }
            })
        }))
    }

    /// Calls the application.
    ///
    /// # Errors
    ///
    /// Where the answer broke off, or the target is none; a problem that was told is an answer.
    pub(crate) async fn call(&self, asked: Asked) -> Result<Told, String> {
        asked.target.parse::<Uri>().map_err(|error| error.to_string())?;
        (self.0)(asked).await
    }
}

/// An answer, whole.
async fn told<B: MessageBody>(answer: HttpResponse<B>) -> Result<Told, String> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body()).await.map_err(|error| {
        let error: Box<dyn std::error::Error> = error.into();
        error.to_string()
    })?;
    Ok(Told { status, headers, body })
}
