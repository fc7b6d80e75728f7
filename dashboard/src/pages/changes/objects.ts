// What the objects of a receipt are called: the receipt has their ids, the realm and the model that the change names have the rest.

import { useQuery } from '@tanstack/react-query';
import { useCan } from '../../api/me';
import { modelQuery } from '../models/queries';
import { realmQuery } from '../realms/queries';
import type { ObjectReceipt, Receipt } from '../../api/schema';

export interface ObjectWords {
  name: string;
  /** What of it is brought in line. */
  about: string;
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

export function useObjectWords(receipt: Receipt): (object: ObjectReceipt) => ObjectWords {
  const can = useCan();
  const summary: Record<string, unknown> = receipt.summary;
  const slug = text(summary.realm) ?? text(summary.realmId) ?? (summary.kind === 'realm' ? text(summary.name) : undefined);
  const modelName = text(summary.model) ?? (summary.kind === 'model' ? text(summary.name) : undefined);
  // What is gone or not readable is called by its kind.
  const realm = useQuery({
    ...realmQuery(slug ?? ''),
    enabled: Boolean(slug) && receipt.kind !== 'realm.delete' && can('realms:read', 'any'),
    retry: false,
  }).data;
  const model = useQuery({
    ...modelQuery(modelName ?? ''),
    enabled: Boolean(modelName) && receipt.kind !== 'model.delete' && can('models:read', 'any'),
    retry: false,
  }).data;
  return ({ kind, id }) => {
    switch (kind) {
      case 'team':
        return { name: realm?.id === id ? `Team of ${realm.name}` : 'Team of a realm', about: 'model list and budget' };
      case 'key': {
        const key = realm?.keys.find((k) => k.id === id);
        return { name: key ? `Virtual key, generation ${key.generation}` : 'Virtual key', about: key ? key.fingerprint : 'a generation' };
      }
      case 'deployment': {
        const mine = model?.deployments.find((d) => d.id === id);
        return { name: mine ? `Deployment of ${model?.litellmModelName}` : 'Deployment', about: mine ? mine.modelId : 'a backend of a model' };
      }
      case 'revocation':
        return { name: 'Proof', about: 'the proxy is asked with the old key' };
    }
  };
}
