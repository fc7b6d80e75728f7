// Observe mode: why nothing is changed on any proxy, what would be, and its end.

import { Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconEye } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ObserveMode } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Notice } from '../../components/Notice';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { listed } from '../models/naming';
import { observeQuery } from './observe';
import { DRIFT } from './words';

export function ObserveBanner() {
  const can = useCan();
  const done = useDone();
  const [asking, question] = useDisclosure();
  const { data } = useQuery(observeQuery);
  if (!data?.active) return null;
  return (
    <Notice tone="warn" icon={IconEye} title={<>Observe mode: nothing is changed on any proxy. It began <Time at={data.since} />.</>}>
      <Stack gap="xs">
        <Text size="sm">
          The proxies show revision {data.seenRevision}, and this registry made {data.revision} only. Its database was put back to an earlier state. Changes made
          here are kept and wait. What was revoked after that state was saved would come back: revoke it again before you end this.
        </Text>
        <WouldChange mode={data} />
        {can('proxies:write') && <Group><Button size="xs" variant="default" onClick={question.open}>End observe mode</Button></Group>}
      </Stack>
      <Confirm
        opened={asking} onClose={question.close} title="End observe mode" action="Make the registry the truth"
        run={async () => done('The registry is the truth again', await ask(api.POST('/api/observe-mode/end')), 'observe', 'proxies', 'models', 'realms')}
      >
        <Stack gap="xs">
          <Text size="sm">Every proxy is brought in line with this registry. Rights that were revoked after its backup was made come back, unless they were revoked again here.</Text>
          <WouldChange mode={data} />
        </Stack>
      </Confirm>
    </Notice>
  );
}

function WouldChange({ mode }: { mode: ObserveMode }) {
  const ours = mode.differences.filter((d) => d.class !== 'foreign');
  const proxies = [...new Set(ours.map((d) => d.proxyName))];
  if (proxies.length === 0) return <Text size="sm">The last full scans found nothing that would change.</Text>;
  return (
    <>
      <Text size="sm">What would change, as of the last full scans:</Text>
      <List size="sm">
        {proxies.map((name) => (
          <List.Item key={name}>
            <Anchor component={Link} to={`/proxies/${name}`} inherit underline="always">{name}</Anchor>: {listed(ours.filter((d) => d.proxyName === name).map((d) => `${d.count} ${DRIFT[d.class][0]}`))}
          </List.Item>
        ))}
      </List>
    </>
  );
}
