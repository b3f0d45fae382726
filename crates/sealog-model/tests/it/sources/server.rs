//! A server for tests: HTTP/1.1 on the loopback interface, one request a connection, until it is dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Ask {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        found.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The first byte that is asked for.
    pub(crate) fn from(&self) -> Option<usize> {
        let range = self.header("range")?.strip_prefix("bytes=")?;
        range.strip_suffix('-')?.parse().ok()
    }
}

/// How a body is sent.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Whole(Vec<u8>),
    /// Its head says more bytes than come.
    Cut(Vec<u8>, usize),
    /// Until the client has enough.
    Endless(Vec<u8>),
    /// Its head says more bytes than come, and the connection stays open for so long.
    Stalled(Vec<u8>, usize, Duration),
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(body.into()),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// The head as it is sent.
    pub(crate) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let stated = match &self.body {
            Body::Whole(bytes) => Some(bytes.len()),
            Body::Cut(_, stated) | Body::Stalled(_, stated, _) => Some(*stated),
            Body::Endless(_) => None,
        };
        if let Some(stated) = stated {
            head.extend(["content-length: ", &stated.to_string(), "\r\n"]);
        }
        head + "\r\n"
    }

    pub(crate) fn redirect(to: impl Into<String>) -> Self {
        Self::new(302, "").with("location", to)
    }
}

/// A server; dropping it stops it.
pub(crate) struct Server {
    address: String,
    asks: Arc<Mutex<Vec<Ask>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(handler: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asks = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, stopped, handler) = (asks.clone(), stop.clone(), Arc::new(handler));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, handler) = (seen.clone(), handler.clone());
                thread::spawn(move || serve(&stream.unwrap(), &seen, &*handler));
            }
        });
        Self {
            address,
            asks,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody asked for the content of a file.
    pub(crate) fn gave_no_file(&self) -> bool {
        let asks = self.asks();
        asks.iter().all(|ask| !ask.target.contains("/resolve/"))
    }

    pub(crate) fn asks(&self) -> Vec<Ask> {
        self.asks.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(&self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<Ask>>,
    handler: &(dyn Fn(&Ask) -> Answer + Send + Sync),
) {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut ask = Ask {
        method: words[0].into(),
        target: words[1].into(),
        headers: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        ask.headers.push((name.to_lowercase(), value.trim().into()));
    }
    let length = ask
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut posted = vec![0; length];
    reader.read_exact(&mut posted).unwrap();
    seen.lock().unwrap().push(ask.clone());
    let answer = handler(&ask);
    // The client may have enough at any time.
    let _ = send(stream, &ask, &answer);
}

fn send(mut stream: &TcpStream, ask: &Ask, answer: &Answer) -> std::io::Result<()> {
    let (Body::Whole(bytes)
    | Body::Cut(bytes, _)
    | Body::Stalled(bytes, ..)
    | Body::Endless(bytes)) = &answer.body;
    stream.write_all(answer.head().as_bytes())?;
    if ask.method == "HEAD" {
        return Ok(());
    }
    stream.write_all(bytes)?;
    if let Body::Stalled(_, _, time) = &answer.body {
        thread::sleep(*time);
    }
    if let Body::Endless(bytes) = &answer.body {
        loop {
            stream.write_all(bytes)?;
        }
    }
    Ok(())
}
