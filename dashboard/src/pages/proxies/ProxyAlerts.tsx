// What is wrong with a proxy, or goes on with it, and what to do.

import { Anchor, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ProxyView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Notice } from '../../components/Notice';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { FrozenAlert } from '../freezes/Freeze';
import { count } from '../models/naming';

export function ProxyAlerts({ proxy }: { proxy: ProxyView }) {
  const can = useCan();
  const elsewhere = proxy.avoided && ' Its agents are sent elsewhere, as far as another proxy serves them.';
  return (
    <>
      {proxy.frozen && <FrozenAlert kind="proxy" id={proxy.id} name={proxy.name} frozen={proxy.frozen} may={can('freezes:write')} />}
      {(proxy.status === 'unreachable' || proxy.status === 'unsupported') && (
        <Say bad title={proxy.status === 'unreachable' ? <>It stopped answering <Time at={proxy.statusSince} /></> : 'Reeve cannot work with it'}>
          {proxy.lastError?.message ?? proxy.lastError?.code}.{elsewhere}
          {proxy.status === 'unreachable' && ' What is to be done on it waits, and is done when it comes back.'}
        </Say>
      )}
      {proxy.status === 'ready' && proxy.avoided && (
        <Say title="It answers again, and is watched for a minute">Its agents come back when it has answered for 60 seconds and a scan has found everything there.</Say>
      )}
      {proxy.wipedSince && (
        <Say bad title={<>Most of what Reeve made there is missing, first seen <Time at={proxy.wipedSince} /></>}>
          As after its database was lost. When a scan a minute later says the same, all of it is made again: the same ids, the same keys.{elsewhere}
        </Say>
      )}
      {proxy.deleting && <Say title="It is being removed">Everything of Reeve’s is taken off it, then it is forgotten.{proxy.status !== 'ready' && ' That waits until it answers. If it is gone for good, remove it with force.'}</Say>}
      {proxy.state === 'draining' && !proxy.deleting && <Say title="It is being drained">Agents are sent elsewhere, as far as another proxy serves them. What is on it stays in step.</Say>}
      {proxy.state === 'disabled' && !proxy.deleting && <Say title="It is disabled">Everything of Reeve’s is taken off it. It stays registered.</Say>}
      {proxy.pruneHeld > 0 && <HeldBack proxy={proxy} may={can('proxies:write')} />}
    </>
  );
}

function Say({ title, bad, children }: { title: ReactNode; bad?: boolean; children: ReactNode }) {
  return (
    <Notice tone={bad ? 'bad' : 'info'} icon={bad ? IconAlertTriangle : IconInfoCircle} title={title}>
      <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>{children}</Text>
    </Notice>
  );
}

/** Objects of Reeve's own that the registry does not know, too many to be removed unasked. */
function HeldBack({ proxy, may }: { proxy: ProxyView; may: boolean }) {
  const done = useDone();
  const [asking, question] = useDisclosure();
  const what = count(proxy.pruneHeld, 'object');
  return (
    <Say bad title={`${what} of Reeve’s own, unknown to the registry, held back`}>
      A scan would remove them, but they are more than a scan removes unasked. Look at <Anchor href="#drift" inherit underline="always">the differences</Anchor> first: when the registry is
      an old one, what is missing from it may be in use.
      {may && <Group mt="xs"><Button size="xs" variant="default" onClick={question.open}>Remove them</Button></Group>}
      <Confirm
        opened={asking} onClose={question.close} title={`Remove ${what} from ${proxy.name}`} action="Remove" name={proxy.name}
        run={async () => {
          await ask(api.POST('/api/proxies/{id}/prune', { params: { path: { id: proxy.id } } }));
          done(`A scan removes them from ${proxy.name} now`, undefined, 'proxies', 'observe');
        }}
      >
        A scan, which is due at once, removes everything on {proxy.name} that is Reeve’s own by its mark and unknown to the registry. Whoever calls with one of these keys
        or models cannot any more. This cannot be undone.
      </Confirm>
    </Say>
  );
}
