import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createToken, openTokenBook } from './token-book.js';

let directory: string;
let unsafe: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stigmer-tokens-'));
  unsafe = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => openTokenBook({ directory, userName: 'ada', onUnsafeFile: (path) => unsafe.push(path) });
const tokenIn = (name: string) => readFileSync(join(directory, name), 'utf8').trim();

describe('openTokenBook', () => {
  it('makes the user’s token, 32 random bytes that nobody else can read', () => {
    const book = open();
    expect(tokenIn('user')).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(directory, 'user')).mode & 0o777).toBe(0o600);
    expect(book.callerOf(tokenIn('user'))).toEqual({ kind: 'user', name: 'ada' });
  });

  it('keeps a token that is there', () => {
    createToken(join(directory, 'user'));
    const before = tokenIn('user');
    open();
    expect(tokenIn('user')).toBe(before);
  });

  it('tells the worker and runners by the names of their files', () => {
    createToken(join(directory, 'worker'));
    createToken(join(directory, 'agent-runner-1'));
    const book = open();
    expect(book.callerOf(tokenIn('worker'))).toEqual({ kind: 'worker', name: 'worker' });
    expect(book.callerOf(tokenIn('agent-runner-1'))).toEqual({ kind: 'runner', name: 'agent-runner-1' });
  });

  it('knows nobody by another text', () => {
    const book = open();
    for (const text of ['', 'dummy-local-key', '0'.repeat(64)]) expect(book.callerOf(text)).toBeUndefined();
  });

  it('knows a runner that the supervisor adds later, at once', () => {
    const book = open();
    createToken(join(directory, 'agent-runner-2'));
    expect(book.callerOf(tokenIn('agent-runner-2'))).toMatchObject({ name: 'agent-runner-2' });
  });

  it('refuses to start with a token that others can read, and passes over one that appears later', () => {
    const book = open();
    writeFileSync(join(directory, 'leaky'), '1'.repeat(64));
    chmodSync(join(directory, 'leaky'), 0o644);
    expect(book.callerOf('1'.repeat(64))).toBeUndefined();
    expect(unsafe).toEqual([join(directory, 'leaky')]);
    expect(() => open()).toThrow(/chmod 600/);
  });
});
