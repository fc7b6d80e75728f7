// The answer: yes or no in large, the way where there is one, and the chain of facts.

import { Anchor, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Explanation, Fact } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { FactRow, type Weight } from './FactRow';
import { readable } from './readable';
import classes from './explain.module.css';

export function Answer({ answer }: { answer: Explanation }) {
  const { allowed, agentName, litellmModelName, facts } = answer;
  const deciding = allowed ? undefined : facts.find((fact) => !fact.holds);
  return (
    <Stack>
      <Paper withBorder p="md" aria-live="polite" className={classes.answer} data-allowed={allowed}>
        <Group wrap="nowrap" align="flex-start">
          <ThemeIcon size={40} radius="xl" color={allowed ? 'green.8' : 'red.8'} aria-hidden>{allowed ? <IconCheck /> : <IconX />}</ThemeIcon>
          <div>
            <Title order={2} fz={20} style={{ overflowWrap: 'anywhere' }}>
              {allowed ? 'Yes' : 'No'}: {agentName} {allowed ? 'can call' : 'cannot call'} {litellmModelName}
            </Title>
            <Text size="sm" mt={2} component="div">
              {answer.way ? <Way way={answer.way} /> : deciding && readable(deciding)}
            </Text>
          </div>
        </Group>
      </Paper>
      {groups(answer).map(({ title, facts: group }) => (
        <Panel key={title} title={title} flush>
          <ol className={classes.chain}>
            {group.map((fact, n) => (
              <FactRow key={n} fact={fact} answer={answer} weight={weightOf(fact, answer, deciding)} />
            ))}
          </ol>
        </Panel>
      ))}
    </Stack>
  );
}

function Way({ way }: { way: NonNullable<Explanation['way']> }) {
  return (
    <>
      Through realm <Anchor component={Link} to={`/realms/${way.realmSlug}`} inherit fw={600} td="underline">{way.realmSlug}</Anchor>, with generation {way.keyGeneration} of its key, on{' '}
      {way.proxies.map((name, n) => (
        <span key={name}>{n > 0 && ', else on '}<Anchor component={Link} to={`/proxies/${name}`} inherit fw={600} td="underline">{name}</Anchor></span>
      ))}
      .
    </>
  );
}

/** What a fact that does not hold means for the answer. */
function weightOf(fact: Fact, { allowed }: Explanation, deciding?: Fact): Weight {
  if (fact === deciding) return 'decides';
  if (fact.holds) return 'holds';
  return allowed ? 'not-needed' : 'in-the-way';
}

/** The agent and the model first, then each realm: a fact of kind `realm` begins one. */
function groups({ facts }: Explanation): { title: string; facts: Fact[] }[] {
  const found: { title: string; facts: Fact[] }[] = [{ title: 'The agent and the model', facts: [] }];
  for (const fact of facts) {
    if (fact.kind === 'realm') found.push({ title: fact.holds ? `Realm ${fact.subject}` : 'Realms', facts: [] });
    found.at(-1)?.facts.push(fact);
  }
  return found;
}
