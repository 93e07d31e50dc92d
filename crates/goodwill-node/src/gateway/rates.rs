//! How often one client may ask.

use super::Problem;
use axum::{
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many seconds' worth of requests may come at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(2).expect("not zero");
/// Every so many requests, clients are forgotten that have not asked for a while. No more are
/// remembered than ask in this span, or in that of the burst.
const FORGET_EVERY: u64 = 1_024;

/// How often each client asked lately.
#[derive(Debug)]
pub struct Rates {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU64,
}

impl Rates {
    /// Each client may ask so often, and twice as often for a second.
    pub fn new(requests_per_second: NonZeroU32) -> Self {
        let burst = requests_per_second.saturating_mul(BURST_SECONDS);
        let quota = Quota::per_second(requests_per_second).allow_burst(burst);
        Self { limiter: DefaultKeyedRateLimiter::dashmap(quota), asked: AtomicU64::new(0) }
    }

    /// Whether the client at `address` may ask now. Who sits at this machine always may.
    fn admits(&self, address: IpAddr) -> bool {
        let client = client(address);
        if client.is_loopback() {
            return true;
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&client).is_ok()
    }
}

/// Of IPv6 the network, since everybody has a whole one.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()
        }
        address => address,
    }
}

pub(super) async fn check_rate(
    State(rates): State<Arc<Rates>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match rates.admits(address.ip()) {
        true => next.run(request).await,
        false => too_often().into_response(),
    }
}

fn too_often() -> Problem {
    let title = "Too many requests";
    let detail = "your address asks more often than this node allows";
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate",
        title,
        detail,
        "Wait a second, or run a node of your own.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        Router, extract::connect_info::MockConnectInfo, middleware::from_fn_with_state, routing::get,
    };
    use std::{thread, time::Duration};
    use tower::ServiceExt as _;

    fn rates(requests_per_second: u32) -> Rates {
        Rates::new(NonZeroU32::new(requests_per_second).unwrap())
    }

    fn admits(rates: &Rates, address: &str) -> bool {
        rates.admits(address.parse().unwrap())
    }

    #[test]
    fn each_client_has_its_own_rate_and_this_machine_has_none() {
        let rates = rates(2);
        for _ in 0..4 {
            assert!(admits(&rates, "192.0.2.1"));
        }
        assert!(!admits(&rates, "192.0.2.1"), "the burst is used up");
        assert!(!admits(&rates, "::ffff:192.0.2.1"), "the same client in other words");
        assert!(admits(&rates, "192.0.2.2"), "another client");
        assert!((0..1_000).all(|_| admits(&rates, "127.0.0.1") && admits(&rates, "::1")));
    }

    #[tokio::test]
    async fn who_asks_too_often_is_told_when_to_come_back() {
        let address = SocketAddr::from(([192, 0, 2, 1], 1));
        let router = Router::new()
            .route("/", get(|| async { "ok" }))
            .layer(from_fn_with_state(Arc::new(rates(1)), check_rate))
            .layer(MockConnectInfo(address));
        let ask = || router.clone().oneshot(Request::new(axum::body::Body::empty()));
        for _ in 0..2 {
            assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
        }
        let refused = ask().await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let rates = rates(1);
        assert!(admits(&rates, "2001:db8:0:1::1") && admits(&rates, "2001:db8:0:1:ffff::2"));
        assert!(!admits(&rates, "2001:db8:0:1::3"));
        assert!(admits(&rates, "2001:db8:0:2::1"), "the network beside it");
    }

    #[test]
    fn clients_are_forgotten_once_they_are_quiet() {
        let rates = rates(1_000);
        for n in 0..1_000u32 {
            assert!(rates.admits(IpAddr::from((0x0a00_0000 + n).to_be_bytes())));
        }
        assert_eq!(rates.limiter.len(), 1_000);
        thread::sleep(Duration::from_millis(50));
        (1_000..FORGET_EVERY).for_each(|_| assert!(admits(&rates, "192.0.2.1")));
        assert!(rates.limiter.len() <= 2, "{} are remembered", rates.limiter.len());
    }
}
