/** Whether a function is one whose answer nobody gets at once, as far as that shows before it is called. */
export function isAsync(one: unknown): boolean {
  return Object.prototype.toString.call(one) === '[object AsyncFunction]'
}
