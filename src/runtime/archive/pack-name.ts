/** What the archive of a path calls it: its last name; `.` for a directory's content (`x/.`) and for the root. */
export function packName(path: string): string {
  const names = path.split('/').filter(name => name !== '');
  return names.at(-1) ?? '.';
}
