import type { SampleKind } from '@see/core'

export type ArchiveFormat = Extract<SampleKind, { kind: 'archive' }>['format']

/** What unpacks an archive on this host, confined by bubblewrap. */
export const unpackTools: Readonly<Record<ArchiveFormat, readonly [program: string, debianPackage: string]>> =
  {
    zip: ['7z', 'p7zip-full'],
    '7z': ['7z', 'p7zip-full'],
    rar: ['7z', 'p7zip-full'],
    cab: ['7z', 'p7zip-full'],
    iso: ['7z', 'p7zip-full'],
    tar: ['tar', 'tar'],
    gzip: ['gzip', 'gzip'],
    xz: ['xz', 'xz-utils'],
    bzip2: ['bzip2', 'bzip2'],
    zstd: ['zstd', 'zstd'],
  }
