// A release without publishing: versions are raised and the packages packed in a copy of the working tree.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../lib/run.mjs'
import { pnpm, root, tools } from '../lib/tools.mjs'

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Resolves to name and file of each package's tarball. */
export async function tryRelease(copy) {
  await copyWorkingTree(copy)
  const folders = readdirSync(join(copy, 'packages'))
  const manifests = () => folders.map((folder) => readJson(join(copy, 'packages', folder, 'package.json')))
  const before = manifests()
  addChangeset(
    copy,
    before.map(({ name }) => name),
  )

  await must([...tools.changeset, 'version'], { cwd: copy })
  const after = manifests()
  for (const [index, { name, version }] of after.entries()) {
    assert.notEqual(version, before[index].version, `${name} still has version ${version}`)
    assert.equal(version, after[0].version, `${name} has another version than ${after[0].name}`)
    const changelog = join(copy, 'packages', folders[index], 'CHANGELOG.md')
    assert.ok(readFileSync(changelog, 'utf8').includes(`## ${version}`), `${changelog} lacks ${version}`)
  }

  const out = join(copy, 'tarballs')
  await must([...pnpm, '--recursive', '--filter', './packages/*', 'pack', '--pack-destination', out], {
    cwd: copy,
  })
  return Promise.all(
    after.map(async ({ name, version }) => {
      const file = join(out, `${name.slice(1).replace('/', '-')}-${version}.tgz`)
      await checkTarball(file, version)
      return { name, file }
    }),
  )
}

/** What git knows or would add, the build, and the installed tools. */
async function copyWorkingTree(copy) {
  const listed = await must(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
  const dists = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'dist'))
  for (const path of [...listed.split('\0').filter(Boolean), ...dists]) {
    const from = join(root, path)
    // A file that was deleted but not yet staged is still listed.
    if (existsSync(from)) cpSync(from, join(copy, path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

/** Right after a release there is no changeset; the next one is tried all the same. */
function addChangeset(copy, names) {
  const dir = join(copy, '.changeset')
  if (readdirSync(dir).some((name) => name.endsWith('.md') && name !== 'README.md')) return
  mkdirSync(dir, { recursive: true })
  writeFileSync(
    join(dir, 'trial.md'),
    `---\n${names.map((name) => `'${name}': patch`).join('\n')}\n---\n\nTry a release.\n`,
  )
}

async function checkTarball(file, version) {
  const files = (await must(['tar', '-tzf', file])).trim().split('\n')
  const stray = files.filter((name) => /\.test|test-d|\.tsbuildinfo|\/src\//.test(name))
  assert.deepEqual(stray, [], `${file} has files that no user needs`)
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md']) {
    assert.ok(files.includes(`package/${name}`), `${file} lacks ${name}`)
  }

  const text = await must(['tar', '-xzOf', file, 'package/package.json'])
  for (const word of ['workspace:', 'catalog:', '@sluice/source']) {
    assert.ok(!text.includes(word), `${file}: package.json still has ${word}`)
  }
  for (const [name, range] of Object.entries(JSON.parse(text).dependencies ?? {})) {
    if (name.startsWith('@sluice/')) assert.equal(range, version, `${file} wants another version of ${name}`)
  }
}
