import { Page } from '../../components/Page';

export function Change() {
  return <Page title="Change">…</Page>;
}
