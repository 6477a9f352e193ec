/**
 * Keys of the metadata that our clients and server exchange beside the messages, which have no field for it. The original's programs
 * neither send nor read them.
 */
export const CallMetadata = {
  /** Request: the same key gives the same answer for 24 hours. */
  IDEMPOTENCY_KEY: 'idempotency-key',
  /** Request, `true`: say what a command would do, and do nothing. */
  DRY_RUN: 'stigmer-dry-run',
  /** Answer to a command: created, updated, unchanged or deleted. */
  OUTCOME: 'stigmer-outcome',
  /** Answer to an update: paths of the changed fields, percent-encoded, separated by commas. */
  CHANGED_FIELDS: 'stigmer-changed-fields',
  /** Answer to a delete: how many resources of which kinds went with it, as `agent_instance=1,session=2`. */
  CASCADE: 'stigmer-cascade',
  /** Answer to a list whose message has no field for it: token of the next page; absent on the last. */
  NEXT_PAGE_TOKEN: 'stigmer-next-page-token',
} as const;
