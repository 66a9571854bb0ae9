import { spawnSync } from 'node:child_process'

export const nobody = { uid: 65_534, gid: 65_534 }

const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
const readThis = ['-e', 'require("node:fs").readFileSync(process.argv[1])', __filename]
const nobodyCanReadThis = isRoot && spawnSync(process.execPath, readThis, nobody).status === 0

/** A test of what happens as root. Only root can become another user. */
export const asRoot = isRoot ? it : it.skip
/** A test that runs this package's code as another user, who may not be able to read the checkout. */
export const asNobody = nobodyCanReadThis ? it : it.skip
