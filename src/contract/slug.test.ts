import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertSlug, slugOf } from './slug.js';

describe('slugOf', () => {
  it.each([
    ['My Agent', 'my-agent'],
    ['Agent@123!', 'agent123'],
    ['Agent_Test', 'agenttest'],
    ['Agent 你好', 'agent'],
    ['my.agent', 'myagent'],
    ['  a  --  b  ', 'a-b'],
    ['tab\there', 'tabhere'],
    ['你好', ''],
    ['x'.repeat(300), 'x'.repeat(300)],
  ])('%j gives %j', (name, slug) => expect(slugOf(name)).toBe(slug));

  it('leaves a slug as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(slugOf(slugOf(name))).toBe(slugOf(name));
      }),
    );
  });
});

describe('assertSlug', () => {
  it('lets through whatever slugOf gives, but nothing empty', () => {
    fc.assert(
      fc.property(fc.string().map(slugOf).filter((slug) => slug !== ''), (slug) => {
        assertSlug(slug);
      }),
    );
    expect(() => assertSlug('')).toThrow(/^metadata\.slug: /);
  });

  it('says what would do instead', () => {
    expect(() => assertSlug('My_Agent')).toThrow("'myagent' would do");
  });
});
