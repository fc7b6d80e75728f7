// Settings of the whole installation, each saved by itself; and what is known of it.

import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded, Page } from '../../components/Page';
import { Bootstrap } from './Bootstrap';
import { Installation } from './Installation';
import { settingsQuery } from './queries';
import { Retention } from './Retention';

export function Settings() {
  const query = useQuery(settingsQuery);
  return (
    <Page title="Settings" lead="Of the whole installation. What a process needs to start stands in its environment.">
      <Loaded query={query}>
        {(settings) => (
          <Stack gap="lg">
            <Bootstrap settings={settings} />
            {/* When somebody has saved it, the field begins again from there. */}
            <Retention key={settings.auditRetentionDays} settings={settings} />
            <Installation settings={settings} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
