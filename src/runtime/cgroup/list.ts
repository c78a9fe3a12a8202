/** More than any kernel has; keeps `0-4000000000` from becoming an array. */
const maxMember = 8191;

/** The kernel's list format (cpuset(7)): `0-2,5` → 0, 1, 2, 5. Null for what is none. */
export function parseList(text: string): number[] | null {
  const members: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (match === null || last < first || last > maxMember) return null;
    for (let member = first; member <= last; member++) members.push(member);
  }
  return members;
}
