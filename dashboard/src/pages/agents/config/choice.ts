// What Realm Routing comes to for one agent: the realm and the model that its document names, and what was chosen for it.

import type { LlmConfigView, ModelOffer, RealmLlmView, RealmOffer } from '../../../api/schema';

export interface Routed {
  /** Nothing was chosen: the rule decides. */
  byRule: boolean;
  /** Of the document. The realm of a document by rule is known where one realm alone has the model. */
  model?: ModelOffer;
  realms: RealmOffer[];
  /** What was chosen, as far as it is still granted. */
  chosen?: { realm: RealmOffer; model: ModelOffer };
  /** Something was chosen and the document has it. */
  followed: boolean;
}

export function routed(config: LlmConfigView, offer?: RealmLlmView): Routed {
  const realms = offer?.realms ?? [];
  const byRule = !config.realmId || !config.realmModelId;
  const realm = realms.find((r) => r.realmId === config.realmId);
  const chosenModel = realm?.models.find((m) => m.id === config.realmModelId);
  const chosen = realm && chosenModel ? { realm, model: chosenModel } : undefined;
  const name = config.config?.model;
  const having = realms.filter((r) => r.models.some((m) => m.litellmModelName === name));
  const followed = chosen !== undefined && chosen.model.litellmModelName === name;
  return {
    byRule,
    model: having[0]?.models.find((m) => m.litellmModelName === name),
    realms: followed && chosen ? [chosen.realm] : having,
    chosen,
    followed,
  };
}
