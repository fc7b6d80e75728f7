// That Realm Routing is active: which realm and model. The one violet thing of the console.

import { Alert, Anchor, Text } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AgentView, LlmConfigView, RealmLlmView } from '../../../api/schema';
import { inStep } from '../state';
import { routed } from './choice';
import classes from './config.module.css';

interface Props {
  agent: AgentView;
  config: LlmConfigView;
  offer?: RealmLlmView;
}

export function RoutingBanner({ agent, config, offer }: Props) {
  const route = routed(config, offer);
  const name = config.config?.model;
  return (
    <Alert color="violet" icon={<IconRoute aria-hidden />} title="Realm Routing is active" className={classes.routing}>
      <Text size="sm">
        {name ? (
          <>
            {agent.name} {inStep(agent) ? 'calls' : 'is to call'} {route.model ? <Anchor component={Link} to={`/models/${route.model.id}`} inherit fw={640} c="inherit" td="underline">{name}</Anchor> : <b>{name}</b>}
            {route.realms.length > 0 && <> through realm <Realms route={route} /></>}
            {route.byRule ? ', chosen by rule. ' : route.followed ? ', as it was chosen. ' : '. '}
          </>
        ) : (
          <>It would get its model and key through its realms; now it gets none. </>
        )}
        A config typed by hand is not used meanwhile.
      </Text>
      {!route.byRule && !route.followed && (
        <Text size="sm" mt={4}>
          {route.chosen
            ? <>Chosen is <b>{route.chosen.model.litellmModelName}</b> of {route.chosen.realm.realmName}{name ? ', which cannot be used yet' : ''}.</>
            : 'What was chosen is not granted any more.'}
        </Text>
      )}
    </Alert>
  );
}

function Realms({ route }: { route: ReturnType<typeof routed> }) {
  return (
    <>
      {route.realms.map((realm, n) => (
        <span key={realm.realmId}>
          {n > 0 && ' or '}
          <Anchor component={Link} to={`/realms/${realm.realmId}`} inherit fw={640} c="inherit" td="underline">{realm.realmName}</Anchor>
        </span>
      ))}
    </>
  );
}
