// Saving a mode's form: busy meanwhile, and why it did not work.

import { useState } from 'react';

export function useSave() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  /** `refused` may take a problem to the field that it names; then it says `true`. */
  const run = async (work: () => Promise<void>, refused?: (thrown: unknown) => boolean) => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      if (!refused?.(thrown)) setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
