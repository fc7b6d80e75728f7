// What can be done with a proxy: check, edit, drain, disable, activate, freeze, remove.

import { Button, Checkbox, Stack, Text } from '@mantine/core';
import { IconDoorExit, IconPencil, IconPlayerPlay, IconPlayerStop, IconRefresh, IconSnowflake, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ProxyState, ProxyView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { AtOpening } from '../../components/AtOpening';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { FreezeDialog } from '../freezes/Freeze';
import { ProxyForm } from './ProxyForm';
import { Served } from './Served';
import { useCheck } from './useCheck';

type Dialog = 'edit' | 'draining' | 'disabled' | 'active' | 'freeze' | 'remove';

export function ProxyActions({ proxy, etag }: { proxy: ProxyView; etag?: string }) {
  const can = useCan();
  const done = useDone();
  const navigate = useNavigate();
  const check = useCheck(proxy);
  const [dialog, setDialog] = useState<Dialog>();
  const [force, setForce] = useState(false);
  const close = () => {
    setDialog(undefined);
    setForce(false);
  };
  const params = { path: { id: proxy.id }, header: { 'If-Match': etag } };
  const setState = (state: ProxyState, said: string) => async () => {
    done(said, await ask(api.PATCH('/api/proxies/{id}', { params, body: { state } })), 'proxies', 'realms', 'models', 'agents');
  };
  const remove = async () => {
    const answer = await ask(api.DELETE('/api/proxies/{id}', { params: { ...params, query: { force } } }));
    if (force) await navigate({ to: '/proxies' });
    done(force ? `Forgot ${proxy.name}` : `Emptying ${proxy.name}, then it goes`, answer, 'proxies', 'realms', 'models', 'agents');
  };
  const [writes, freezes] = [can('proxies:write'), can('freezes:write')];
  if (!writes && !freezes) return null;
  const { state, name } = proxy;
  return (
    <>
      {writes && <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} loading={check.busy} onClick={check.run}>Check now</Button>}
      {writes && <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog('edit')}>Edit</Button>}
      <ActionMenu
        actions={[
          writes && state === 'active' && { label: 'Drain', icon: IconDoorExit, run: () => setDialog('draining') },
          writes && state !== 'active' && { label: 'Activate', icon: IconPlayerPlay, run: () => setDialog('active') },
          writes && state !== 'disabled' && { label: 'Disable', icon: IconPlayerStop, run: () => setDialog('disabled') },
          freezes && !proxy.frozen && { label: 'Freeze', icon: IconSnowflake, run: () => setDialog('freeze') },
          writes && { label: 'Remove', icon: IconTrash, bad: true, run: () => setDialog('remove') },
        ]}
      />
      <AtOpening opened={dialog === 'edit'} value={{ proxy, etag }} version={etag}>{(began) => <ProxyForm opened={dialog === 'edit'} onClose={close} {...began} />}</AtOpening>
      <Confirm opened={dialog === 'draining'} onClose={close} title={`Drain ${name}`} action="Drain" run={setState('draining', `Draining ${name}`)}>
        <Stack gap="xs">
          <Text size="sm">Its agents are sent elsewhere. What is on it stays in step, so that it can come back at once.</Text>
          <Served proxy={proxy} lose="Their agents stay here." />
        </Stack>
      </Confirm>
      <Confirm opened={dialog === 'disabled'} onClose={close} title={`Disable ${name}`} action="Disable" run={setState('disabled', `Disabling ${name}`)}>
        <Stack gap="xs">
          <Text size="sm">
            Its agents are sent elsewhere at once, and everything of Reeve’s is taken off it. It stays registered.
            {state === 'active' && ' Drain it first, so that no call is cut off.'}
          </Text>
          <Served proxy={proxy} lose="Their agents cannot call anything until it is activated." />
        </Stack>
      </Confirm>
      <Confirm opened={dialog === 'active'} onClose={close} title={`Use ${name} again`} action="Activate" harmless run={setState('active', `Using ${name} again`)}>
        {state === 'disabled' ? 'Everything that its realms need is put on it again. Agents come when it holds their keys.' : 'Agents may be sent to it again.'}
      </Confirm>
      <FreezeDialog opened={dialog === 'freeze'} onClose={close} kind="proxy" id={proxy.id} name={name}>
        <Stack gap="xs">
          <Text size="sm">Every key of Reeve’s is blocked on it at once. What is on it stays, and it goes on with that when it is unfrozen.</Text>
          <Served proxy={proxy} lose="Their agents cannot call anything meanwhile." />
        </Stack>
      </FreezeDialog>
      <Confirm opened={dialog === 'remove'} onClose={close} title={`Remove ${name}`} action={force ? 'Forget it now' : 'Remove'} name={name} run={remove}>
        <Stack gap="xs">
          {force ? (
            <Text size="sm"><b>It is forgotten at once and what Reeve made stays on it.</b> Its models can still be called with the keys of the realms until somebody removes them there by hand.</Text>
          ) : (
            <Text size="sm">
              Its agents are sent elsewhere, everything of Reeve’s is taken off it, then it is forgotten. Until then it is listed as being removed.
              {proxy.status !== 'ready' && ' It does not answer now, so that waits until it does.'}
            </Text>
          )}
          <Served proxy={proxy} lose="Their agents cannot call anything any more." />
          <Checkbox
            mt="xs" checked={force} onChange={(event) => setForce(event.currentTarget.checked)}
            label="It is gone for good: forget it at once" description="For a proxy that will never answer again."
          />
        </Stack>
      </Confirm>
    </>
  );
}
