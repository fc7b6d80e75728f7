// Replacing the virtual key: with overlap, which no call notices; or at once, for one that leaked.

import { Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import type { SyncedRealmView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { Whom } from './Whom';

/** All keys of the realm, or an agent's own. */
export interface RotateWhat {
  agent?: string;
  name?: string;
}

interface Props {
  realm: SyncedRealmView;
  /** `undefined`: closed. */
  what?: RotateWhat;
  onClose: () => void;
}

export function RotateKey({ realm, what, onClose }: Props) {
  const [way, setWay] = useState('overlap');
  const done = useDone();
  const atOnce = way === 'now';
  const close = () => { setWay('overlap'); onClose(); };
  const whose = what?.name ?? realm.name;
  const run = async () => {
    const answer = await ask(api.POST('/api/realms/{id}/keys/rotate', { params: { path: { id: realm.id } }, body: { agent: what?.agent, atOnce } }));
    done(`${whose} has a new key`, answer, 'realms', 'agents', 'changes', 'overview');
  };
  return (
    <Confirm opened={what !== undefined} onClose={close} title={`Rotate the key of ${whose}`} action={atOnce ? 'Rotate at once' : 'Rotate'} harmless={!atOnce} run={run}>
      {what && (
        <Stack gap="md">
          <Radio.Group value={way} onChange={setWay} aria-label="How the key before goes">
            <Stack gap="sm">
              <Radio
                value="overlap" label="With overlap"
                description="The new key is made on every proxy, then agents are given it. The one before works until all of them have the next, at most 24 hours. No call fails."
              />
              <Radio
                value="now" label="At once"
                description="For a key that leaked. The one before is blocked on every proxy now and each is asked until it was proven to refuse it."
              />
            </Stack>
          </Radio.Group>
          {atOnce && (
            <Text size="sm" component="div" role="status">
              {what.agent ? <><b>{what.name}</b> can call nothing until it has its new key.</> : <><Whom realm={realm} /> {realm.members > 0 && 'Calls fail until each has the new key:'}</>}{' '}
              {(what.agent || realm.members > 0) && 'moments when connected; one that is away, when it connects.'}
            </Text>
          )}
        </Stack>
      )}
    </Confirm>
  );
}
