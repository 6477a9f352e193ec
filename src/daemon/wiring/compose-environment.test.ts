import { describe, expect, it } from 'vitest';
import { defineEnvironment } from '../../contract/environment.js';
import { composeEnvironment } from './compose-environment.js';

const environment = defineEnvironment({
  ADDRESS: { type: 'address', required: true, meaning: 'where', example: 'localhost:1' },
  SLOTS: { type: 'int', default: 1, meaning: 'how many', example: '2' },
  LOUD: { type: 'boolean', default: false, meaning: 'whether', example: '1' },
});

describe('an environment for a program', () => {
  it('has what is set, as text, and leaves the rest to the program', () => {
    expect(composeEnvironment('it', environment, { ADDRESS: 'localhost:1', SLOTS: 3, LOUD: undefined })).toEqual({ ADDRESS: 'localhost:1', SLOTS: '3' });
    expect(composeEnvironment('it', environment, { ADDRESS: 'localhost:1', LOUD: true })).toEqual({ ADDRESS: 'localhost:1', LOUD: '1' });
  });

  it('cannot have a variable that the program does not read', () => {
    // @ts-expect-error: nor does it compile
    expect(() => composeEnvironment('it', environment, { ADDRESS: 'localhost:1', ADRESS: 'localhost:1' })).toThrow(/^ADRESS cannot be set for it/);
  });

  it('cannot lack one that is required', () => {
    // @ts-expect-error: nor does it compile
    expect(() => composeEnvironment('it', environment, { SLOTS: 1 })).toThrow(/^ADDRESS is not set/);
  });

  it('cannot have a value that the program would refuse', () => {
    expect(() => composeEnvironment('it', environment, { ADDRESS: 'http://localhost:1' })).toThrow(/^ADDRESS "http:\/\/localhost:1" must be host:port/);
  });
});
