// On how many proxies a model is as it should be, in a word.

import type { SyncedModelView } from '../../api/schema';
import { Status } from '../../components/Status';

/** A model, and how many realms may use it, where that is known. */
type ListedModel = SyncedModelView & { grants?: number };

/** Whether it is to be on any proxy; else what is pending there is its removal. */
const isWanted = (model: ListedModel) => model.status === 'active' && (model.everywhere || model.grants !== 0);

export function liveText(model: ListedModel): string {
  const { proxies } = model.sync;
  const done = proxies.filter((p) => p.state === 'applied').length;
  if (proxies.length === 0) return model.status === 'active' ? 'on no proxy' : 'inactive';
  const of = done === proxies.length ? `${done}` : `${done} of ${proxies.length}`;
  const where = proxies.length === 1 ? 'proxy' : 'proxies';
  return isWanted(model) ? `live on ${of} ${where}` : `off ${of} ${where}`;
}

export function LiveOn({ model }: { model: ListedModel }) {
  const { proxies } = model.sync;
  const open = proxies.filter((p) => p.state !== 'applied');
  const why =
    open.map((p) => `${p.proxyName}: ${p.errorMessage ?? p.state}`).join('\n') ||
    (proxies.length === 0 && model.status === 'active'
      ? 'No realm may use it yet. A model goes to the proxies that serve a realm with a grant on it.'
      : undefined);
  const tone = open.some((p) => p.state === 'failed') ? 'bad' : open.length > 0 ? 'busy' : proxies.length > 0 && isWanted(model) ? 'good' : 'off';
  return <Status state={model.sync.state} tone={tone} label={liveText(model)} why={why} />;
}
