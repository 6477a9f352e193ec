import { isIP } from 'node:net';
import { invalidArgument } from '../contract/errors.js';
import type { ListenAddress } from './edge/listener.js';

const RUNNERS = 'runners@';

/** Reads STIGMER_LISTEN: addresses separated by commas, each of which may be kept to runners. INVALID_ARGUMENT for anything else. */
export function parseListenAddresses(text: string): readonly ListenAddress[] {
  const addresses = text.split(',').map((entry): ListenAddress => {
    const trimmed = entry.trim();
    const runnersOnly = trimmed.startsWith(RUNNERS);
    const host = runnersOnly ? trimmed.slice(RUNNERS.length) : trimmed;
    if (host !== 'localhost' && isIP(host) === 0) throw invalidArgument('STIGMER_LISTEN', `'${trimmed}' must be an IP address, or runners@ and an IP address`);
    return { host: host === 'localhost' ? '127.0.0.1' : host, runnersOnly };
  });
  if (addresses.every(({ runnersOnly }) => runnersOnly)) throw invalidArgument('STIGMER_LISTEN', 'must have one address that is not for runners only');
  return addresses;
}
