import { createHash, randomBytes } from 'node:crypto';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import { workflowFailure } from '../workflow-failure.js';

/** A request to a token endpoint, made by whoever calls. */
export type TokenRequest = (endpoint: string, headers: Readonly<Record<string, string>>, form: URLSearchParams) => Promise<Json>;

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The header `authorization` for a call, before it is made. Undefined where the server must ask first (digest), or nothing is wanted. */
export async function authorization(definition: JsonObject | undefined, requestToken: TokenRequest): Promise<string | undefined> {
  if (definition === undefined) return undefined;
  const { basic, bearer, oauth2, oidc } = definition;
  if (isObject(basic)) return `Basic ${Buffer.from(`${text(basic['username'])}:${text(basic['password'])}`).toString('base64')}`;
  if (isObject(bearer)) return `Bearer ${text(bearer['token'])}`;
  const oauth = isObject(oauth2) ? oauth2 : oidc;
  return isObject(oauth) ? `Bearer ${await accessToken(oauth, isObject(oidc), requestToken)}` : undefined;
}

async function accessToken(policy: JsonObject, openId: boolean, requestToken: TokenRequest): Promise<string> {
  const client = isObject(policy['client']) ? policy['client'] : {};
  const endpoints = isObject(policy['endpoints']) ? policy['endpoints'] : {};
  const authority = text(policy['authority']).replace(/\/$/, '');
  const path = text(endpoints['token']) || (openId ? '' : '/oauth2/token');
  const form = new URLSearchParams({ grant_type: text(policy['grant']) || 'client_credentials' });
  const add = (name: string, value: Json | undefined): void => {
    if (typeof value === 'string' && value !== '') form.set(name, value);
    else if (Array.isArray(value) && value.length > 0) form.set(name, value.map(text).join(' '));
  };
  add('scope', policy['scopes']);
  add('audience', policy['audiences']);
  add('username', policy['username']);
  add('password', policy['password']);
  const headers: Record<string, string> = {};
  if (client['authentication'] === 'client_secret_basic') {
    headers['authorization'] = `Basic ${Buffer.from(`${text(client['id'])}:${text(client['secret'])}`).toString('base64')}`;
  } else {
    add('client_id', client['id']);
    add('client_secret', client['secret']);
  }
  const answer = await requestToken(`${authority}${path}`, headers, form);
  const token = isObject(answer) ? answer['access_token'] : undefined;
  if (typeof token !== 'string') throw workflowFailure({ error: 'authentication', detail: `${authority} gave no access_token`, retryable: false });
  return token;
}

/** The answer to a server that asks for digest authentication (RFC 7616): MD5 and SHA-256, quality auth. */
export function digestAuthorization(definition: JsonObject, challenge: string, method: string, uri: string): string | undefined {
  const { digest } = definition;
  if (!isObject(digest) || !/^digest /i.test(challenge)) return undefined;
  const asked = Object.fromEntries([...challenge.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, key, quoted, bare]) => [key as string, quoted ?? bare ?? '']));
  const { realm = '', nonce = '', qop, opaque, algorithm = 'MD5' } = asked;
  const hash = (value: string): string => createHash(/^sha-256/i.test(algorithm) ? 'sha256' : 'md5').update(value).digest('hex');
  const cnonce = randomBytes(8).toString('hex');
  const count = '00000001';
  const username = text(digest['username']);
  const plain = hash(`${username}:${realm}:${text(digest['password'])}`);
  const first = /-sess$/i.test(algorithm) ? hash(`${plain}:${nonce}:${cnonce}`) : plain;
  const second = hash(`${method}:${uri}`);
  const quality = qop?.split(',').map((one) => one.trim()).includes('auth') === true;
  const response = quality ? hash(`${first}:${nonce}:${count}:${cnonce}:auth:${second}`) : hash(`${first}:${nonce}:${second}`);
  const parts = [`username="${username}"`, `realm="${realm}"`, `nonce="${nonce}"`, `uri="${uri}"`, `response="${response}"`, `algorithm=${algorithm}`];
  if (quality) parts.push('qop=auth', `nc=${count}`, `cnonce="${cnonce}"`);
  if (opaque !== undefined) parts.push(`opaque="${opaque}"`);
  return `Digest ${parts.join(', ')}`;
}
