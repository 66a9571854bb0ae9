// The first step of `npm start`, before anything is installed: what follows would fail on it, and not say why.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Writ needs Node.js 20.19 or newer, and this is ${process.version}. Nothing was installed; run it with a newer one.`,
  )
  process.exitCode = 1
}
