import { Page } from '../../components/Page';

export function Access() {
  return <Page title="Access">…</Page>;
}
