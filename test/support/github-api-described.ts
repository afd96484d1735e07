import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { makeFolder } from './folder.ts';
import { commentsPage, type Graphql, type GithubApi, startGithubApi } from './github-api.ts';
