// Looking at a proxy now: probe and full scan, and what was given up is tried again.

import { useState } from 'react';
import { api, ask } from '../../api/client';
import type { ProxyView } from '../../api/schema';
import { sayProblem } from '../../components/Problem';
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
      sayProblem('The check was not asked for', error);
    } finally {
      setBusy(false);
    }
  };
  return { busy, run: () => void check() };
}
