/** @throws StoreNotRunningError unless the store has been started */
export type Ready = (operation: string) => void
