/** "downloading X … 12 of 44 MB", each time another whole megabyte is there; `total` may be unknown. */
export function megabyteProgress(what: string, total: number | undefined, tell: (text: string) => void): (bytes: number) => void {
  let told = -1;
  return (bytes) => {
    const megabytes = Math.floor(bytes / 1e6);
    if (megabytes === told) return;
    told = megabytes;
    tell(`${what} … ${megabytes}${total === undefined ? '' : ` of ${Math.floor(total / 1e6)}`} MB`);
  };
}
