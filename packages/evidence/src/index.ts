export { EvidenceError, type EvidenceErrorCode } from './common/evidence-error.ts'
export { type EvidenceKind, isStockKind, kindFacts, type StockKind, stockKinds } from './manifest/kinds.ts'
export { kindSchema } from './manifest/kind-schema.ts'
export { type ManifestFile, manifestFileSchema } from './manifest/manifest-file.ts'
export {
  EVIDENCE_FORMAT,
  EVIDENCE_VERSION,
  type Manifest,
  manifestSchema,
} from './manifest/manifest.ts'
export { manifestName } from './manifest/manifest-name.ts'
export { parseManifest } from './manifest/parse-manifest.ts'
