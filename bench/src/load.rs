//! A closed loop of requests: each connection sends its next when it has its last answer.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::http::head;

/// How long an answer may take before it counts as a time-out.
const LONGEST: Duration = Duration::from_secs(2);

/// When a round of load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// When each request was sent once.
    Once,
    /// After this time; the requests are sent over and over.
    After(Duration),
}

/// What to send, where, and how.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// The server.
    pub(crate) address: SocketAddr,
    /// How many connections send at the same time.
    pub(crate) connections: usize,
    /// The requests.
    pub(crate) requests: Rc<[Vec<u8>]>,
    /// When to stop.
    pub(crate) end: End,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// How long each good answer took, the shortest first.
    pub(crate) latencies: Vec<Duration>,
    /// Answers with a status other than 2xx, and connections that broke.
    pub(crate) errors: u64,
    /// Requests without an answer in time.
    pub(crate) timeouts: u64,
}

struct Shared {
    load: Load,
    began: Instant,
    next: Cell<usize>,
    outcome: RefCell<Outcome>,
}

impl Load {
    /// Sends the requests, all connections on this one thread: what the generator takes from
    /// the machine is then the same for whatever is measured with it.
    pub(crate) fn run(&self) -> Result<Outcome, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let shared = Rc::new(Shared {
            load: self.clone(),
            began: Instant::now(),
            next: Cell::new(0),
            outcome: RefCell::default(),
        });
        let local = LocalSet::new();
        for _ in 0..self.connections {
            local.spawn_local(Rc::clone(&shared).connection());
        }
        runtime.block_on(local);
        let mut outcome = shared.outcome.take();
        outcome.elapsed = shared.began.elapsed();
        outcome.latencies.sort_unstable();
        Ok(outcome)
    }
}

impl Shared {
    /// The request to send next, if it is not time to stop.
    fn next(&self) -> Option<&[u8]> {
        let index = self.next.get();
        self.next.set(index + 1);
        let requests = &self.load.requests;
        let request = match self.load.end {
            End::Once => requests.get(index),
            End::After(time) if self.began.elapsed() < time => {
                requests.get(index % requests.len().max(1))
            }
            End::After(_) => None,
        };
        request.map(Vec::as_slice)
    }

    async fn connection(self: Rc<Self>) {
        let mut buffer = vec![0; 64 * 1024];
        let mut open = None;
        while let Some(request) = self.next() {
            let began = Instant::now();
            let done = timeout(LONGEST, self.one(&mut open, request, &mut buffer)).await;
            let took = began.elapsed();
            let mut outcome = self.outcome.borrow_mut();
            match done {
                Ok(Ok(200..300)) => outcome.latencies.push(took),
                Ok(Ok(_)) => outcome.errors += 1,
                Ok(Err(_)) => {
                    outcome.errors += 1;
                    open = None;
                }
                Err(_) => {
                    outcome.timeouts += 1;
                    open = None;
                }
            }
        }
    }

    /// Sends one request and reads its answer to the end; gives the status.
    async fn one(
        &self,
        open: &mut Option<TcpStream>,
        request: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<u16, String> {
        let told = |error: std::io::Error| error.to_string();
        let stream = match open {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.load.address).await.map_err(told)?;
                stream.set_nodelay(true).map_err(told)?;
                open.insert(stream)
            }
        };
        stream.write_all(request).await.map_err(told)?;
        let mut filled = 0;
        loop {
            if filled == buffer.len() {
                buffer.resize(filled * 2, 0);
            }
            let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await;
            let read = read.map_err(told)?;
            filled += read;
            match head(buffer.get(..filled).unwrap_or_default())? {
                Some(head) if filled >= head.length => return Ok(head.status),
                _ if read == 0 => return Err("the answer breaks off".to_owned()),
                _ => {}
            }
        }
    }
}
