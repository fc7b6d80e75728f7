// /changes: everything that was changed, newest first, each with the way to its receipt.

import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { ChangeList } from './ChangeList';

export function Changes() {
  return (
    <Page title="Changes" lead="What was changed, by whom, and what became of it on every proxy and agent. The numbers count up and never go back.">
      <Panel flush><ChangeList /></Panel>
    </Page>
  );
}
