/** Options once they are resolved: all there, none undefined. */
export type Given<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> }
