import { Page } from '../../components/Page';

export function Agent() {
  return <Page title="Agent">…</Page>;
}
