import { existsSync } from 'node:fs'

/** Where the tests find a browser: `CHROMIUM`, or where distributions put it; undefined where there is none. */
export const chromiumPath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && existsSync(path))

/** What a test's name says where there is none. */
export const whyNoBrowser = 'skipped: no Chromium on this machine; install it, or name it in CHROMIUM'
