export * from './checkpoint/index.ts'
export * from './encoding/index.ts'
export * from './merkle/index.ts'
export * from './record/index.ts'
