import {randomInt} from 'node:crypto';

const left =
  'amber brave brisk calm clever cosmic eager fleet gentle golden happy honest humble jolly keen kind lively lucid lunar mellow merry nimble noble placid quick quiet rapid sharp silent steady swift tidy vivid warm wise witty'.split(
    ' ',
  );
/** People of networking. */
const right =
  'abramson baran berners-lee boggs bradner cerf clark cohen crocker davies deering estrin feinler floyd jacobson kahn karels kleinrock lamarr licklider lynch metcalfe mockapetris moss nagle partridge perlman postel pouzin rekhter roberts stevens tomlinson torvalds varghese wing'.split(
    ' ',
  );

/** A name like `swift_perlman` that `taken` does not know. */
export function makeName(taken: (name: string) => boolean): string {
  for (;;) {
    const name = `${left[randomInt(left.length)]}_${right[randomInt(right.length)]?.replace('-', '_')}`;
    if (!taken(name)) return name;
    const numbered = `${name}${randomInt(10_000)}`;
    if (!taken(numbered)) return numbered;
  }
}
