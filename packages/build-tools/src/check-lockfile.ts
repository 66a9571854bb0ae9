/**
 * Finds the lines of a lockfile that name a host: it would tie every install to the registry or mirror that wrote it.
 *
 * @returns numbers of lines, from 1.
 */
export function linesWithHost(lockfile: string): number[] {
  return lockfile.split('\n').flatMap((line, index) => (/https?:\/\/|\btarball:/.test(line) ? [index + 1] : []))
}
