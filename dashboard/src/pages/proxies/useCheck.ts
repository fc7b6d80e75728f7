// Looking at a proxy now: probe and full scan, and what was given up is tried again.

import { useState } from 'react';
import { notifications } from '@mantine/notifications';
import { api, ask } from '../../api/client';
import { Problem } from '../../api/problem';
import type { ProxyView } from '../../api/schema';
import { useDone } from '../../components/useDone';

export function useCheck(proxy: ProxyView): { busy: boolean; run: () => void } {
  const done = useDone();
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    try {
      await ask(api.POST('/api/proxies/{id}/check', { params: { path: { id: proxy.id } } }));
      done(`Looking at ${proxy.name} now; what was parked is tried again`, undefined, 'proxies', 'observe');
    } catch (error) {
      notifications.show({ color: 'red', title: 'The check was not asked for', message: Problem.from(error).message });
    } finally {
      setBusy(false);
    }
  };
  return { busy, run: () => void check() };
}
