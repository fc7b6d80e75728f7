//! Which deployments of a model name serve a call: the lowest `order` first, by `weight` in turns. Deterministic,
//! where LiteLLM draws by chance.

use serde_json::Value;

use crate::db::{ModelRow, Row};
use crate::view::View;

/// One deployment, ready to be called.
pub(crate) struct Target {
    pub(crate) id: String,
    /// The public name.
    pub(crate) group: String,
    /// The upstream's name for the model, without the provider prefix.
    pub(crate) model: String,
    /// `None`: the simulator answers itself.
    pub(crate) base: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) mock: Option<String>,
    pub(crate) input_cost: f64,
    pub(crate) output_cost: f64,
}

pub(crate) fn targets(view: &mut View, name: &str, upstream: Option<&str>) -> Vec<Target> {
    let turn = view.turns.entry(name.to_owned()).or_default();
    *turn += 1;
    let turn = *turn - 1;
    let mut rows = view.deployments(name);
    let order = |row: &ModelRow| row.number("order").unwrap_or(f64::MAX);
    rows.sort_by(|a, b| order(a).total_cmp(&order(b)));
    let Some(lowest) = rows.first().map(|row| order(row)) else { return Vec::new() };
    let tied = rows.iter().take_while(|row| order(row).total_cmp(&lowest).is_eq()).count();
    let first = in_turn(&rows[..tied], turn);
    rows[..tied].rotate_left(first);
    rows.into_iter().map(|row| target(view, row, upstream)).collect()
}

/// The index whose weight covers this turn.
fn in_turn(rows: &[&ModelRow], turn: u64) -> usize {
    let weight = |row: &ModelRow| row.params.get("weight").and_then(Value::as_u64).unwrap_or(1);
    let total: u64 = rows.iter().map(|row| weight(row)).sum();
    if total == 0 {
        return 0;
    }
    let mut left = turn % total;
    for (index, row) in rows.iter().enumerate() {
        let weight = weight(row);
        if left < weight {
            return index;
        }
        left -= weight;
    }
    0
}

fn target(view: &View, row: &ModelRow, upstream: Option<&str>) -> Target {
    let credential = row.param("litellm_credential_name").and_then(|name| view.credentials.get(name));
    // A value of the deployment itself wins over its credential's.
    let mut params = credential.map(|c| c.values.clone()).unwrap_or_default();
    params.extend(row.params.clone());
    Target { id: row.id.clone(), group: row.name.clone(), ..from_params(&params, upstream) }
}

/// What `litellm_params` alone say, under the upstream's name for the model.
pub(super) fn from_params(params: &Row, upstream: Option<&str>) -> Target {
    let text = |name: &str| params.get(name).and_then(Value::as_str).map(str::to_owned);
    let cost = |name: &str| params.get(name).and_then(Value::as_f64).unwrap_or_default();
    let model = text("model").unwrap_or_default();
    let model = model.split_once('/').map_or(model.as_str(), |(_, name)| name).to_owned();
    Target {
        id: String::new(),
        group: model.clone(),
        model,
        base: text("api_base").or_else(|| upstream.map(str::to_owned)),
        api_key: text("api_key"),
        mock: text("mock_response"),
        input_cost: cost("input_cost_per_token"),
        output_cost: cost("output_cost_per_token"),
    }
}
