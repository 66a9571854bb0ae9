import type { Instance } from './instance.js'

/** The instances in memory, those used last; to lose one costs a read of its journal's last entry. */
export class Instances {
  private readonly byId = new Map<string, Instance>()

  constructor(private readonly most: number) {}

  get(id: string): Instance | undefined {
    const instance = this.byId.get(id)
    if (instance) {
      this.byId.delete(id)
      this.byId.set(id, instance)
    }
    return instance
  }

  put(instance: Instance): void {
    this.byId.delete(instance.id)
    this.byId.set(instance.id, instance)
    if (this.byId.size <= this.most) return
    const [oldest] = this.byId.keys()
    if (oldest !== undefined) this.byId.delete(oldest)
  }

  drop(id: string): void {
    this.byId.delete(id)
  }
}
