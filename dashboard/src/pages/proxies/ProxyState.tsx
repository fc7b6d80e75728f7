// How a proxy is, in a word or two: what the probe found, and what an admin wants with it.

import { Group } from '@mantine/core';
import type { ProxyView } from '../../api/schema';
import { Status } from '../../components/Status';

export function ProxyState({ proxy }: { proxy: ProxyView }) {
  const why = proxy.lastError ? (proxy.lastError.message ?? proxy.lastError.code) : undefined;
  return (
    <Group gap={12} component="span">
      <Status state={proxy.status} why={proxy.status === 'ready' ? undefined : why} />
      {proxy.deleting && <Status state="closing" label="being removed" />}
      {proxy.state !== 'active' && !proxy.deleting && <Status state={proxy.state} />}
      {proxy.avoided && <Status state="avoided" why="Its agents are sent elsewhere, as far as another proxy serves them." />}
      {proxy.frozen && <Status state="frozen" why={proxy.frozen.reason} />}
    </Group>
  );
}

/** The same as text. */
export const stateText = (p: ProxyView) =>
  [p.status, p.deleting ? 'being removed' : p.state, p.avoided && 'avoided', p.frozen && 'frozen'].filter(Boolean).join(', ');
