// How an agent comes in, in three steps, for who has never done it.

import { SimpleGrid, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Copy } from '../../components/Copy';
import { Panel } from '../../components/Panel';

export const enrolCommand = (token: string) => `REEVE_ENROLL_TOKEN=${token} reeve-agent enroll --url ${window.location.origin}`;

export function HowEnrolment() {
  return (
    <Panel>
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
        <Step n={1} title="Make a token">
          It says which realms the agent joins, for how many agents it is good, and until when. Hand it over as you would a password.
        </Step>
        <Step n={2} title="Enrol, where the agent runs">
          <div><Copy text={enrolCommand('TOKEN')} label="Copy the command" /></div>
          The program makes a key that never leaves the machine; its public half is the agent&apos;s DID. Without a token the agent waits under Agents until
          somebody approves it.
        </Step>
        <Step n={3} title="Run it">
          <div><Copy text="reeve-agent exec -- CMD" label="Copy the command" /></div>
          This starts a program with the model and the key that the realm grants. <b>reeve-agent run</b> only keeps the session. From then on you see here what it
          runs.
        </Step>
      </SimpleGrid>
    </Panel>
  );
}

function Step({ n, title, children }: { n: number; title: string; children: ReactNode }) {
  return (
    <div>
      <Title order={2} fz={14} mb={4}>{n}. {title}</Title>
      <Text size="sm" c="dimmed" component="div">{children}</Text>
    </div>
  );
}
