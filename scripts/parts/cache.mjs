// Where parts are kept between runs, outside the clone: `$XDG_CACHE_HOME/ayci-test`, else `~/.cache/ayci-test`.
import { homedir } from 'node:os';
import { join } from 'node:path';

export function cacheFolder(...names) {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ayci-test', ...names);
}
