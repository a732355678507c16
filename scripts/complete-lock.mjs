/**
 * Adds to package-lock.json the optional packages of other platforms that `npm install` left out: it leaves
 * out what the registry in use does not carry, and `npm ci` then refuses the lock. Run it after `npm install`.
 *
 *     node scripts/complete-lock.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs'

const SYSTEMS = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'openharmony']
const PROCESSORS = ['x64', 'arm64', 'ia32', 'arm', 'riscv64', 's390x', 'ppc64']

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const { packages } = lock
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages))
  for (const [name, version] of Object.entries(optionalDependencies))
    if (!isLocked(path, name)) packages[`node_modules/${name}`] = entryOf(name, version, dev)

const sorted = Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(
  'package-lock.json',
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
)

/** Looks where Node would: beside the package, then in each folder above. */
function isLocked(path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

/** System, processor and C library stand in the names of such packages. */
function entryOf(name, version, dev) {
  const words = name.split(/[-/@]/)
  const cpu = PROCESSORS.filter((processor) => words.includes(processor))
  const os = SYSTEMS.filter((system) => words.includes(system))
  const libc = name.includes('musl') ? ['musl'] : /gnu(eabihf)?$/.test(name) ? ['glibc'] : []
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  }
}
