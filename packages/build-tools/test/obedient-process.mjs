// A process that does what it is told: `{ print }`, `{ complain }`, `{ send }`, `{ exit }`. It counts on all the time, and says `ready` first.
process.on('message', ({ print, complain, send, exit }) => {
  if (print !== undefined) process.stdout.write(print)
  if (complain !== undefined) process.stderr.write(complain)
  if (send !== undefined) process.send(send)
  if (exit !== undefined) process.exit(exit)
})
process.on('disconnect', () => process.exit())
let count = 0
setInterval(() => process.send({ count: ++count }), 1)
process.send({ ready: process.argv.slice(2), failpoints: process.env.WRIT_FAILPOINTS, home: process.env.HOME })
