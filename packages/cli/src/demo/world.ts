/**
 * Who and what there is in the shop: invented people at example domains (RFC 2606), addresses that are kept for
 * documentation (RFC 5737), and five services.
 */
import type { Chance } from './chance.ts'

export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly roles: readonly string[]
  readonly country: string
  readonly ip: string
  readonly userAgent: string
  /** Where a seller's money goes; undefined: sells nothing. */
  readonly iban: string | undefined
}

export interface World {
  readonly customers: readonly Person[]
  readonly sellers: readonly Person[]
  readonly support: readonly Person[]
  readonly admin: Person
  /** Whose account is taken over. */
  readonly victim: Person
}

export type ServiceName = 'gateway' | 'auth' | 'user' | 'payment' | 'order'

export const SERVICE_VERSIONS: Readonly<Record<ServiceName, string>> = {
  gateway: '3.14.0',
  auth: '2.8.1',
  user: '5.0.2',
  payment: '4.6.0',
  order: '7.1.3',
}

const GIVEN = 'Ada Bruno Carla Deniz Elif Farid Greta Hugo Ines Jonas Keiko Lars Mina Noor Omar Pia'.split(
  ' ',
)
const FAMILY =
  'Aydin Berg Costa Dubois Eriksen Fischer Garcia Haddad Ito Jansen Kaya Lopez Moreau Novak'.split(' ')
const DOMAINS = ['example.com', 'example.org', 'example.net']
const COUNTRIES = ['DE', 'DE', 'DE', 'FR', 'ES', 'NL', 'TR', 'SE']
const USER_AGENTS = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
]

export function makeWorld(chance: Chance): World {
  const customer = (_: unknown, i: number): Person => {
    const [given, family] = [chance.pick(GIVEN), chance.pick(FAMILY)]
    return {
      id: `u-${1001 + i}`,
      name: `${given} ${family}`,
      email: `${given}.${family}${i}@${chance.pick(DOMAINS)}`.toLowerCase(),
      roles: ['buyer'],
      country: chance.pick(COUNTRIES),
      ip: `198.51.100.${chance.between(2, 250)}`,
      userAgent: chance.pick(USER_AGENTS),
      iban: undefined,
    }
  }
  const seller = (_: unknown, i: number): Person => ({
    ...customer(_, 300 + i),
    id: `s-${301 + i}`,
    roles: ['seller'],
    iban: ibanOf(chance),
  })
  const sellers = Array.from({ length: 8 }, seller)
  return {
    customers: Array.from({ length: 60 }, customer),
    sellers,
    support: [
      staff('e-11', 'Paula Stein', ['support'], '192.0.2.21'),
      staff('e-12', 'Tom Okafor', ['support'], '192.0.2.22'),
      staff('e-13', 'Rosa Lind', ['support', 'refunds'], '192.0.2.23'),
    ],
    admin: staff('e-1', 'Anna Keller', ['admin'], '192.0.2.10'),
    victim: staff('e-14', 'Marta Vogel', ['support', 'refunds'], '192.0.2.24'),
  }
}

function staff(id: string, name: string, roles: readonly string[], ip: string): Person {
  return {
    id,
    name,
    email: `${name.toLowerCase().replace(' ', '.')}@shop.example`,
    roles,
    country: 'DE',
    ip,
    userAgent: USER_AGENTS[1]!,
    iban: undefined,
  }
}

/** With valid check digits (ISO 13616), at a bank code that no bank has. */
export function ibanOf(chance: Chance): string {
  const account = `99999999${String(chance.between(0, 9_999_999_999)).padStart(10, '0')}`
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${String(check).padStart(2, '0')}${account}`
}
