/** Why the bank can't start, in words for whoever starts it; nothing else about it needs to be known. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
