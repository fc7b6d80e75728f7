// Saving settings as they were read: refused when somebody else was quicker.

import { api, ask, ifMatch } from '../../api/client';
import type { SettingsView, UpdateSettings } from '../../api/schema';
import { useDone } from '../../components/useDone';

export function useUpdate(settings: SettingsView) {
  const done = useDone();
  return async (body: UpdateSettings, text: string) => {
    await ask(api.PATCH('/api/settings', { params: { header: ifMatch(settings.version) }, body }));
    done(text, undefined, 'settings', 'audit', 'overview');
  };
}
