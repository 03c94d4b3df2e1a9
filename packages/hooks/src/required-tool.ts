export { requireTool } from '@see/core'
