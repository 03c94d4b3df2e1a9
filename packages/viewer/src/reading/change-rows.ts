import type { DiskChanges } from '@see/evidence'
import type { ChangeRow, RegistryRow } from '../model/rows.ts'
import type { CaseFiles, ReadRecord } from './case-files.ts'

type Disk = ReadRecord<'disk_changes'>

/** Files that the guest created, modified and deleted; their times are those of the guest's clock. */
export function changeRows(files: CaseFiles): ChangeRow[] {
  const { bounds } = files
  const all = files.of('disk_changes').flatMap((disk) => changesIn(disk, files))
  return bounds.rows('changed files', all).map((row) => ({
    ...row,
    path: bounds.field(row.path),
    type: bounds.field(row.type),
    detail: bounds.field(row.detail),
  }))
}

function changesIn({ value, file }: Disk, files: CaseFiles): ChangeRow[] {
  const { clock } = files
  const disk = value.disk === undefined ? '' : `${value.disk}: `
  const contentOf = (path: string | undefined) =>
    path === undefined ? null : (files.find(path)?.file ?? null)
  return [
    ...value.created_files.map((each) => ({
      t: clock.ofGuest(each.mtime),
      file,
      change: 'created' as const,
      path: `${disk}${each.path}`,
      type: each.type,
      size: each.size ?? null,
      detail: [
        each.permissions,
        `${each.uid}:${each.gid}`,
        each.target === undefined ? '' : `→ ${each.target}`,
        each.renamed_from === undefined ? '' : `renamed from ${each.renamed_from}`,
        each.skipped ?? '',
      ]
        .filter((part) => part !== '')
        .join(' '),
      sha1: each.sha1 ?? null,
      content: contentOf(each.extracted),
    })),
    ...value.modified_files.map((each) => ({
      t: clock.ofGuest(each.mtime),
      file,
      change: 'modified' as const,
      path: `${disk}${each.path}`,
      type: each.type,
      size: each.size ?? null,
      detail: `${each.changes.join(', ')}${each.original_sha1 === undefined ? '' : `; SHA-1 was ${each.original_sha1}`}`,
      sha1: each.sha1 ?? null,
      content: contentOf(each.extracted),
    })),
    ...value.deleted_files.map((each) => ({
      t: null,
      file,
      change: 'deleted' as const,
      path: `${disk}${each.path}`,
      type: each.type,
      size: each.size ?? null,
      detail: each.renamed_to === undefined ? '' : `renamed to ${each.renamed_to}`,
      sha1: each.original_sha1 ?? null,
      content: null,
    })),
  ]
}

type Registry = NonNullable<DiskChanges['registry']>

/** Keys and values of the registry. */
export function registryRows(files: CaseFiles): RegistryRow[] {
  const { clock, bounds } = files
  const all = files
    .of('disk_changes')
    .flatMap(({ value, file }) =>
      value.registry === null ? [] : registryIn(value.registry, file, clock.ofGuest),
    )
  return bounds.rows('changes of the registry', all).map((row) => ({
    ...row,
    key: bounds.field(row.key),
    value: row.value === null ? null : bounds.field(row.value),
    data: bounds.field(row.data),
    original: bounds.field(row.original),
  }))
}

function named({ value }: { readonly value: string }): string {
  return value === '' ? '(default)' : value
}

function registryIn(
  registry: Registry,
  file: number,
  time: (text: string | null) => number | null,
): RegistryRow[] {
  const none = { t: null, file, value: null, data: '', original: '' }
  return [
    ...registry.created_keys.map((each) => ({ ...none, change: 'created' as const, key: each.key })),
    ...registry.created_values.map((each) => ({
      ...none,
      change: 'created' as const,
      key: each.key,
      value: named(each),
      data: `${each.type} ${each.data}`,
    })),
    ...registry.modified_keys.map((each) => ({
      ...none,
      t: time(each.mtime),
      change: 'modified' as const,
      key: each.key,
      data: each.changes.join(', '),
    })),
    ...registry.modified_values.map((each) => ({
      ...none,
      change: 'modified' as const,
      key: each.key,
      value: named(each),
      data: `${each.type} ${each.data}`,
      original: `${each.original_type} ${each.original_data}`,
    })),
    ...registry.deleted_keys.map((each) => ({ ...none, change: 'deleted' as const, key: each.key })),
    ...registry.deleted_values.map((each) => ({
      ...none,
      change: 'deleted' as const,
      key: each.key,
      value: named(each),
      original: `${each.original_type} ${each.original_data}`,
    })),
  ]
}
