/** What shows something of grants: first words of query keys. */
export const GRANT_TOPICS = ['realms', 'models', 'agents', 'changes', 'overview'];
