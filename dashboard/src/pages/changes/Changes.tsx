import { Page } from '../../components/Page';

export function Changes() {
  return <Page title="Changes">…</Page>;
}
