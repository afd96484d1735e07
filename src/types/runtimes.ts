import type { Configuration } from './config.ts';
import { type Framework, type Optimizer, type Place, ROUTES, type Route, type RuntimeName } from './engines.ts';

/** The route of an optimizer, or why it has none. */
export function routeOf(framework: Framework, optimizer: Optimizer): Route | string {
  return ROUTES[framework][optimizer];
}

/** The route of an optimizer that a plan has found to have one. @throws Error where it has none */
export function plannedRoute(framework: Framework, optimizer: Optimizer): Route {
  const route = routeOf(framework, optimizer);
  if (typeof route === 'string') throw new Error(`${framework} × ${optimizer}: ${route}`);
  return route;
}

/**
 * Whether the runtime that serves a route cannot load the unconverted model, and so is told what that one answers, which
 * the framework's own converter writes.
 */
export function needsOutputs(framework: Framework, route: Route): boolean {
  return route.steps.length > 0 && route.serves !== framework;
}

/** What has to convert before a route's model is measured. */
export function convertersOf(framework: Framework, route: Route): readonly Place[] {
  return needsOutputs(framework, route)
    ? [...route.steps, { runtime: framework, made: 'anywhere', light: true }]
    : route.steps;
}

/**
 * Every piece of code that a configuration's figures depend on, in turn: what serves it and what converts for it.
 * @param serving names the code that serves
 * @param converting names a converter's
 */
export function codeOf(
  framework: Framework,
  config: Omit<Configuration, 'batch'>,
  serving: (runtime: RuntimeName) => string,
  converting: (step: Place) => string,
): readonly string[] {
  const route = plannedRoute(framework, config.optimizer);
  return [...new Set([serving(route.serves), ...route.steps.map(converting)])];
}
