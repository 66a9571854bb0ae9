/** The bank's own `Application`, as what it has injected: read models are read through it. It is made after its services, and bound then. */
export const BANK = Symbol('bank')
