/** Places in HPACK's static table (RFC 7541, appendix A). */
const Static = { AUTHORITY: 1, METHOD_POST: 3, PATH: 4, SCHEME_HTTP: 6, AUTHORIZATION: 23, CONTENT_TYPE: 31 } as const;

/** The headers of a gRPC call, as literals that enter no table. */
export function requestHeaders(path: string, authority: string, token: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x80 | Static.METHOD_POST, 0x80 | Static.SCHEME_HTTP]),
    literal(Static.PATH, path),
    literal(Static.AUTHORITY, authority),
    literal(Static.CONTENT_TYPE, 'application/grpc'),
    literal('te', 'trailers'),
    ...(token === '' ? [] : [literal(Static.AUTHORIZATION, `Bearer ${token}`)]),
  ]);
}

function literal(name: number | string, value: string): Buffer {
  const named = typeof name === 'number' ? integer(name, 4) : Buffer.concat([Buffer.from([0]), text(name)]);
  return Buffer.concat([named, text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([integer(value.length, 7), Buffer.from(value, 'latin1')]);
}

function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** `grpc-status` in HPACK's Huffman code, as every encoder that uses it writes the name. */
const GRPC_STATUS = Buffer.from('9acac8b21234da8f', 'hex');

/**
 * The gRPC status of a block of trailers, undefined when it has none. A number of one or two digits is no shorter in Huffman code, so that
 * it stands there in plain text.
 */
export function grpcStatusIn(block: Buffer): number | undefined {
  const at = block.indexOf(GRPC_STATUS);
  if (at < 0) return undefined;
  const start = at + GRPC_STATUS.length + 1;
  return Number(block.toString('latin1', start, start + block[start - 1]!));
}
