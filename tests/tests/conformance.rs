//! The simulator and LiteLLM answer alike: every case of `e2e::conformance` on the simulator, and on the real
//! LiteLLM that `REEVE_TEST_LITELLM_URL` names.

use e2e::conformance::{Subject, cases, run};
use e2e::harness::proxies;

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
        for case in &cases {
            if let Err(difference) = run(&subject, case).await {
                differences.push(difference);
            }
        }
    }
    if proxies.len() == 1 {
        println!("no real LiteLLM: REEVE_TEST_LITELLM_URL is not set");
    }
    assert!(differences.is_empty(), "{} differences\n\n{}", differences.len(), differences.join("\n\n"));
}
