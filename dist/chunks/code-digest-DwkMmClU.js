import{createHash as e}from"node:crypto";function t(t){let[n,...r]=t;return n!==void 0&&r.length===0?n:`sha256:${e(`sha256`).update(t.join(`
`)).digest(`hex`)}`}export{t};