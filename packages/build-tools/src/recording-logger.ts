interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly facts: Record<string, unknown>
  readonly message: string
}

/** A logger that keeps what it is told; it has the shape of event-store's, which stands above this package. */
export class RecordingLogger {
  readonly lines: LogLine[] = []
  debug = this.writer('debug')
  info = this.writer('info')
  warn = this.writer('warn')
  error = this.writer('error')

  at(level: LogLine['level']): readonly LogLine[] {
    return this.lines.filter((line) => line.level === level)
  }

  private writer(level: LogLine['level']) {
    return (facts: object, message: string) => {
      this.lines.push({ level, facts: facts as Record<string, unknown>, message })
    }
  }
}
