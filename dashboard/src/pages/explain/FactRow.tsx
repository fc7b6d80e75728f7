// One fact of the chain: whether it holds, since when, what changes it, and the page of what it is about.

import { Anchor, Badge, Code, Group, Text, ThemeIcon } from '@mantine/core';
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Explanation, Fact } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { Time } from '../../components/Time';
import classes from './explain.module.css';
import { readable } from './readable';

export type Weight = 'holds' | 'decides' | 'in-the-way' | 'not-needed';

const LOOKS = {
  holds: { color: 'green.8', icon: IconCheck, word: 'Holds' },
  decides: { color: 'red.8', icon: IconX, word: 'Does not hold' },
  'in-the-way': { color: 'red.8', icon: IconX, word: 'Does not hold' },
  'not-needed': { color: 'gray.6', icon: IconMinus, word: 'Does not hold, and is not needed' },
};

const KINDS: Record<Fact['kind'], string> = {
  agent: 'Agent', mode: 'Mode', model: 'Model', freeze: 'Freeze', realm: 'Realm', grant: 'Grant', key: 'Key', proxy: 'Proxy', budget: 'Budget',
};

export function FactRow({ fact, answer, weight }: { fact: Fact; answer: Explanation; weight: Weight }) {
  const { color, icon: Icon, word } = LOOKS[weight];
  return (
    <li className={classes.fact} data-weight={weight}>
      <ThemeIcon size={22} radius="xl" color={color} role="img" aria-label={word}><Icon size={14} aria-hidden /></ThemeIcon>
      <div className={classes.body}>
        <Group gap="2px 10px">
          <Text size="xs" c="dimmed" fw={550}>{KINDS[fact.kind]} · <Anchor component={Link} to={pageOf(fact, answer)} inherit td="underline">{fact.subject}</Anchor></Text>
          {weight === 'decides' && <Badge color="red.8" variant="filled" size="sm" tt="none">Decides</Badge>}
          {weight === 'not-needed' && <Text size="xs" c="dimmed">another one does</Text>}
        </Group>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{readable(fact)}</Text>
        {fact.todo && <Todo text={fact.todo} />}
      </div>
      {fact.since && <Text size="xs" c="dimmed" className={classes.since}><Time at={fact.since} /></Text>}
    </li>
  );
}

/** A command is offered for copying; one within a sentence stands between backticks. */
function Todo({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed" mt={2} component="div">
      {text.startsWith('reeve ')
        ? <>To change it: <Copy text={text} label="Copy the command" /></>
        : text.split('`').map((part, n) => (n % 2 ? <Code key={n}>{part}</Code> : part))}
    </Text>
  );
}

function pageOf({ kind, subject }: Fact, answer: Explanation): string {
  const agent = `/agents/${answer.agentDid}`;
  const model = `/models/${encodeURIComponent(answer.litellmModelName)}`;
  switch (kind) {
    case 'agent': case 'mode': return agent;
    case 'model': return model;
    case 'proxy': case 'budget': return `/proxies/${subject}`;
    case 'realm': return subject === answer.agentName ? agent : `/realms/${subject}`;
    case 'freeze': return subject === answer.agentName ? agent : subject === answer.litellmModelName ? model : `/realms/${subject}`;
    case 'grant': case 'key': return `/realms/${subject}`;
  }
}
