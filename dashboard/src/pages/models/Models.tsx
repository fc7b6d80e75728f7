import { Page } from '../../components/Page';

export function Models() {
  return <Page title="Models">…</Page>;
}
