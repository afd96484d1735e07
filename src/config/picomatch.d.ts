/** The part in use; the package has no types of its own. */
declare module 'picomatch' {
  interface Options {
    readonly dot?: boolean;
    readonly noextglob?: boolean;
    readonly nonegate?: boolean;
  }
  export default function picomatch(glob: string, options?: Options): (path: string) => boolean;
}
