/**
 * Loaded into a server whose memory is measured (`node --expose-gc --import`): collects garbage at SIGUSR2, so that what is compared is
 * what is held and not when it was last tidied up.
 */
process.on('SIGUSR2', () => {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
});
