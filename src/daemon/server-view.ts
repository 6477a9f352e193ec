import { readFile } from 'node:fs/promises';
import { type Endpoint, formatAddress } from './wiring/network.js';
import { httpGet } from './http-get.js';

/** What the server says of one of the things that it depends on, or that has a lease. */
export interface SeenComponent {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly version: string;
  /** Of the holder of a lease, as it has said itself. */
  readonly pid: number | undefined;
  readonly host: string | undefined;
}

/** The server, asked over HTTP with the user's token. */
export class ServerView {
  readonly #endpoint: Endpoint;
  readonly #tokenFile: string;

  constructor(endpoint: Endpoint, tokenFile: string) {
    this.#endpoint = endpoint;
    this.#tokenFile = tokenFile;
  }

  /** `host:port` of the HTTP side. */
  get address(): string {
    return formatAddress(this.#endpoint);
  }

  /** Resolves when the server lives. Throws Error naming the address otherwise. */
  async healthy(signal: AbortSignal): Promise<void> {
    const { status } = await this.#get('/healthz', signal);
    if (status !== 200) throw new Error(`http://${this.address}/healthz answers with HTTP status ${status}`);
  }

  /** What the server depends on and who holds a lease. Throws Error naming the address when it cannot be had. */
  async components(signal: AbortSignal): Promise<readonly SeenComponent[]> {
    const { status, body } = await this.#get('/readyz', signal);
    // 503 is an answer too: it says what is missing.
    if (status !== 200 && status !== 503) throw new Error(`http://${this.address}/readyz answers with HTTP status ${status}`);
    const components = parseComponents(body);
    if (components === undefined) throw new Error(`http://${this.address}/readyz answers with what is not the state of stigmer-server`);
    return components;
  }

  async #get(path: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const token = (await readFile(this.#tokenFile, 'utf8')).trim();
    try {
      return await httpGet(`http://${this.address}${path}`, signal, { authorization: `Bearer ${token}` });
    } catch (error) {
      throw new Error(`stigmer-server does not answer at http://${this.address}${path}: ${(error as Error).message}`, { cause: error });
    }
  }
}

function parseComponents(body: string): readonly SeenComponent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Another program has the port, and speaks something else.
    return undefined;
  }
  const { components } = (value ?? {}) as { components?: unknown };
  if (!Array.isArray(components)) return undefined;
  return components.map((component: Partial<Record<string, unknown>>) => ({
    name: text(component['name']),
    state: text(component['state']).toLowerCase(),
    detail: text(component['detail']),
    version: text(component['version']),
    pid: typeof component['pid'] === 'number' ? component['pid'] : undefined,
    host: typeof component['host'] === 'string' ? component['host'] : undefined,
  }));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
