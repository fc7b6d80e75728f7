// The receipt's step on the proxies: every proxy with its objects, when each was done, what is in the way, and the evidence.

import { Anchor, Box, Button, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconRefresh } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ObjectReceipt } from '../../api/schema';
import { ProblemAlert } from '../../components/Problem';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { Evidence } from './Evidence';
import { useObjectWords, type ObjectWords } from './objects';
import type { ProxyTold, Told } from './receipt';
import { After } from './Step';
import classes from './Step.module.css';

const OPEN_AT_FIRST = 4;

export function OnProxies({ told }: { told: Told }) {
  const words = useObjectWords(told.receipt);
  return (
    <div>
      {told.proxies.map((proxy) => (
        <OneProxy key={proxy.id} proxy={proxy} from={told.receipt.at} words={words} few={told.proxies.length <= OPEN_AT_FIRST} />
      ))}
    </div>
  );
}

interface OneProps {
  proxy: ProxyTold;
  from: string;
  words: (object: ObjectReceipt) => ObjectWords;
  few: boolean;
}

function OneProxy({ proxy, from, words, few }: OneProps) {
  // Until one says otherwise: open where there is something to see.
  const [chosen, choose] = useState<boolean>();
  const opened = chosen ?? (few || proxy.state === 'parked');
  const id = useId();
  const label = {
    done: 'done', parked: 'given up', gone: 'left the registry',
    pending: `${proxy.done} of ${proxy.objects.length} done`,
  }[proxy.state];
  return (
    <div className={classes.proxy}>
      <UnstyledButton className={classes.bar} aria-expanded={opened} aria-controls={id} onClick={() => choose(!opened)}>
        <IconChevronRight size={15} className={classes.chevron} aria-hidden />
        <Text span fw={600} fz="sm" style={{ overflowWrap: 'anywhere' }}>{proxy.name ?? 'A proxy that was removed'}</Text>
        <Text span fz="sm" component="div">
          <Status state={proxy.state} tone={proxy.state === 'gone' ? 'off' : proxy.state === 'parked' ? 'bad' : proxy.way ? 'warn' : undefined} label={label} />
        </Text>
        <Box flex={1} />
        {proxy.at && <Text span fz="sm" component="div"><After from={from} at={proxy.at} /></Text>}
      </UnstyledButton>
      {opened && (
        <ul id={id} className={classes.objects}>
          {proxy.objects.map((object) => <OneObject key={`${object.kind}${object.id}`} object={object} from={from} words={words(object)} still={Boolean(proxy.way)} />)}
        </ul>
      )}
      <InTheWay proxy={proxy} />
    </div>
  );
}

/** `still`: it does not move as long as the proxy is as it is. */
function OneObject({ object, from, words, still }: { object: ObjectReceipt; from: string; words: ObjectWords; still: boolean }) {
  const proof = object.kind === 'revocation';
  const label = { done: proof ? 'refused' : 'done', pending: proof ? 'not proven yet' : 'waits', parked: 'given up' }[object.state];
  return (
    <li className={classes.object}>
      <span style={{ overflowWrap: 'anywhere' }}>{words.name} <Text span inherit c="dimmed">{words.about}</Text></span>
      <Status state={object.state} tone={object.state === 'parked' ? 'bad' : object.state === 'pending' && still ? 'warn' : undefined} label={label} />
      <span>{object.at ? <After from={from} at={object.at} /> : null}</span>
      {object.evidence && object.evidence.length > 0 && <div className={classes.wide}><Evidence rows={object.evidence} /></div>}
      {object.error && <Text className={classes.wide} size="sm" style={{ overflowWrap: 'anywhere' }}>It said: {object.error}</Text>}
    </li>
  );
}

/** What is waited for, or what to do. */
function InTheWay({ proxy }: { proxy: ProxyTold }) {
  const can = useCan();
  if (proxy.state === 'done') return null;
  const { name, now } = proxy;
  const link = name && can('proxies:read') ? <Anchor component={Link} to={`/proxies/${proxy.id}`} inherit underline="always">{name}</Anchor> : <b>{name}</b>;
  if (proxy.state === 'gone') {
    return <div className={classes.note}>This proxy has left the registry, so nothing is waited for there.</div>;
  }
  if (proxy.state === 'parked') {
    return (
      <div className={classes.note} data-tone="bad">
        <Stack gap="xs" align="flex-start">
          <span>{link} refused to carry this out, so Reeve does not repeat it by itself. Look at what it said, put it right there, then try again.</span>
          {can('proxies:write') && <TryAgain id={proxy.id} />}
        </Stack>
      </div>
    );
  }
  if (now && proxy.way) {
    return (
      <div className={classes.note}>
        {link} is {proxy.way}, since <Time at={now.wipedSince ?? now.statusSince} />{now.lastError && <>: {now.lastError.message}</>}.{' '}
        Reeve goes on trying; agents use the other proxies meanwhile.
      </div>
    );
  }
  return null;
}

/** What is parked on a proxy is tried once more with the next look at it. */
function TryAgain({ id }: { id: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const done = useDone();
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await ask(api.POST('/api/proxies/{id}/check', { params: { path: { id } } }));
      done('It is tried again', null, 'changes', 'proxies');
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <ProblemAlert error={error} />
      <Group gap="xs">
        <Button size="xs" variant="default" loading={busy} leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => void run()}>Try again now</Button>
      </Group>
    </>
  );
}
