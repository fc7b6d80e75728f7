// On how many proxies a model is as it should be, in a word.

import type { SyncedModelView } from '../../api/schema';
import { Status } from '../../components/Status';

/** Whether it is to be on any proxy; else what is pending there is its removal. Realms that one does not see may have it, too. */
const isWanted = ({ status, everywhere, grants, sync }: SyncedModelView) =>
  status === 'active' && (everywhere || grants > 0 || sync.proxies.some((p) => p.state === 'applied'));

export function liveText(model: SyncedModelView): string {
  const { proxies } = model.sync;
  const done = proxies.filter((p) => p.state === 'applied').length;
  if (proxies.length === 0) return model.status === 'active' ? 'on no proxy' : 'inactive';
  const of = done === proxies.length ? `${done}` : `${done} of ${proxies.length}`;
  const where = proxies.length === 1 ? 'proxy' : 'proxies';
  return isWanted(model) ? `live on ${of} ${where}` : `off ${of} ${where}`;
}

export function LiveOn({ model }: { model: SyncedModelView }) {
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
