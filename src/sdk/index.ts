/** What people's projects import from `stigmer`. */
export * from '../client/watch.js';
