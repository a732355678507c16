import { expect, test } from 'vitest'
import { alternativesOf } from './client-certificates.ts'

test.each<[string, readonly string[]]>([
  ['', []],
  ['DNS:Till.Example.com', ['DNS:till.example.com']],
  ['DNS:a, URI:spiffe://b/c, IP Address:127.0.0.1', ['DNS:a', 'URI:spiffe://b/c']],
  ['email:a@b.example, DNS:x', ['DNS:x']],
  // What a name is that was made to look like two, OpenSSL's text says with quotes.
  ['DNS:"evil.example, DNS:good.example"', []],
  ['URI:"spiffe://a, URI:spiffe://boss", DNS:till', ['DNS:till']],
  ['DNS:"a\\", DNS:b"', []],
])('names of a certificate: %s', (text, names) => {
  expect(alternativesOf(text)).toEqual(names)
})
