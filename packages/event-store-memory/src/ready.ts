/**
 * Awaited by every operation before it does anything: rejects unless the store runs.
 *
 * It also sees to it that nothing takes effect within the call itself: callers may not come to rely on what no database does.
 *
 * @throws StoreNotRunningError
 */
export type Ready = (operation: string) => Promise<void>
