const MOST_NESTED = 20;

function quoted(pattern: string): string {
  return `(?:'${pattern}'|"${pattern}")`;
}

const VERSION = '[0-9]+(?:\\.[0-9]+)*';
const OF_PYTHON =
  '(?:python_full_version|python_version)[ \\t]*' +
  `(?:(?:<=|>=|<|>|==|!=)[ \\t]*${quoted(VERSION)}|(?:==|!=)[ \\t]*${quoted(`${VERSION}\\.\\*`)})`;
const OF_PLATFORM =
  '(?:os_name|sys_platform|platform_machine|platform_python_implementation|platform_system' +
  '|implementation_name)(?:[ \\t]*(?:==|!=)[ \\t]*|[ \\t]+(?:not[ \\t]+)?in[ \\t]+)' +
  quoted('[A-Za-z0-9._ -]*');
const PART = `(?:\\([ \\t]*)*(?:${OF_PYTHON}|${OF_PLATFORM})(?:[ \\t]*\\))*`;
const MARKER = new RegExp(`^${PART}(?:[ \\t]+(?:and|or)[ \\t]+${PART})*$`);

/**
 * Whether a text is an environment marker (PEP 508) that runtimes/own_requirements/markers.py can decide too: one test
 * feeds both.
 */
export function isMarker(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0;
    if (depth < 0 || depth > MOST_NESTED) return false;
  }
  return depth === 0 && MARKER.test(text);
}
