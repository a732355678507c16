/** How requests are checked against their schemas: texts of a URL become what they say, members of JSON have types. */
import ajvCompiler from '@fastify/ajv-compiler'

type Build = ajvCompiler.BuildCompilerFromPool

/** `{"q": 5}` is a mistake that would be hidden, and `?limit=5` has no other way to say a number. */
export const buildValidator: Build = (schemas, options) => {
  const build = ajvCompiler()
  const fromTexts = build(schemas, options)
  const typed = { ...options, customOptions: { ...options?.customOptions, coerceTypes: false } }
  const asTyped = build(schemas, typed as typeof options) // Ajv's options and not those of JTD, which Fastify is not asked for
  // What the types call a schema is one with the part of the request that it is of.
  return (part) =>
    (part as { readonly httpPart?: string }).httpPart === 'body' ? asTyped(part) : fromTexts(part)
}
