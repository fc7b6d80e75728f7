// What is known of the installation, and where one reads on.

import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconApi, IconBook2, IconTerminal2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { InstallationSettings } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { Facts, Panel } from '../../components/Panel';

/** The API says its version in its document alone. */
async function readVersion(): Promise<string | null> {
  const document: Record<string, unknown> = await ask(api.GET('/api/openapi.json'));
  const { info } = document;
  return info !== null && typeof info === 'object' && 'version' in info && typeof info.version === 'string' ? info.version : null;
}

export function Installation({ settings }: { settings: InstallationSettings }) {
  const version = useQuery({ queryKey: ['settings', 'version'], queryFn: readVersion, staleTime: Number.POSITIVE_INFINITY });
  const origin = window.location.origin;
  return (
    <Panel title="This installation">
      <Stack gap="lg">
        <Facts
          items={[
            ['Version', version.data ?? (version.isPending ? '…' : 'not known')],
            ['Public URL', <Copy key="public" text={settings.publicUrl} />],
            ['Address, as you came', origin !== settings.publicUrl && <Copy key="origin" text={origin} />],
            ['Settings', settings.version === 1 ? 'version 1: as they were at the start' : `version ${settings.version}`],
          ]}
        />
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="lg">
          <Doc icon={IconBook2} href="/api/docs" title="The API, to read">Every operation with its fields, as pages that need no internet.</Doc>
          <Doc icon={IconApi} href="/api/openapi.json" title="The API document">OpenAPI 3.1, to make clients from.</Doc>
          <div>
            <Text size="sm" fw={550}><IconTerminal2 size={15} aria-hidden style={{ verticalAlign: '-2px', marginRight: 6 }} />The command line</Text>
            <Text size="sm" c="dimmed" component="div"><Copy text={`reeve --url ${origin} login EMAIL`} label="Copy the command" /> and <code>reeve --help</code>. It does all that this console does.</Text>
          </div>
        </SimpleGrid>
        <Text size="sm" c="dimmed">How to run it is in the folder docs of the repository: CONFIGURATION for the environment, DEPLOY, SECURITY, and API-DESIGN for what all operations share.</Text>
      </Stack>
    </Panel>
  );
}

function Doc({ icon: Icon, href, title, children }: { icon: typeof IconApi; href: string; title: string; children: string }) {
  return (
    <div>
      <Text size="sm" fw={550}><Icon size={15} aria-hidden style={{ verticalAlign: '-2px', marginRight: 6 }} /><Anchor href={href} inherit>{title}</Anchor></Text>
      <Text size="sm" c="dimmed">{children}</Text>
    </div>
  );
}
