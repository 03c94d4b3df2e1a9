import type { SeeContext } from '@see/core'
import { Announcer } from './announcer.ts'
import { ClaimedNames } from './claimed-names.ts'
import { EvidenceBudget } from './evidence-budget.ts'
import { HashQueue } from './hash-queue.ts'
import { ManifestWriter } from './manifest-writer.ts'

const records = new WeakMap<SeeContext, Map<string, FolderRecord>>()

/** What the hooks of one environment share of a results folder: names, the manifest, and files being hashed. */
export interface FolderRecord {
  readonly names: ClaimedNames
  readonly manifest: ManifestWriter
  readonly hashes: HashQueue
  readonly announcer: Announcer
  readonly budget: EvidenceBudget
}

const budgets = new WeakMap<SeeContext, EvidenceBudget>()

/** One for all folders of an environment. */
function budgetOf(context: SeeContext): EvidenceBudget {
  const budget = budgets.get(context) ?? new EvidenceBudget(context)
  budgets.set(context, budget)
  return budget
}

/** The record of an environment's files in a folder; its manifest is completed once every hook is cleaned up. */
export function folderRecord(context: SeeContext, folder: string): FolderRecord {
  const ofContext = records.get(context) ?? new Map<string, FolderRecord>()
  records.set(context, ofContext)
  const known = ofContext.get(folder)
  if (known !== undefined) return known
  const record = {
    names: new ClaimedNames(folder, context.identifier),
    manifest: new ManifestWriter(folder, context),
    hashes: new HashQueue(),
    announcer: new Announcer(context),
    budget: budgetOf(context),
  }
  ofContext.set(folder, record)
  context.afterHooks(`the manifest ${record.manifest.path}`, async () => {
    await record.hashes.end()
    await record.manifest.end()
  })
  return record
}
