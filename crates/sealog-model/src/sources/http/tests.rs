use super::*;

#[test]
fn waits_double_up_to_the_last_try() {
    let second = Duration::from_secs(1);
    let waits: Vec<_> = (1..=TRIES_MAX)
        .map(|tried| next_wait(tried, None, second))
        .collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(waits, [seconds(1), seconds(2), seconds(4), None]);
    assert_eq!(next_wait(1, None, RETRY_TIME_MAX * 2), Some(RETRY_TIME_MAX));
}

#[test]
fn a_server_is_waited_for_as_long_as_it_asks_up_to_the_limit() {
    assert_eq!(
        next_wait(1, Some(RETRY_TIME_MAX), RETRY_TIME),
        Some(RETRY_TIME_MAX)
    );
    let more = RETRY_TIME_MAX + Duration::from_secs(1);
    assert_eq!(next_wait(1, Some(more), RETRY_TIME), None);
    assert_eq!(next_wait(TRIES_MAX, Some(Duration::ZERO), RETRY_TIME), None);
}

#[test]
fn plain_http_goes_to_this_machine_only_unless_it_is_allowed() {
    let client = |url: &str, plain_http| {
        let options = HttpOptions {
            plain_http,
            ..HttpOptions::default()
        };
        Client::new(Url::parse(url).unwrap(), None, options)
    };
    assert!(client("http://127.0.0.1:1", false).is_ok());
    assert!(client("https://hub.example", false).is_ok());
    assert!(client("http://hub.example", true).is_ok());
    assert_eq!(
        client("http://hub.example", false).unwrap_err().code(),
        "source_plain_http"
    );
}

#[test]
fn a_body_has_a_time_of_its_own_and_one_for_its_size() {
    let besides = |bytes| {
        body_time(bytes)
            .checked_sub(BODY_TIME_MAX)
            .unwrap()
            .as_secs()
    };
    assert_eq!(BODY_TIME_MAX, Duration::from_mins(2));
    assert_eq!(besides(0), 0);
    assert_eq!(besides(BYTES_PER_SECOND_MIN - 1), 0);
    assert_eq!(besides(BYTES_PER_SECOND_MIN), 1);
    assert_eq!(besides(u64::MAX), u64::MAX / BYTES_PER_SECOND_MIN);
}

#[test]
fn every_step_of_a_request_has_its_time() {
    let base = Url::parse("http://127.0.0.1:1").unwrap();
    let client = Client::new(base.clone(), None, HttpOptions::default()).unwrap();
    let agent = client.agent(&base).unwrap();
    let times = agent.config().timeouts();
    assert_eq!(times.connect, Some(CONNECT_TIME_MAX));
    assert_eq!(times.send_request, Some(SILENCE_TIME_MAX));
    assert_eq!(times.recv_response, Some(SILENCE_TIME_MAX));
}
