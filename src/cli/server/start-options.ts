import type { FlagOption, NumberOption, TextOption, TextsOption } from '../command.js';

const PORT = { type: 'number', min: 1, max: 65_535 } as const;
const NO_EFFECT = 'taken for existing scripts; it has no effect';

/** What `server start` and `server restart` take. */
export const startOptions = {
  only: { type: 'texts', value: 'NAMES', summary: 'these components and nothing else, such as server,worker; may be repeated' } satisfies TextsOption,
  demoModel: { type: 'flag', summary: 'run agents on a scripted local model, for those who have neither provider nor key' } satisfies FlagOption,
  port: { ...PORT, short: 'p', summary: 'gRPC port (default 7234)' } satisfies NumberOption,
  httpPort: { ...PORT, summary: 'HTTP port (default 7235)' } satisfies NumberOption,
  temporalPort: { ...PORT, summary: 'port of the Temporal dev server (default 7233)' } satisfies NumberOption,
  // The original parses these five and uses none of them.
  executionMode: { type: 'text', value: 'MODE', summary: NO_EFFECT, hidden: true } satisfies TextOption,
  sandboxImage: { type: 'text', value: 'IMAGE', summary: NO_EFFECT, hidden: true } satisfies TextOption,
  sandboxAutoPull: { type: 'flag', summary: NO_EFFECT, hidden: true } satisfies FlagOption,
  sandboxCleanup: { type: 'flag', summary: NO_EFFECT, hidden: true } satisfies FlagOption,
  sandboxTtl: { type: 'text', value: 'SECONDS', summary: NO_EFFECT, hidden: true } satisfies TextOption,
} as const;

export const WITHOUT_EFFECT = ['executionMode', 'sandboxImage', 'sandboxAutoPull', 'sandboxCleanup', 'sandboxTtl'] as const;

/** The values of these options. */
export interface StartInput {
  readonly only: readonly string[];
  readonly demoModel: boolean | undefined;
  readonly port: number | undefined;
  readonly httpPort: number | undefined;
  readonly temporalPort: number | undefined;
  readonly executionMode: string | undefined;
  readonly sandboxImage: string | undefined;
  readonly sandboxAutoPull: boolean | undefined;
  readonly sandboxCleanup: boolean | undefined;
  readonly sandboxTtl: string | undefined;
}
