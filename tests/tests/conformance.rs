//! The simulator and LiteLLM answer alike: every case of `e2e::conformance` on the simulator, and on the real
//! LiteLLM that `REEVE_TEST_LITELLM_URL` names.

use std::sync::Arc;

use e2e::conformance::{Subject, cases, run};
use e2e::harness::proxies;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[tokio::test]
async fn the_simulator_and_litellm_answer_alike() {
    let proxies = proxies().await;
    let mut differences = Vec::new();
    for proxy in &proxies {
        let subject = Subject {
            name: proxy.name,
            url: proxy.url.clone(),
            master_key: proxy.master_key.clone(),
            upstream_url: proxy.upstream_url.clone(),
        };
        let cases = cases();
        println!("{} cases on the {} at {}", cases.len(), subject.name, subject.url);
        // Cases are independent, and some wait for LiteLLM to count spend.
        let turns = Arc::new(Semaphore::new(4));
        let mut running = JoinSet::new();
        for case in cases {
            let (subject, turns) = (subject.clone(), Arc::clone(&turns));
            running.spawn(async move {
                let _turn = turns.acquire_owned().await;
                run(&subject, &case).await
            });
        }
        differences.extend(running.join_all().await.into_iter().filter_map(Result::err));
    }
    if proxies.len() == 1 {
        println!("no real LiteLLM: REEVE_TEST_LITELLM_URL is not set");
    }
    assert!(differences.is_empty(), "{} differences\n\n{}", differences.len(), differences.join("\n\n"));
}
