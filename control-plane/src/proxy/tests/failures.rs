//! What becomes of redirects, timeouts, lost connections, pages of load balancers, floods and forbidden addresses.

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::*;
use crate::{
    outbound::{MAX_ANSWER_BYTES, SendFailure},
    proxy::limits::Gate,
};

const PAGE: &str = "<html><body>404 not found, already exists</body></html>";

async fn serving(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn create_team_error(answer: ResponseTemplate, timeouts: Timeouts) -> ProxyError {
    let server = serving(answer).await;
    let api = client(&server.uri(), MASTER_KEY, timeouts);
    api.create_team(&team("t", ModelList::none())).await.unwrap_err()
}

async fn create_team_against(answer: ResponseTemplate) -> ProxyError {
    create_team_error(answer, Timeouts::default()).await
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = serving(ResponseTemplate::new(200)).await;
    let target = format!("{}/team/new", elsewhere.uri());
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", target.as_str());
        let error = create_team_against(answer).await;
        assert_eq!((error.class, error.kind), (ErrorClass::Unexpected, ErrorKind::Redirect));
        assert!(!error.is_ambiguous());
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_ambiguous() {
    let timeouts = Timeouts { total: Duration::from_millis(100), ..Timeouts::default() };
    let error =
        create_team_error(ResponseTemplate::new(200).set_delay(Duration::from_mins(1)), timeouts).await;
    assert_eq!((error.class, error.kind, error.status), (ErrorClass::Retry, ErrorKind::Timeout, None));
    assert!(error.is_ambiguous());
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_ambiguous() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"] {
        let serve = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            assert!(socket.read(&mut buffer).await.unwrap() > 0);
            socket.write_all(answer.as_bytes()).await.unwrap();
        };
        let api = client(&url, MASTER_KEY, Timeouts::default());
        let body = team("t", ModelList::none());
        let (result, ()) = tokio::join!(api.create_team(&body), serve);
        let error = result.unwrap_err();
        assert_eq!((error.class, error.kind), (ErrorClass::Retry, ErrorKind::ConnectionLost), "{error}");
        assert!(error.is_ambiguous());
    }
}

#[tokio::test]
async fn no_connection_means_nothing_was_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let api = client(&url, MASTER_KEY, Timeouts::default());
    let error = api.create_team(&team("t", ModelList::none())).await.unwrap_err();
    assert_eq!((error.class, error.kind), (ErrorClass::Unreachable, ErrorKind::ConnectFailed));
    assert!(!error.is_ambiguous());
    assert!(api.probe().await.is_err(), "a proxy that cannot be reached is an error, not unsupported");
}

#[tokio::test]
async fn a_page_of_a_load_balancer_says_nothing_about_the_object() {
    let page = |status: u16| ResponseTemplate::new(status).set_body_raw(PAGE, "text/html");
    for status in [400, 403, 404, 409, 413] {
        let error = create_team_against(page(status)).await;
        assert_eq!((error.class, error.kind), (ErrorClass::Unexpected, ErrorKind::NotLitellm), "{status}");
    }
    let error = create_team_against(page(502)).await;
    assert_eq!((error.class, error.is_ambiguous()), (ErrorClass::Retry, true));
    let error = create_team_against(page(200)).await;
    assert_eq!(
        (error.kind, error.is_ambiguous()),
        (ErrorKind::NotLitellm, true),
        "a write may have been done"
    );

    let server = serving(page(404)).await;
    let api = client(&server.uri(), MASTER_KEY, Timeouts::default());
    assert!(api.team("t").await.is_err(), "not `None`");
    assert!(api.delete_team("t").await.is_err(), "not `false`");
    let secret = Secret::new(VIRTUAL_KEY);
    assert!(api.key(&KeyHash::of(&secret)).await.is_err());
    let forbidden = serving(page(403)).await;
    let api = client(&forbidden.uri(), MASTER_KEY, Timeouts::default());
    assert!(
        api.right(&secret, "openai/a").await.is_err(),
        "a front's 403 is no proof that the right is gone"
    );
}

#[tokio::test]
async fn waiting_times_are_passed_on() {
    let body = json!({"error": {"message": "slow down", "type": "throttling_error", "code": "429"}});
    let error = create_team_against(ResponseTemplate::new(429).set_body_json(&body)).await;
    assert_eq!((error.class, error.is_ambiguous()), (ErrorClass::Busy, false));
    let answer = ResponseTemplate::new(429).set_body_json(&body).insert_header("retry-after", "60");
    assert_eq!(create_team_against(answer).await.class, ErrorClass::RetryAfter(Duration::from_mins(1)));
    let answer = ResponseTemplate::new(503).insert_header("retry-after", "9999999");
    let error = create_team_against(answer).await;
    assert_eq!((error.class, error.is_ambiguous()), (ErrorClass::RetryAfter(Duration::from_hours(1)), true));
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let flood = ResponseTemplate::new(200).set_body_bytes(vec![b' '; MAX_ANSWER_BYTES + 1]);
    let error = create_team_against(flood).await;
    assert_eq!((error.class, error.kind), (ErrorClass::Unexpected, ErrorKind::TooLarge));
}

#[tokio::test]
async fn a_name_is_refused_for_what_it_resolves_to() {
    let server = serving(ResponseTemplate::new(200)).await;
    let url = server.uri().replace("127.0.0.1", "localhost");
    for (purpose, allowed) in [(Purpose::Webhook, false), (Purpose::Proxy, true)] {
        let outbound = Outbound::new(UrlPolicy::default(), purpose, Timeouts::default()).unwrap();
        let request = outbound.client().get(&url).build().unwrap();
        match outbound.execute(request).await {
            Ok(answer) => assert!(allowed && answer.status == 200),
            Err(failure) => assert!(!allowed && matches!(failure, SendFailure::Refused(_)), "{failure:?}"),
        }
    }
}

#[test]
fn a_forbidden_address_or_a_broken_key_is_refused_before_anything_is_sent() {
    let new = |base_url: &str, master_key: &str| {
        let (base_url, master_key) = (base_url.to_owned(), Secret::new(master_key));
        let config = ProxyConfig {
            name: "p".to_owned(),
            base_url,
            master_key,
            limits: Limits::default(),
            pulse: Pulse::default(),
        };
        HttpProxy::new(outbound(Timeouts::default()), config).map(drop)
    };
    assert!(
        new("http://169.254.169.254", MASTER_KEY).unwrap_err().to_string().contains("baseUrl: names 169.254")
    );
    let error = new("http://127.0.0.1:1", "sk-marker\nx").unwrap_err();
    assert_eq!((error.class, error.kind), (ErrorClass::Rejected, ErrorKind::Invalid));
    assert!(!error.to_string().contains("marker"));
    assert!(new("http://127.0.0.1:1/", MASTER_KEY).is_ok());
}

#[tokio::test]
async fn the_gate_holds_back_what_is_over_its_limits() {
    let limits = |concurrency, burst| Limits {
        concurrency,
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(burst).unwrap(),
    };
    let gate = Gate::new(limits(2, 10));
    let first = gate.enter().now_or_never();
    let second = gate.enter().now_or_never();
    assert!(first.is_some() && second.is_some());
    assert!(gate.enter().now_or_never().is_none(), "two at once");
    drop(first);
    assert!(gate.enter().now_or_never().is_some());

    let gate = Gate::new(limits(10, 2));
    assert!(gate.enter().now_or_never().is_some() && gate.enter().now_or_never().is_some());
    assert!(gate.enter().now_or_never().is_none(), "two in a burst");
}
